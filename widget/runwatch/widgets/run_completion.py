"""Completes run ids where code asks for one, and experiments where a magic does."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from IPython.core.completer import SimpleCompletion, context_matcher

from runwatch.core.experiment import Experiment
from runwatch.core.workspace import Workspace
from runwatch.widgets.here import workspace_here

MOST = 50
_MOST_TEXT = 400
_RUN_ID = re.compile(
    r"""
    (?: \b(?:Run|ScriptRun|Run\.get|get_run) \(\s* (?P<owner>[^,"']+?) \s*,\s*
    | (?P<receiver>\w+)? \s*\.get_run\(\s* )
    (?: run_id\s*=\s* )?
    ["'] (?P<begun>[\w.-]*) \Z
    """,
    re.VERBOSE,
)
_EXPERIMENT = re.compile(
    r"^(?:\s*%runs\s+|%%(?:run_script|track)\b.*\s--experiment[\s=])(?P<begun>[\w-]*)\Z",
    re.MULTILINE,
)
_log = logging.getLogger("runwatch")


def matcher(shell: Any) -> Callable[[Any], dict[str, Any]]:
    """Return what IPython asks for completions, to be put among its custom matchers."""

    def complete(context: Any) -> dict[str, Any]:
        lines = context.full_text.split("\n")[: context.cursor_line]
        before = "\n".join([*lines, context.text_until_cursor])[-_MOST_TEXT:]
        begun, found, kind = "", [], ""
        try:
            if asked := _RUN_ID.search(before):
                begun, kind = asked["begun"], "run id"
                found = _run_ids(asked["owner"] or asked["receiver"], begun, shell.user_ns)
            elif asked := _EXPERIMENT.search(before):
                begun, kind = asked["begun"], "experiment"
                found = _experiments(begun)
        except Exception:  # noqa: BLE001 a completion is never worth an error
            _log.debug("Nothing is completed, because of an error.", exc_info=True)
        return {
            "completions": [SimpleCompletion(text=text, type=kind) for text in found],
            "matched_fragment": begun,
            "ordered": True,
            "suppress": bool(found),
        }

    marked: Callable[[Any], dict[str, Any]] = context_matcher(identifier="runwatch")(complete)
    return marked


def _run_ids(owner: str | None, begun: str, namespace: dict[str, Any]) -> list[str]:
    """Return the ids that go on so, newest first; nothing is made where there is no workspace.

    Parameters
    ----------
    owner
        The name of the experiment or workspace in the code, if it is a name.
    """
    known = namespace.get(owner) if owner else None
    workspace = known.workspace if isinstance(known, Experiment) else known
    if not isinstance(workspace, Workspace):
        workspace = workspace_here()
    if workspace is None or not workspace._record.paths.database.is_file():
        return []
    from runwatch.store import runs
    from runwatch.store.schema import runs as table

    conditions = [table.c.run_id.startswith(begun, autoescape=True)]
    if isinstance(known, Experiment):
        conditions.append(table.c.experiment == known._row.key)
    if not begun:  # the children of one sweep would be all that is offered
        conditions.append(table.c.parent.is_(None))
    with workspace._record.database.read() as connection:
        rows = runs.where(connection, *conditions, newest_first=True, limit=MOST)
    return [row.run_id for row in rows]


def _experiments(begun: str) -> list[str]:
    workspace = workspace_here()
    names = [] if workspace is None else reversed(workspace.experiments)
    return [name for name in names if name.startswith(begun)][:MOST]
