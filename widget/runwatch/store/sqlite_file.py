"""The SQLite file itself: how it is connected to, also where nothing may be written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

BUSY_TIMEOUT_S = 60
REST = 20
"""A copy is made anew when the files have changed, but not before so many times as long as making
the last one took."""
_TRIES = 3

_Known = tuple[int, ...]


def identity(file: Path) -> tuple[int, int] | None:
    """Return what tells a file from one that has come in its place; None if it is gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def workspace_id(file: Path) -> str | None:
    """Return the id of the workspace that is kept in a file, and change nothing; None if none is.

    What is there may be older or newer than this runwatch, or no database at all.
    """
    reading = Reading(file) if is_read_only(file) else None
    try:
        connection = reading.connect() if reading else _connect(f"{file.as_uri()}?mode=ro")
        try:
            row = connection.execute("SELECT value FROM workspace WHERE key = 'id'").fetchone()
        finally:
            connection.close()
    except (sqlite3.Error, OSError):
        return None
    finally:
        if reading:
            reading.begin_anew()
    return str(row[0]) if row else None


def is_read_only(file: Path) -> bool:
    """Return whether the file is there and this process may not write to it or beside it."""
    return file.exists() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def connect(file: Path) -> sqlite3.Connection:
    """Connect to a file that may be written to, and make none if it is gone."""
    return _connect(f"{file.as_uri()}?mode=rw")


class Reading:
    """Reads a database that may not be written to, while others may write to it.

    To read one in WAL mode, SQLite needs two files beside it, which its writers make. Where they
    are missing, SQLite is told that the file never changes, or, if there is a log, a copy is read.
    Both show what was there when they were connected to, so they are good until a file changes.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(file.name + "-wal")
        self._index = file.with_name(file.name + "-shm")
        self._lock = threading.Lock()
        self._frozen: str | None = None
        """The address of what shows one moment; None while SQLite sees all changes itself."""
        self._moment: tuple[_Known, ...] = ()
        self._remove_copy: weakref.finalize[..., Reading] | None = None
        self._look_again = 0.0
        self.times_begun_anew = 0

    def connect(self) -> sqlite3.Connection:
        """Connect to what shows the newest that can be read.

        Raises
        ------
        sqlite3.OperationalError
            A copy is needed, and can't be made.
        """
        with self._lock:
            return self._live() or _connect(self._frozen or self._freeze())

    def _live(self) -> sqlite3.Connection | None:
        """Connect to the files as they are, if that can be, with nothing frozen."""
        # Not without the two files: SQLite might be able to make them, and its writers could
        # not use them then.
        if self._frozen is None and self._log.exists() and self._index.exists():
            with suppress(sqlite3.OperationalError):  # the last writer takes them with him
                return _checked(f"{self._file.as_uri()}?mode=ro")
        return None

    def is_outdated(self) -> bool:
        """Return whether what is connected to no longer shows what is in the files."""
        return (
            self._frozen is not None
            and time.monotonic() >= self._look_again
            and self._moment != self._now()
        )

    def failed_by_change(self, error: Exception) -> bool:
        """Return whether reading has failed because a file has changed, or was taken away."""
        return self.is_outdated() or "attempt to write a readonly database" in str(error)

    def begin_anew(self) -> None:
        """Have the next connections show what is there then; for those that are open it is over."""
        with self._lock:
            self._let_go()
            self.times_begun_anew += 1

    def forget(self) -> None:
        """After a fork: the copy is the parent's."""
        self._lock = threading.Lock()
        if self._remove_copy is not None:
            self._remove_copy.detach()
        self._let_go()

    def _let_go(self) -> None:
        if self._remove_copy is not None:
            self._remove_copy()
        self._frozen = self._remove_copy = None

    def _freeze(self) -> str:
        """Choose what to read of a file that SQLite can't share, and return its address."""
        for more_tries in reversed(range(_TRIES)):
            self._moment = self._now()
            try:
                if _size(self._log) == 0:
                    self._frozen = f"{self._file.as_uri()}?mode=ro&immutable=1"
                else:
                    self._frozen = f"{self._copy().as_uri()}?mode=rw"
                break
            except OSError as error:
                self._let_go()
                if not (isinstance(error, FileNotFoundError) and more_tries):
                    raise sqlite3.OperationalError(
                        f"unable to read or copy it ({error})"
                    ) from error
        assert self._frozen is not None
        return self._frozen

    def _copy(self) -> Path:
        begun = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="runwatch-"))
        self._remove_copy = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        copy = folder / self._file.name
        for _ in range(_TRIES):
            self._moment = self._now()
            shutil.copyfile(self._file, copy)
            shutil.copyfile(self._log, copy.with_name(self._log.name))
            if self._moment == self._now():
                break  # else it is of two moments
        now = time.monotonic()
        self._look_again = now + REST * (now - begun)
        return copy

    def _now(self) -> tuple[_Known, ...]:
        """Return what tells whether a file has changed, and whether SQLite could look itself."""
        return _known(self._file), _known(self._log), identity(self._index) or ()


def _known(file: Path) -> _Known:
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        # The sqlite3 module's own BEGIN comes late; ours is in `runwatch.store.database`.
        isolation_level=None,
        check_same_thread=False,
    )


def _checked(uri: str) -> sqlite3.Connection:
    """Connect, and see that the file can be read so."""
    connection = _connect(uri)
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    return connection
