"""Lets a click reach Python while a cell runs.

JupyterLab sends what a widget says to a subshell of the kernel, a thread that is free while the
main one runs a cell. ipykernel 7.4 sends it on to whichever shell last published on the comm,
which for a widget made in a cell is the main one; then a click waits until the cell ends.
"""

from __future__ import annotations

from typing import Any


def answer_where_asked(comm: Any) -> None:
    """Have the comm's messages handled on the shell that the front end sent them to.

    Does nothing where the kernel has no such rerouting: ipykernel 6 has no subshells, 7.0 to 7.3
    do it so by themselves.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _as_sent


def _as_sent(_data: object, default: str | None) -> str | None:
    return default
