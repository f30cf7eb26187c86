"""Moves points from journals into the record, each once."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from runwatch.store import file_lock, metrics
from runwatch.store.database import Database
from runwatch.store.journal import (
    TORN_SUFFIX,
    Segment,
    SegmentReader,
    beyond_damage,
    segments,
)
from runwatch.store.schema import journal_positions

_BATCH_BYTES = 2 * 2**20
_DEAD_WITHIN_S = 2.0
_LOOK_S = 0.005
LOCK_NAME = "shipping.lock"
_log = logging.getLogger("runwatch")

_MOVE = (
    update(journal_positions)
    .where(
        journal_positions.c.segment == bindparam("of"),
        journal_positions.c.shipped_bytes == bindparam("known"),
    )
    .values(shipped_bytes=bindparam("reached"))
)


class Shipper:
    """Ships one group of journals: all writers of one process, or of one submitted run.

    Any process may ship any group, at any time: a lock lets one do it at a time, and a batch is
    stored in one transaction with the position that it reaches, so that none counts twice.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._readers: dict[str, SegmentReader] = {}
        self._shipped: dict[str, int] = {}

    def ship(self) -> int:
        """Ship all that is there and return how many points that was."""
        if not self.waiting_bytes():
            return 0
        try:
            with file_lock.held(self._folder / LOCK_NAME):
                here = segments(self._folder)
                shipped = sum(map(self._ship_segment, here))
                for older, newer in pairwise(here):
                    if older.writer == newer.writer:
                        self._remove(older)
                return shipped
        except FileNotFoundError:
            return 0  # another shipper has done it, and removed the folder

    def waiting_bytes(self) -> int:
        """Return how much was written and not shipped, as far as this shipper knows."""
        return sum(s.size() - self._shipped.get(s.name, 0) for s in segments(self._folder))

    def remove_finished(self) -> None:
        """Delete the segments that are shipped and that nobody writes to any more.

        Where a record is torn, because its writer died before `log()` returned, the file is
        kept under another name: nothing in it counts any more.
        """
        try:
            with file_lock.held(self._folder / LOCK_NAME):
                for segment in segments(self._folder):
                    if not file_lock.is_held(segment.path):
                        self._ship_segment(segment)
                        self._remove(segment)
            (self._folder / LOCK_NAME).unlink(missing_ok=True)
            self._folder.rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY):
                raise
            # Gone already, or another writer has come meanwhile.

    def _ship_segment(self, segment: Segment) -> int:
        total = 0
        position = self._shipped.get(segment.name)
        if position is None:
            position = self._position(segment)
        reader = self._readers.setdefault(segment.name, SegmentReader(segment))
        # What comes meanwhile is for the next time: to run after a fast writer would take its
        # points in ones and twos, each with a transaction, and the writer's time with it.
        size = segment.size()
        while position < size:
            batch, end = reader.read(position, most_bytes=_BATCH_BYTES)
            if end == position:
                break
            with self._database.write() as tx:
                moved = tx.connection.execute(
                    _MOVE, {"of": segment.name, "known": position, "reached": end}
                )
                if moved.rowcount:
                    metrics.append(tx, batch)
            if moved.rowcount == 0:  # somebody else has shipped from here
                position = self._position(segment)
                continue
            total += sum(chunk.count for new in batch.values() for chunk in new)
            position = end
            self._shipped[segment.name] = end
        return total

    def _position(self, segment: Segment) -> int:
        """Return where shipping goes on; another process may have shipped since we last did."""
        column = journal_positions.c
        with self._database.read() as connection:
            known = connection.execute(
                select(column.shipped_bytes).where(column.segment == segment.name)
            ).scalar_one_or_none()
        if known is None:
            with self._database.write() as tx:
                tx.connection.execute(
                    upsert(journal_positions)
                    .values(segment=segment.name, shipped_bytes=0)
                    .on_conflict_do_nothing()
                )
            known = 0
        self._shipped[segment.name] = known
        return int(known)

    def _remove(self, segment: Segment) -> None:
        # The file first: a position without a file harms nobody, a file without its position
        # would be shipped a second time.
        if self._shipped[segment.name] < segment.size():
            segment.path.rename(segment.path.with_suffix(TORN_SUFFIX))
        else:
            segment.path.unlink()
        self._readers.pop(segment.name, None)
        self._shipped.pop(segment.name, None)
        with self._database.write() as tx:
            tx.connection.execute(
                delete(journal_positions).where(journal_positions.c.segment == segment.name)
            )


def ship_abandoned(database: Database) -> None:
    """Ship what dead writers left in the workspace, as far as this user may read and remove it."""
    try:
        with os.scandir(database.paths.journals) as entries:
            groups = [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError as error:
        _leave(error)
        return
    for folder in groups:
        try:
            if any(not file_lock.is_held(segment.path) for segment in segments(folder)):
                Shipper(database, folder).remove_finished()
        except OSError as error:
            _leave(error)


def wait_for_dead_writers(folders: Iterable[Path]) -> None:
    """Wait, for some seconds at the most, until nobody holds these journals any more.

    The kernel closes the files of a process that was killed a moment after it has gone from the
    list of processes.
    """
    deadline = time.monotonic() + _DEAD_WITHIN_S
    with suppress(OSError):  # another user's
        held = [segment.path for folder in folders for segment in segments(folder)]
        while time.monotonic() < deadline:
            held = [path for path in held if file_lock.is_held(path)]
            if not held:
                return
            time.sleep(_LOOK_S)


def _leave(error: OSError) -> None:
    _log.info("A journal is left to its owner to ship: %s: %s.", error.filename, error.strerror)


def ship_torn(database: Database, path: Path) -> tuple[int, int]:
    """Ship what stands after the damage in a torn segment, and delete it.

    Returns
    -------
    tuple of int
        How many points that was, and how many bytes can't be read.
    """
    segment = Segment(path)
    batch, unreadable = beyond_damage(segment)
    column = journal_positions.c
    with database.write() as tx:
        noted = tx.connection.execute(
            upsert(journal_positions)
            .values(segment=segment.name, shipped_bytes=segment.size())
            .on_conflict_do_nothing()
        )
        if noted.rowcount:  # else it was shipped, and its deletion failed
            metrics.append(tx, batch)
    path.unlink()
    with database.write() as tx:
        tx.connection.execute(delete(journal_positions).where(column.segment == segment.name))
    return sum(chunk.count for new in batch.values() for chunk in new), unreadable
