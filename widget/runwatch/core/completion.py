"""Waiting for a run's end, with or without its output."""

from __future__ import annotations

import atexit
import codecs
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runwatch.exceptions import ActivityFailedException, RunwatchException
from runwatch.store.status import TERMINAL, RunStatus

if TYPE_CHECKING:
    from runwatch.core.run_lifecycle import RunLifecycle

_R = TypeVar("_R", bound="RunLifecycle")
_log = logging.getLogger("runwatch")

LOOK_S = 0.05
meanwhile: list[Callable[[], None]] = []
"""What else is done at each look; filled from above, as this layer knows no notebook."""
_SETTLE_EVERY_S = 0.5
_waiting: dict[threading.Thread, RunLifecycle] = {}
"""The threads that wait for a run's end to call a function."""


def wait_until_ended(run: RunLifecycle, *, timeout_s: float | None = None) -> None:
    """Return when the run has ended, or the time is over."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    for _ in _looks(run):
        if deadline is not None and time.monotonic() > deadline:
            return


def have_called_at_end(run: _R, callback: Callable[[_R], object]) -> None:
    """Have a function called with the run, on a thread of its own, when the run has ended."""
    thread = threading.Thread(
        target=_call_at_end, args=(run, callback), name="runwatch-on-end", daemon=True
    )
    _waiting[thread] = run
    thread.start()


def _call_at_end(run: _R, callback: Callable[[_R], object]) -> None:
    try:
        if _saw_the_end(run):
            callback(run)
    except Exception:  # noqa: BLE001 whatever the caller's function raises
        _log.exception("What run.on_end() was given raised an exception for run %s.", run.id)
    finally:
        _waiting.pop(threading.current_thread(), None)


def _saw_the_end(run: RunLifecycle) -> bool:
    """Wait for the end, however often the record can't be read meanwhile, unless it is gone."""
    told = False
    while True:
        try:
            wait_until_ended(run)
            return True
        except RunwatchException as error:
            there = run._record.database.is_there()
            if not told or not there:
                go_on = "It is asked for again." if there else "on_end() calls nothing for it."
                _log.warning("Whether run %s has ended can't be read: %s %s", run.id, error, go_on)
            if not there:
                return False
            told = True
            time.sleep(_SETTLE_EVERY_S)


@atexit.register
def _call_what_is_due() -> None:
    """Let no process end before the functions were called whose runs have ended."""
    for thread, run in _waiting.copy().items():
        try:
            ended = run.get_status() in TERMINAL
        except RunwatchException:
            continue
        if ended:
            thread.join()


def _looks(run: RunLifecycle) -> Iterator[None]:
    """Yield now and then while the run is live."""
    database = run._record.database
    seen, settled = -1, 0.0
    while True:
        version, now = database.data_version(), time.monotonic()
        if version != seen or now - settled > _SETTLE_EVERY_S:
            if run.get_status() in TERMINAL:
                return
            seen, settled = version, now
        yield
        for act in meanwhile:
            act()
        time.sleep(LOOK_S)


def stream(run: RunLifecycle, log: Path, name: str) -> None:
    """Print the run's log as it comes, until the run has ended."""
    print(f"RunId: {run.id}\nWeb View: {run.get_portal_url()}\n")
    tail = _Tail(log, f"Streaming {name}\n{'=' * (len(name) + 10)}\n\n")
    for _ in _looks(run):
        tail.print_new()
    tail.print_new()
    print(f"\nExecution Summary\n=================\nRunId: {run.id}")
    print(f"Web View: {run.get_portal_url()}\n")


class _Tail:
    """Prints what a file has grown by."""

    def __init__(self, path: Path, heading: str) -> None:
        self._path = path
        self._heading = heading
        self._position = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def print_new(self) -> None:
        try:
            with open(self._path, "rb") as file:
                file.seek(self._position)
                new = file.read()
        except FileNotFoundError:
            return
        if new:
            self._position += len(new)
            sys.stdout.write(self._heading + self._decoder.decode(new))
            sys.stdout.flush()
            self._heading = ""


def result(run: RunLifecycle, *, raise_on_error: bool, show: bool) -> dict[str, Any]:
    """Return the details of a run that has ended, or raise its error."""
    details = run.get_details()
    if details["status"] != RunStatus.FAILED:
        return details
    error = details.get("error")
    if raise_on_error:
        if error is None:
            message = "Detailed error not set on the Run. Please check the logs for details."
        else:
            message = f"Activity Failed:\n{json.dumps(error, indent=4)}"
        raise ActivityFailedException(message)
    if show:
        print(f"\nError:\n{json.dumps(error, indent=4)}")
    return details
