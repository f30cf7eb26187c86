"""How a script's end is told: exit code, signal, and the tail of its traceback."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

_TAIL_BYTES = 64 * 1024
_TRACEBACK = "Traceback (most recent call last):"


def error_of_exit(exit_code: int, log: Path) -> dict[str, Any]:
    """Return the error of a script that ended with `exit_code`, negative for a signal."""
    if exit_code < 0:
        message = f"The script was ended by {_signal_name(-exit_code)}."
    else:
        message = f"The script ended with exit code {exit_code}."
    error: dict[str, Any] = {"code": "UserError", "exitCode": exit_code}
    traceback = last_traceback(log)
    if traceback is not None:
        error["debugInfo"] = {"stackTrace": traceback}
        message = traceback.rstrip().splitlines()[-1]
    error["message"] = message
    return error


def last_traceback(log: Path) -> str | None:
    """Return the last Python traceback in the tail of a log, if there is one."""
    try:
        with open(log, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None
    start = tail.rfind(_TRACEBACK)
    return None if start < 0 else tail[start:].rstrip()


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number == signal.SIGKILL:
        return f"{name} (killed; the system does this when memory runs out)"
    return name
