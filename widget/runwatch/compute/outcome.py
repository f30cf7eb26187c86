"""How a script's end is told: exit code, signal, and the tail of its traceback."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_TAIL_BYTES = 64 * 1024
_UNCAUGHT = 1
"""What Python ends with when nobody has caught an exception."""
# Frames are indented; each line may have something before it, such as torchrun's "[rank0]: ".
_TRACEBACK = re.compile(
    r"  \+ Exception Group Traceback \(most recent call last\):\n"
    r"(?:  \|  [^\n]*\n)*  \| (?P<group>\S[^\n]*)(?:\n +[|+][^\n]*)*"
    r"|Traceback \(most recent call last\):\n"
    r"(?P<before>[^\n]*?)  File [^\n]*\n"
    r"(?:(?P=before)(?:[ \t][^\n]*)?\n)*"
    r"(?P=before)(?P<one>\S[^\n]*)"
)
# A script that is no Python at all ends so, without a traceback's first line.
_NO_PYTHON = re.compile(
    r'  File "[^\n]*", line \d+\n(?:    [^\n]*\n)*'
    r"(?P<one>(?:SyntaxError|IndentationError|TabError): [^\n]*)\s*\Z"
)
_JOINTS = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_IGNORED = ("Exception ignored ", "Exception in thread ")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


class _Told(NamedTuple):
    """An exception as a log tells it."""

    reason: str
    """Its type and the first line of its message."""
    text: str
    """The traceback, after those of its causes, and what the log has after it."""
    is_last: bool
    """Whether nothing comes after it."""


def error_of_exit(exit_code: int, log: Path) -> dict[str, Any]:
    """Return the error of a script that ended with `exit_code`, negative for a signal."""
    if exit_code < 0:
        message = f"The script was ended by {_signal_name(-exit_code)}."
    else:
        message = f"The script ended with exit code {exit_code}."
    error: dict[str, Any] = {"code": "UserError", "exitCode": exit_code}
    told = _last_exception(log)
    if told is not None and _is_why(exit_code, told):
        error["debugInfo"] = {"stackTrace": told.text}
        message = told.reason
    error["message"] = message
    return error


def _is_why(exit_code: int, told: _Told) -> bool:
    """Return whether a script ended for an exception: else it has gone on after that."""
    if exit_code == -signal.SIGINT:
        return told.reason.startswith("KeyboardInterrupt")
    return exit_code == _UNCAUGHT or (exit_code > 0 and told.is_last)


def _last_exception(log: Path) -> _Told | None:
    """Return the last exception in the tail of a log, if there is one."""
    try:
        with open(log, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None
    tail = _COLOURS.sub("", tail.replace("\r\n", "\n"))
    whole = [found for found in _TRACEBACK.finditer(tail) if not _is_ignored(found)]
    if not whole:
        refused = _NO_PYTHON.search(tail)
        return refused and _Told(refused["one"], refused[0].rstrip(), is_last=True)
    last = whole[-1]
    start = min(_with_causes(tail, whole))
    return _Told(
        reason=(last["one"] or last["group"]).rstrip(),
        text=tail[start:].rstrip(),
        is_last=not tail[last.end() :].strip(),
    )


def _is_ignored(found: re.Match[str]) -> bool:
    """Return whether it is of an exception that ends no script."""
    above = found.string[: found.start()].splitlines()
    return bool(above) and above[-1].startswith(_IGNORED)


def _with_causes(tail: str, whole: list[re.Match[str]]) -> Iterator[int]:
    """Yield where the last traceback begins, and where those of its causes do."""
    later = whole[-1]
    yield later.start()
    for earlier in reversed(whole[:-1]):
        if not any(joint in tail[earlier.end() : later.start()] for joint in _JOINTS):
            return
        yield earlier.start()
        later = earlier


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number == signal.SIGKILL:
        return f"{name} (killed; the system does this when memory runs out)"
    return name
