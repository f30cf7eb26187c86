"""Finds out whether a database is damaged, and makes a new one of what can be read of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine

from runwatch.exceptions import WorkspaceException
from runwatch.store import file_lock, rights, schema, sqlite_file
from runwatch.store.database import write_facts
from runwatch.store.paths import WorkspacePaths, half_made_name

_SHOWN = 3


def problem(paths: WorkspacePaths) -> str | None:
    """Return what is wrong with the database's file, by SQLite's own check; None if nothing is."""
    file = paths.database
    reading = sqlite_file.Reading(file) if sqlite_file.is_read_only(file) else None
    try:
        connection = reading.connect() if reading else sqlite_file.connect(file)
        try:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(100)")]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        if reading:
            reading.begin_anew()
    if found == ["ok"]:
        return None
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(" ".join(line.split()) for line in found[:_SHOWN]) + more


@dataclass(frozen=True)
class Salvaged:
    """What became of a damaged database."""

    aside: Path
    """Where the damaged file is now."""
    rows: dict[str, int]
    """How many rows of each table could be read."""


def rebuild(paths: WorkspacePaths) -> Salvaged:
    """Put a new database in the place of a damaged one, with all rows that can be read.

    The damaged file is kept. A process that has it open is told to open the workspace again.

    Raises
    ------
    WorkspaceException
        Nothing at all can be read.
    """
    made = paths.database.with_name(half_made_name())
    with file_lock.held(paths.upgrade_lock), file_lock.held(paths.write_lock):
        try:
            rows = _copy(paths.database, made)
            if not any(rows.values()):
                raise WorkspaceException(
                    f"Nothing of the database {paths.database} can be read. Bring back a backup "
                    "with `runwatch restore`, or move the file away to begin an empty record; the "
                    "files of the runs are still in the folder runs."
                )
            aside = _put_in_place(made, paths.database)
        finally:
            made.unlink(missing_ok=True)
    return Salvaged(aside, rows)


def _put_in_place(made: Path, database: Path) -> Path:
    aside = database.with_name(f"{database.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
    try:
        os.link(database, aside)
    except OSError:  # a file system without second names
        shutil.copyfile(database, aside)
    log = database.with_name(database.name + "-wal")
    if log.exists():
        # A log of the old file must not be taken for one of the new.
        log.rename(aside.with_name(aside.name + "-wal"))
    database.with_name(database.name + "-shm").unlink(missing_ok=True)
    made.replace(database)
    return aside


def _copy(damaged: Path, made: Path) -> dict[str, int]:
    from runwatch.store.migrations import upgrade

    rights.make_file(made)
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(made))
    with engine.begin() as connection:
        upgrade.to_newest(connection)
    # A copy, as SQLite would write into the file's log, and that is evidence.
    evidence = made.with_name(f"{made.name}-evidence")
    shutil.copyfile(damaged, evidence)
    log = damaged.with_name(damaged.name + "-wal")
    if log.exists():
        shutil.copyfile(log, evidence.with_name(evidence.name + "-wal"))
    source = sqlite3.connect(evidence)
    target = sqlite3.connect(made)
    try:
        with target:
            rows = {
                table.name: _copy_table(source, target, table.name)
                for table in schema.metadata.sorted_tables
            }
            _mend_references(target)
        with engine.begin() as connection:
            write_facts(connection)
    finally:
        source.close()
        target.close()
        engine.dispose()
        for end in ("", "-wal", "-shm"):
            evidence.with_name(evidence.name + end).unlink(missing_ok=True)
    return rows


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    new = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    try:
        old = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except sqlite3.DatabaseError:
        return 0
    columns = [name for name in new if name in old]
    if not columns:
        return 0
    # The names of tables and columns are those of `schema`.
    places = ", ".join("?" * len(columns))
    listed = ", ".join(f'"{name}"' for name in columns)
    statement = f"INSERT OR REPLACE INTO {table} ({listed}) VALUES ({places})"  # noqa: S608
    count = 0
    query = f"SELECT rowid, {listed} FROM {table} NOT INDEXED"  # noqa: S608
    for row in _readable_rows(source, query):
        try:
            target.execute(statement, row)
            count += 1
        except sqlite3.IntegrityError:
            continue  # a damaged value where there must be one
    return count


def _readable_rows(source: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    """Yield the rows that can be read, but not their number; steps over what can't be."""
    last, step = -1, 0
    while step < 2**40:
        try:
            rows = source.execute(f"{query} WHERE rowid > ? ORDER BY rowid", (last + step,))
            for number, *row in rows:
                if step > 1:  # what of the gap can be read from its other end
                    yield from _backwards(source, query, last, number)
                last, step = number, 0
                yield tuple(row)
        except sqlite3.DatabaseError:
            step = max(1, 2 * step)
        else:
            return


def _backwards(
    source: sqlite3.Connection, query: str, low: int, high: int
) -> Iterator[tuple[object, ...]]:
    try:
        where = "WHERE rowid > ? AND rowid < ? ORDER BY rowid DESC"
        for _, *row in source.execute(f"{query} {where}", (low, high)):
            yield tuple(row)
    except sqlite3.DatabaseError:
        return


def _mend_references(target: sqlite3.Connection) -> None:
    """Give runs that lost their experiment one, and drop what lost its run or its points."""
    target.execute(
        "INSERT INTO experiments (id, experiment_id, name, created_us, last_number) "
        "SELECT experiment, lower(hex(randomblob(16))), 'recovered-' || experiment, "
        "min(created_us), max(number) FROM runs "
        "WHERE experiment NOT IN (SELECT id FROM experiments) GROUP BY experiment"
    )
    target.execute("UPDATE runs SET parent = NULL WHERE parent NOT IN (SELECT id FROM runs)")
    target.execute("UPDATE runs SET root = id WHERE parent IS NULL")
    target.execute("UPDATE models SET run = NULL WHERE run NOT IN (SELECT id FROM runs)")
    for table, column, of in (
        ("run_tags", "run", "runs"),
        ("run_properties", "run", "runs"),
        ("run_parameters", "run", "runs"),
        ("series", "run", "runs"),
        ("chunks", "series", "series"),
        ("experiment_tags", "experiment", "experiments"),
    ):
        target.execute(
            f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {of})"  # noqa: S608
        )
    target.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM chunks)")
    target.execute(
        "UPDATE change_counter SET value = max(value, (SELECT coalesce(max(change), 0) FROM runs), "
        "(SELECT coalesce(max(change), 0) FROM series))"
    )
