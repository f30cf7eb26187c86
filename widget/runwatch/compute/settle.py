"""Settles the dead: no run stays Running when nobody runs it any more.

Whoever reads the record calls `settle`. On this host it looks at the process that answers for a
run, so that a changed clock or a laptop asleep harms nobody; of another host it knows only the
heartbeat.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from runwatch.compute import processes
from runwatch.store import runs, shipper
from runwatch.store.clock import now_us
from runwatch.store.database import Database, Transaction
from runwatch.store.paths import WorkspacePaths
from runwatch.store.runs import Owner, RunRow
from runwatch.store.status import RunStatus

_SILENT_US = 2 * 60 * 1_000_000
_LOST_US = 24 * 3600 * 1_000_000


def settle(database: Database) -> bool:
    """End the runs whose owner is gone; return whether there were any."""
    with database.read() as connection:
        owners = runs.owners_of_live(connection)
        gone = _dead_of(connection, owners)
        elsewhere = [o for o in owners if not processes.is_here(o)]
        remote = [row for o in elsewhere for row in runs.live(connection, runs.of_owner(o))]
    _settle_by_heartbeat(database, remote)
    if gone:
        _settle_here(database, gone)
    return bool(gone)


def dead(connection: Connection) -> list[RunRow]:
    """Return the runs that have not ended and whose process was one of this host and is gone."""
    return _dead_of(connection, runs.owners_of_live(connection))


def _dead_of(connection: Connection, owners: Sequence[Owner]) -> list[RunRow]:
    gone = [o for o in owners if processes.is_here(o) and not processes.is_alive(o)]
    return [row for owner in gone for row in runs.live(connection, runs.of_owner(owner))]


def _settle_here(database: Database, dead: Sequence[RunRow]) -> None:
    for row in dead:
        processes.signal_all(processes.of_run(row.run_id, database.paths), signal.SIGKILL)
    shipper.wait_for_dead_writers(_journals_of(database.paths, dead))
    shipper.ship_abandoned(database)
    with database.write() as tx:
        for row in dead:
            end(tx, row, error=_death(row))


def _journals_of(paths: WorkspacePaths, dead: Sequence[RunRow]) -> set[Path]:
    folders = {paths.journal_of_run(row.run_id) for row in dead}
    for pid in {row.pid for row in dead}:
        folders.update(paths.journals.glob(f"process-{pid}-*"))
    return folders


def end(tx: Transaction, row: RunRow, *, error: dict[str, Any]) -> None:
    """Give a run whose processes are gone its last status: Canceled if that was asked for."""
    now = runs.find(tx.connection, row.run_id)
    if now is None:
        return
    if now.status == RunStatus.CANCEL_REQUESTED:
        runs.change_status(tx, now.id, RunStatus.CANCELED)
    else:
        asked = now.fail_requested
        runs.change_status(
            tx, now.id, RunStatus.FAILED, error=runs.error_from(asked) if asked else error
        )


def _death(row: RunRow) -> dict[str, Any]:
    seen = datetime.fromtimestamp((row.heartbeat_us or row.created_us) / 1e6)
    return {
        "code": "ProcessEnded",
        "message": (
            f"The process that answered for this run (pid {row.pid} on {row.host}) ended without "
            f"completing it: it was killed, crashed, or was shut down. Its last sign of life was "
            f"at {seen:%Y-%m-%d %H:%M:%S}. What it had logged is kept."
        ),
    }


def end_restored(database: Database) -> None:
    """End the runs that were live when the backup was made from which this record comes.

    Their processes, if there are any, belong to the workspace of which it is a copy.
    """
    error = {
        "code": "Restored",
        "message": "This run had not ended when the backup was made from which the workspace was "
        "restored. What it had logged until then is kept.",
    }
    shipper.ship_abandoned(database)
    with database.write() as tx:
        for row in runs.live(tx.connection):
            end(tx, row, error=error)


def _settle_by_heartbeat(database: Database, rows: Sequence[RunRow]) -> None:
    now = now_us()
    silent = [row for row in rows if now - (row.heartbeat_us or row.created_us) > _SILENT_US]
    back = [row for row in rows if row.status == RunStatus.NOT_RESPONDING and row not in silent]
    changes = [row for row in silent if _next_status(row, now) is not None]
    if not changes and not back:
        return
    with database.write() as tx:
        for row in back:
            runs.change_status(tx, row.id, RunStatus.RUNNING)
        for row in changes:
            if _next_status(row, now) == RunStatus.FAILED:
                end(tx, row, error=_death(row))
            else:
                runs.change_status(tx, row.id, RunStatus.NOT_RESPONDING)


def _next_status(row: RunRow, now: int) -> str | None:
    """Return what becomes of a run on another host that has been silent for too long."""
    if now - (row.heartbeat_us or row.created_us) > _LOST_US:
        return RunStatus.FAILED
    if row.status in (RunStatus.RUNNING, RunStatus.STARTING):
        return RunStatus.NOT_RESPONDING
    return None
