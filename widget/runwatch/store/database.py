"""Opens a workspace's database, upgrades it, and runs transactions in it."""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import QueuePool

from runwatch.exceptions import WorkspaceException
from runwatch.store import file_lock, rights, schema, sqlite_file
from runwatch.store.clock import now_us
from runwatch.store.paths import WorkspacePaths
from runwatch.version import __version__

_counted = schema.change_counter.c.value
_NEXT_CHANGE = update(schema.change_counter).values(value=_counted + 1).returning(_counted)


@dataclass(frozen=True)
class Transaction:
    """An open write transaction."""

    connection: Connection
    change: int
    """The number of this transaction; rows that it writes carry it."""


class Database:
    """One workspace's record.

    Parameters
    ----------
    paths
        The workspace folder; made, and its database created or upgraded, when that is due.

    Raises
    ------
    WorkspaceException
        The folder can't be used, or the database is damaged or newer than this runwatch.
    """

    def __init__(self, paths: WorkspacePaths) -> None:
        self.paths = paths
        self.read_only = sqlite_file.is_read_only(paths.database)
        """Whether this process may only read the record: nothing is shipped or settled then."""
        if not self.read_only:
            paths.create()
        self._turns = file_lock.Turns(paths.write_lock, timeout_s=sqlite_file.BUSY_TIMEOUT_S)
        self._version_lock = threading.Lock()
        self._version_connection: sqlite3.Connection | None = None
        with _errors_in_words(paths):
            self._reading = sqlite_file.Reading(paths.database) if self.read_only else None
            self._engine = _engine(self._connect, read_only=self.read_only)
            self._identity: tuple[int, int] | None = None
            self._open()
            self._identity = sqlite_file.identity(paths.database)
            facts = self.facts()
        self.workspace_id: str = facts["id"]
        _forget_connections_after_fork(self)

    def facts(self) -> dict[str, str]:
        """Return what the workspace knows about itself: id, created_us, written_by."""
        with self.read() as connection:
            rows = connection.execute(select(schema.workspace.c.key, schema.workspace.c.value))
            return {row.key: row.value for row in rows}

    def set_facts(self, **values: str) -> None:
        """Write what the workspace is to know about itself."""
        with self.write() as tx:
            for key, value in values.items():
                _set_fact(tx.connection, key, value)

    def become_another(self) -> None:
        """Give the workspace a new id: it was copied, and the old id means the original."""
        self.set_facts(id=uuid.uuid4().hex)
        self.workspace_id = self.facts()["id"]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state of the record."""
        with _errors_in_words(self.paths):
            self._check_still_there()
            self._see_what_is_new()
            try:
                with self._engine.connect() as connection:
                    yield connection
            except DatabaseError as error:
                if self._reading is None or not self._reading.failed_by_change(error):
                    raise
                self._begin_anew()
                raise WorkspaceException(_changed_sentence(self.paths), error) from error

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Give a write transaction: committed at the end of the block, undone on an error."""
        self.check_writable()
        with _errors_in_words(self.paths):
            self._check_still_there()
            with (
                self._turns.turn(),
                self._engine.execution_options(runwatch_write=True).begin() as connection,
            ):
                yield Transaction(connection, connection.execute(_NEXT_CHANGE).scalar_one())

    def check_writable(self) -> None:
        """Raise `WorkspaceException` if this process may only read the record."""
        if self.read_only:
            raise WorkspaceException(_read_only_sentence(self.paths))

    def last_change(self) -> int:
        """Return the number of the newest transaction."""
        with self.read() as connection:
            return int(connection.execute(select(schema.change_counter.c.value)).scalar_one())

    def data_version(self) -> int:
        """Return a number that differs from the last one if anything was committed meanwhile.

        Costs some 5 µs, so that a watcher can afford to ask often.
        """
        self._check_still_there()
        self._see_what_is_new()
        with _errors_in_words(self.paths), self._version_lock:
            if self._version_connection is None:
                self._version_connection = self._connect()
            row = self._version_connection.execute("PRAGMA data_version").fetchone()
            begun = 0 if self._reading is None else self._reading.times_begun_anew
            return begun << 32 | int(row[0])

    def copy_to(self, file: Path) -> None:
        """Write the database as it is at one moment to another file, while others write."""
        with _errors_in_words(self.paths):
            self._check_still_there()
            self._see_what_is_new()
            source, target = self._connect(), sqlite3.connect(file)
            try:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
            finally:
                source.close()
                target.close()

    def is_there(self) -> bool:
        """Return whether the file is the one that was opened: not deleted, nor replaced."""
        return sqlite_file.identity(self.paths.database) == self._identity

    def _check_still_there(self) -> None:
        # SQLite goes on reading and writing a file that was deleted, and all would be lost.
        if self._identity is not None and not self.is_there():
            self.close()
            raise WorkspaceException(
                f"The workspace {self.paths.root} was deleted or replaced while it was in use. "
                "Open it again with Workspace.from_config(), or bring it back from a backup with "
                "`runwatch restore`."
            )

    def _connect(self) -> sqlite3.Connection:
        if self._reading is None:
            return sqlite_file.connect(self.paths.database)
        return self._reading.connect()

    def _see_what_is_new(self) -> None:
        """Let go of connections that do not show what others have written meanwhile."""
        if self._reading is not None and self._reading.is_outdated():
            with self._version_lock:
                if self._reading.is_outdated():  # no other thread has seen to it
                    self._disconnect()

    def _begin_anew(self) -> None:
        with self._version_lock:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._version_connection is not None:
            self._version_connection.close()
            self._version_connection = None
        self._engine.dispose()
        if self._reading is not None:
            self._reading.begin_anew()

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._begin_anew()
        self._turns.close()

    def _open(self) -> None:
        """Create or upgrade the database, one process at a time."""
        found = self._schema_version()
        if found == schema.VERSION:
            return
        if self.read_only:
            raise WorkspaceException(
                f"The workspace {self.paths.root} has another schema than this runwatch, and may "
                "only be read here. Copy its folder to where you may write, and open the copy."
            )
        with file_lock.held(self.paths.upgrade_lock):
            found = self._schema_version()
            if found == schema.VERSION:
                return
            # Alembic takes a tenth of a second to import, so that is done only when it has work.
            from runwatch.store.migrations import upgrade

            if found is not None and not upgrade.knows(found):
                raise WorkspaceException(self._newer_workspace_sentence())
            rights.make_file(self.paths.database)
            with self._engine.execution_options(runwatch_write=True).begin() as connection:
                upgrade.to_newest(connection)
                write_facts(connection)

    def _schema_version(self) -> str | None:
        """Return the database's migration, or None when there is no database yet."""
        if not self.paths.database.exists():
            return None
        connection = self._connect()
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return None if row is None else str(row[0])
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
        finally:
            connection.close()

    def _newer_workspace_sentence(self) -> str:
        connection = self._connect()
        try:
            query = "SELECT value FROM workspace WHERE key = 'written_by'"
            row = connection.execute(query).fetchone()
        except sqlite3.DatabaseError:
            row = None
        finally:
            connection.close()
        needed = "a newer version" if row is None else f"version {row[0]} or newer"
        return (
            f"The workspace {self.paths.root} was written by a newer runwatch than this one "
            f"({__version__}). Install {needed}: pip install -U runwatch."
        )


