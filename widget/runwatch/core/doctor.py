"""Finds what is wrong in a workspace, and mends it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from runwatch.compute import settle
from runwatch.store import file_lock, models, rights, run_files, runs, salvage, schema, shipper
from runwatch.store.database import Database
from runwatch.store.journal import NEW_SUFFIX, TORN_SUFFIX, segments
from runwatch.store.paths import RunPaths, WorkspacePaths, is_half_made
from runwatch.store.status import TERMINAL

_SETTLED_S = 3600.0
"""What is younger may be just being made by another process."""
ORPHANED = "orphaned"
"""The folder to which files are moved that belong to nothing in the record."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be."""

    what: str
    mended: str | None
    """What was done about it; None if nothing was."""


def examine(paths: WorkspacePaths, *, mend: bool = True) -> Iterator[Finding]:
    """Yield what is found, each when it has been mended.

    Parameters
    ----------
    mend
        Whether to do something about it, or to look only.

    Raises
    ------
    WorkspaceException
        The record can't be opened, and there is nothing in it that can be read; or it is to be
        mended, and may not be written to.
    """
    if paths.database.exists() and (wrong := salvage.problem(paths)):
        what = f"The database {paths.database} is damaged: {wrong}."
        if not mend:
            yield Finding(what, None)
            return
        saved = salvage.rebuild(paths)
        yield Finding(
            what,
            f"made a new one with what can be read: {saved.rows['runs']} runs, "
            f"{saved.rows['series']} metrics, {saved.rows['chunks']} rows of points; the damaged "
            f"file is now {saved.aside.name}",
        )
    database = Database(paths)
    try:
        if mend:
            database.check_writable()
        yield from _dead_runs(database, mend=mend)
        yield from _journals(database, mend=mend)
        yield from _orphans(database, mend=mend)
        yield from _missing(database)
    finally:
        database.close()


def _dead_runs(database: Database, *, mend: bool) -> Iterator[Finding]:
    with database.read() as connection:
        before = {row.run_id: row for row in settle.dead(connection)}
    if mend and before:
        settle.settle(database)
    for run_id, row in before.items():
        now = None
        if mend:
            with database.read() as connection:
                ended = runs.find(connection, run_id)
            now = f"its status is {ended.status} now" if ended else "it is gone"
        yield Finding(f"The run {run_id} is {row.status}, and its process is gone.", now)


def _journals(database: Database, *, mend: bool) -> Iterator[Finding]:
    for group in sorted(path for path in database.paths.journals.iterdir() if path.is_dir()):
        if not os.access(group, os.R_OK | os.X_OK):
            yield Finding(
                f"The journal {group.name} is another user's, and may not be read by you. Have its "
                "owner run `runwatch doctor`.",
                None,
            )
        else:
            yield from _journal(database, group, mend=mend)


def _journal(database: Database, group: Path, *, mend: bool) -> Iterator[Finding]:
    left = [s for s in segments(group) if not file_lock.is_held(s.path)]
    if left:
        if mend:
            shipper.Shipper(database, group).remove_finished()
        size = sum(segment.size() for segment in left) if not mend else None
        yield Finding(
            f"The journal {group.name} was left over by a process that is gone"
            + (f" ({size} bytes)." if size is not None else "."),
            "its points are in the record now" if mend else None,
        )
    for path in sorted(group.glob(f"*{TORN_SUFFIX}")):
        done = None
        if mend:
            count, unreadable = shipper.ship_torn(database, path)
            done = f"saved {count} points after the damage; {unreadable} bytes can't be read"
        yield Finding(f"The journal {group.name}/{path.name} has a torn record.", done)
    for path in sorted(group.glob(f"*{NEW_SUFFIX}")):
        if not file_lock.is_held(path):
            if mend:
                path.unlink(missing_ok=True)
            yield Finding(
                f"The journal {group.name}/{path.name} was begun and never written to.",
                "deleted" if mend else None,
            )
    if mend:
        with suppress(OSError):  # a writer has come meanwhile, or another has removed it
            if {path.name for path in group.iterdir()} <= {shipper.LOCK_NAME}:
                (group / shipper.LOCK_NAME).unlink(missing_ok=True)
                group.rmdir()


def _orphans(database: Database, *, mend: bool) -> Iterator[Finding]:
    paths = database.paths
    # First the files and then the record: what comes meanwhile is not taken for an orphan.
    folders = sorted(path for path in (paths.root / "runs").iterdir() if path.is_dir())
    snapshots = sorted(paths.snapshots.iterdir())
    versions = sorted(paths.models.glob("[!.]*/*"))
    half_made = [
        path
        for folder in (paths.root, paths.snapshots, paths.models)
        for path in folder.glob(".new-*")
    ]
    half_made += paths.root.glob("runs/*/files/**/.new-*")
    half_made = [path for path in half_made if is_half_made(path)]
    with database.read() as connection:
        table = schema.runs.c
        rows = connection.execute(select(table.run_id, table.status, table.snapshot)).all()
        kept = {models.folder_of(paths, row.name, row.version) for row in models.where(connection)}
    status = {paths.run(row.run_id).root: row.status for row in rows}
    used = {row.snapshot for row in rows}
    for path in half_made:
        if _is_old(path):
            yield Finding(
                f"{path.relative_to(paths.root)} was begun and never finished.",
                _delete(path) if mend else None,
            )
    for folder in folders:
        if folder not in status and _is_old(folder):
            what = f"{folder.relative_to(paths.root)} belongs to no run in the record."
            yield Finding(what, _move_away(paths, folder) if mend else None)
        elif status.get(folder) in TERMINAL and (folder / "work").is_dir():
            what = f"{folder.relative_to(paths.root)}/work is left over from a run that has ended."
            yield Finding(what, _gather(paths, folder) if mend else None)
    for path in snapshots:
        if path.name not in used and not path.name.startswith(".") and _is_old(path):
            yield Finding(
                f"{path.relative_to(paths.root)} is a snapshot of no run in the record.",
                _delete(path) if mend else None,
            )
    for path in versions:
        if path not in kept and _is_old(path):
            yield Finding(
                f"{path.relative_to(paths.root)} is a model that is not in the record.",
                _move_away(paths, path) if mend else None,
            )


def _missing(database: Database) -> Iterator[Finding]:
    paths = database.paths
    with database.read() as connection:
        query = select(schema.runs.c.snapshot).where(schema.runs.c.snapshot.is_not(None))
        snapshots = list(connection.execute(query.distinct()).scalars())
        rows = models.where(connection)
    for snapshot in snapshots:
        if not (paths.snapshots / snapshot).is_dir():
            yield Finding(f"The files of the snapshot {snapshot} are missing.", None)
    for row in rows:
        if not models.folder_of(paths, row.name, row.version).is_dir():
            yield Finding(f"The files of the model {row.name}:{row.version} are missing.", None)


def _is_old(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) > _SETTLED_S
    except FileNotFoundError:
        return False


def _delete(path: Path) -> str:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return "deleted"


def _move_away(paths: WorkspacePaths, path: Path) -> str:
    target = paths.root / ORPHANED / f"{time.time_ns()}-{path.parent.name}-{path.name}"
    rights.make_folder(target.parent)
    path.rename(target)
    return f"moved to {os.path.relpath(target, paths.root)}"


def _gather(paths: WorkspacePaths, folder: Path) -> str:
    run_files.gather(RunPaths(folder))
    shutil.rmtree(folder / "work", ignore_errors=True)
    return "its outputs and logs are with the run's files now"
