"""The SQLite file itself: how it is connected to, also where nothing may be written."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

BUSY_TIMEOUT_S = 60


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
    try:
        readable = _readable(file) if is_read_only(file) else f"{file.as_uri()}?mode=ro"
        connection = _connect(readable)
        try:
            row = connection.execute("SELECT value FROM workspace WHERE key = 'id'").fetchone()
        finally:
            connection.close()
    except (sqlite3.Error, OSError):
        return None
    return str(row[0]) if row else None


def is_read_only(file: Path) -> bool:
    """Return whether the file is there and this process may not write to it or beside it."""
    return file.exists() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def connector(file: Path, *, read_only: bool) -> Callable[[], sqlite3.Connection]:
    """Return a function that connects to the file, and makes none if it is gone."""
    if not read_only:
        return partial(_connect, f"{file.as_uri()}?mode=rw")
    return partial(_connect, _readable(file))


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        # The sqlite3 module's own BEGIN comes late; ours is in `runwatch.store.database`.
        isolation_level=None,
        check_same_thread=False,
    )


def _readable(file: Path) -> str:
    """Return the address by which a database that may not be written to can be read.

    To read one in WAL mode, SQLite wants to make two files beside it, unless they are there.
    """
    log = file.with_name(file.name + "-wal")
    if not log.exists() or log.stat().st_size == 0:
        return f"{file.as_uri()}?mode=ro&immutable=1"
    address = f"{file.as_uri()}?mode=ro"
    try:
        connection = _connect(address)
        try:
            connection.execute("SELECT 1 FROM sqlite_master")
        finally:
            connection.close()
    except sqlite3.OperationalError:
        folder = Path(tempfile.mkdtemp(prefix="runwatch-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        copy = folder / file.name
        shutil.copyfile(file, copy)
        shutil.copyfile(log, copy.with_name(log.name))
        return copy.as_uri()
    return address