def _engine(connect: Callable[[], sqlite3.Connection], *, read_only: bool) -> Engine:
    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=60
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that is going to write takes the lock at once: one that begins as a
        # reader can find, when it comes to writing, that it must be done again.
        writes = connection.get_execution_options().get("runwatch_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def write_facts(connection: Connection) -> None:
    """Write what a new database must know of its workspace, unless it does."""
    facts = schema.workspace
    first = {"id": uuid.uuid4().hex, "created_us": str(now_us())}
    for key, value in first.items():
        connection.execute(
            sqlite_insert(facts).values(key=key, value=value).on_conflict_do_nothing()
        )
    _set_fact(connection, "written_by", __version__)


def _set_fact(connection: Connection, key: str, value: str) -> None:
    connection.execute(
        sqlite_insert(schema.workspace)
        .values(key=key, value=value)
        .on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )


@contextmanager
def _errors_in_words(paths: WorkspacePaths) -> Iterator[None]:
    """Turn what SQLite says into a sentence that names the workspace and a way out."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        said = str(error.orig) if isinstance(error, DatabaseError) else str(error)
        raise WorkspaceException(_sentence(paths, said, error), error) from error
    except TimeoutError as error:
        raise WorkspaceException(_sentence(paths, "locked", error), error) from error
    except PermissionError as error:
        if not str(error.filename).startswith(str(paths.root)):
            raise
        raise WorkspaceException(_not_shared_sentence(paths, error), error) from error


def _read_only_sentence(paths: WorkspacePaths) -> str:
    return (
        f"The workspace {paths.root} may not be written to: its files are read-only. It can be "
        "read; to change it, copy its folder to where you may write."
    )


def _changed_sentence(paths: WorkspacePaths) -> str:
    return f"The workspace {paths.root} was changed by others while it was read. Try again."


def _not_shared_sentence(paths: WorkspacePaths, error: OSError) -> str:
    return (
        f"The workspace {paths.root} is not shared with you as a whole: you may not use "
        f"{error.filename}. Ask its owner for the rights of all that is in it, as with "
        f"`chmod -R g+rwX {paths.root}`."
    )


def _sentence(paths: WorkspacePaths, said: str, error: Exception) -> str:
    lowered = said.lower()
    if "locked" in lowered:
        return (
            f"The workspace {paths.root} was busy for {sqlite_file.BUSY_TIMEOUT_S} s: another "
            "process holds its database. Look for a process that is stuck, end it, and try again."
        )
    if "readonly" in lowered or "read-only" in lowered:
        return _read_only_sentence(paths)
    if "full" in lowered:
        return f"The disk of the workspace {paths.root} is full. Make room and try again."
    if "malformed" in lowered or "not a database" in lowered:
        return (
            f"The database {paths.database} is damaged ({said}). `runwatch doctor` saves what can "
            "be read; `runwatch restore` brings back a backup."
        )
    if "disk i/o" in lowered:
        return (
            f"The disk of the workspace {paths.root} can't be read or written ({said}). See that "
            "it is connected and has room, and try again."
        )
    if isinstance(error, (OperationalError, sqlite3.OperationalError)) and "unable" in lowered:
        return f"The database {paths.database} can't be opened: {said}."
    return f"The database {paths.database} refused: {said}."


_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def _forget_connections_after_fork(database: Database) -> None:
    """SQLite connections must not be used on both sides of a fork."""
    _open_databases.add(database)


def _after_fork_in_child() -> None:
    for database in list(_open_databases):
        database._engine.dispose(close=False)
        database._version_connection = None
        database._version_lock = threading.Lock()
        if database._reading is not None:
            database._reading.forget()
        database._turns.begin_anew()


os.register_at_fork(after_in_child=_after_fork_in_child)
