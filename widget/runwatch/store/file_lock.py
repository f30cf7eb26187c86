"""Advisory locks on files: the kernel lets go of them when their holder dies."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`, waiting for it as long as it takes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


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
        self._threads = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, and have it until the end of the block."""
        if not self._threads.acquire(timeout=self._timeout_s):
            raise TimeoutError
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not try_lock(descriptor):
                _Waiting(descriptor).wait(self._timeout_s)
            try:
                yield
            finally:
                os.close(descriptor)
        finally:
            self._threads.release()

    def begin_anew(self) -> None:
        """Forget a turn that a thread had when this process was forked off."""
        self._threads = threading.Lock()


class _Waiting:
    """A thread that waits for a lock, so that the one that wants it can give up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._given_up = False
        threading.Thread(target=self._take, name="runwatch-lock", daemon=True).start()

    def _take(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._lock:
            if self._given_up:
                os.close(self._descriptor)
            self._done.set()

    def wait(self, timeout_s: float) -> None:
        """Return when the lock is held; it is not when an exception is raised."""
        try:
            if self._done.wait(timeout_s):
                return
            raise TimeoutError
        except BaseException:  # a KeyboardInterrupt, say
            with self._lock:
                self._given_up = True
                if self._done.is_set():
                    os.close(self._descriptor)
            raise
