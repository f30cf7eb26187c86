"""Which widgets a cell shows, so that running it again lets go of them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runwatch.widgets.live_view import LiveView

_shown_by: weakref.WeakKeyDictionary[LiveView, set[str]] = weakref.WeakKeyDictionary()
_listening: weakref.WeakSet[Any] = weakref.WeakSet()


def shown(view: LiveView) -> None:
    """Remember that the running cell shows this widget."""
    shell = _shell()
    cell = None if shell is None else _running_cell(shell)
    if cell is None:
        return
    _shown_by.setdefault(view, set()).add(cell)
    if shell not in _listening:
        _listening.add(shell)
        shell.events.register("pre_run_cell", _before_cell)


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _running_cell(shell: Any) -> str | None:
    """Return the id that the front end gives the cell, where it gives one."""
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent is not None else {}
    cell = parent.get("metadata", {}).get("cellId")
    return cell if isinstance(cell, str) else None


def _before_cell(info: Any) -> None:
    """Close what only this cell has shown: its output is about to go.

    One that is shown again, because a variable holds it, opens a new comm then.
    """
    shell = _shell()
    cell = None if shell is None else _running_cell(shell)
    for view, cells in list(_shown_by.items()):
        if cells == {cell}:
            del _shown_by[view]
            view.close()
