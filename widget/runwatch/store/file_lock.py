"""Advisory locks on files: the kernel lets go of them when their holder dies."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runwatch.store import rights


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`, waiting for it as long as it takes."""
    descriptor = rights.open_file(path, os.O_RDWR, for_writers=True)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively if nobody holds it; return whether that succeeded."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock on `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that several who look at once do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Turns:
    """Has the threads of all processes take turns, in the order in which they came.

    SQLite's own way of waiting for its lock is to look again after ever longer pauses: with many
    writers, who has waited long goes on waiting. The kernel has those who wait for a file's lock
    stand in a line, and wakes the first.

    Parameters
    ----------
    path
        The file to lock.
    timeout_s
        After how many seconds `TimeoutError` is raised.
    """

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        # The same thread can come in again: a signal's handler may write to the record.
        self._threads = threading.RLock()
        # One for all turns: should an interrupt come between taking a lock and noting that it
        # is held, the next turn of this process takes it as its own, and lets go of it.
        self._descriptor = -1

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, and have it until the end of the block."""
        with self._threads:
            if self._descriptor < 0:
                self._descriptor = rights.open_file(self._path, os.O_RDWR, for_writers=True)
            try:
                if not try_lock(self._descriptor):
                    self._wait()
                yield
            finally:
                if self._descriptor >= 0:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _wait(self) -> None:
        waiting = _Waiting(self._descriptor)
        try:
            if not waiting.done.wait(self._timeout_s):
                raise TimeoutError
        except BaseException:  # a KeyboardInterrupt, say
            self._descriptor = -1
            waiting.give_up()
            raise

    def close(self) -> None:
        """Close the file; the next turn opens it."""
        with self._threads:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def begin_anew(self) -> None:
        """After a fork: the file's lock is shared with the parent, a thread's turn is not."""
        self._threads = threading.RLock()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _Waiting:
    """A thread that waits for a lock, so that the one that wants it can give up."""

    def __init__(self, descriptor: int) -> None:
        self.done = threading.Event()
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._given_up = False
        threading.Thread(target=self._take, name="runwatch-lock", daemon=True).start()

    def _take(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._lock:
            if self._given_up:
                os.close(self._descriptor)
            self.done.set()

    def give_up(self) -> None:
        """Have the file closed, now or when the lock is had."""
        with self._lock:
            self._given_up = True
            if self.done.is_set():
                os.close(self._descriptor)
