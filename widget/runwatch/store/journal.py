"""The journal: what `log()` has returned from is in a file, whatever becomes of the process.

A writer (one process in one workspace) appends every point by one write(2) to the newest of its
segments, files ``<writer>-<number>.journal`` in the folder of its group. A segment is a sequence
of records::

    length  u32   of the payload
    crc32   u32   of the payload
    payload       first byte: the kind

    S  series u32, then JSON [run id, metric name, kind of metric]
    d  series u32, step i64, time f64, value f64
    q  series u32, step i64, time f64, value i64
    j  series u32, step i64, time f64, then the value as JSON

A series is declared in each segment before its first point, so that a segment can be read by
itself. The writer holds a lock on its segments; the kernel lets go of it when the writer dies,
and that is how a reader knows that no more will come.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import json
import os
import struct
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from os import write
from pathlib import Path
from time import time
from typing import Any, NamedTuple, NoReturn
from zlib import crc32

from runwatch.exceptions import WorkspaceException
from runwatch.store import rights, stretch
from runwatch.store.points import NO_STEP, Chunk, Point, encoding_of, pack

SEGMENT_BYTES = 4 * 2**20
SUFFIX = ".journal"
TORN_SUFFIX = ".torn"
NEW_SUFFIX = ".new"
_KINDS = (b"S", b"d", b"q", b"j")

_TRIES = 5
_LOOK_S = 0.5
"""How often a writer looks whether its segment is still there."""

PROGRESS = "progress"
"""The kind of the series that says how far a run has come; it is no metric."""

_FRAME = struct.Struct("<II")
_SERIES = struct.Struct("<cI")
_HEAD = struct.Struct("<cIqd")
_FLOAT = struct.Struct("<cIqdd")
_FLOAT_BYTES = _FLOAT.size
_FLOAT_RECORD_BYTES = _FRAME.size + _FLOAT_BYTES
_pack_frame, _pack_float = _FRAME.pack, _FLOAT.pack
_INT = struct.Struct("<cIqdq")
_INT_VALUE = struct.Struct("<q")
_FLOAT_VALUE = struct.Struct("<d")


class SeriesName(NamedTuple):
    """Which metric a point belongs to."""

    run_id: str
    name: str
    kind: str
    """Which method logged it: scalar, list, row, table, artifact, progress."""


class JournalWriter:
    """Appends the points of this process to a folder of journals.

    Parameters
    ----------
    folder
        The group's folder; made when the first point is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        # The same thread can come in again: a signal's handler may log while log() runs. It has a
        # writer of its own then, as this one may be just about to open a segment.
        self._lock = threading.RLock()
        self._busy = False
        self._of_handler: JournalWriter | None = None
        self._segment_numbers = itertools.count(1)
        self._series_numbers = itertools.count(1)
        self._descriptor = -1
        self._written = 0
        self._looked = 0.0
        self._series: dict[tuple[str, str, str], int] = {}

    def append(self, series: tuple[str, str, str], step: int | None, value: Any) -> None:
        """Append one point. When this returns, the point outlives the process.

        Parameters
        ----------
        series
            The fields of a `SeriesName`; a plain tuple costs less to make.

        Raises
        ------
        WorkspaceException
            The disk is full, the folder can't be written to, or it was deleted. Nothing of the
            point is kept.
        """
        at = NO_STEP if step is None else step
        now = time()
        with self._lock:
            if self._busy:
                self._of_handler = self._of_handler or JournalWriter(self.folder)
                self._of_handler.append(series, step, value)
                return
            self._busy = True
            try:
                if not 0 <= now - self._looked < _LOOK_S:
                    self._check_still_there(now)
                number = self._series.get(series)
                if number is None or self._written >= SEGMENT_BYTES:
                    number = self._declare(series)
                if type(value) is float:
                    payload = _pack_float(b"d", number, at, now, value)
                    # As in _write, which a call of costs a tenth of what the write itself does.
                    try:
                        written = write(
                            self._descriptor, _pack_frame(_FLOAT_BYTES, crc32(payload)) + payload
                        )
                        if written != _FLOAT_RECORD_BYTES:
                            self._undo(written)
                    except OSError as error:
                        raise _in_words(self.folder, error) from error
                    self._written += written
                    return
                if encoding_of(value) == "q":
                    payload = _INT.pack(b"q", number, at, now, value)
                else:
                    payload = _HEAD.pack(b"j", number, at, now) + json.dumps(value).encode()
                self._write(payload)
            finally:
                self._busy = False

    def close(self) -> None:
        """Let go of the segment: no more will be written to it."""
        with self._lock:
            self._close_segment()
            if self._of_handler is not None:
                self._of_handler.close()

    def forget(self) -> None:
        """Begin anew after a fork: the segment belongs to the parent process."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        if self._of_handler is not None:
            self._of_handler.forget()
        self.__init__(self.folder)  # type: ignore[misc]

    def _check_still_there(self, now: float) -> None:
        """What is written to a file that was deleted would be lost without a word."""
        self._looked = now
        if self._descriptor >= 0 and os.fstat(self._descriptor).st_nlink == 0:
            self._close_segment()
            self._series.clear()
            raise _in_words(self.folder, OSError(errno.ENOENT, "it was deleted"))

    def _declare(self, series: tuple[str, str, str]) -> int:
        if self._descriptor < 0 or self._written >= SEGMENT_BYTES:
            self._open_segment()
        number = self._series.get(series)
        if number is None:
            number = next(self._series_numbers)
            self._write(_SERIES.pack(b"S", number) + json.dumps(series).encode())
            self._series[series] = number
        return number

    def _open_segment(self) -> None:
        path = self.folder / f"{self._writer}-{next(self._segment_numbers):06d}{SUFFIX}"
        for more_tries in reversed(range(_TRIES)):
            try:
                # Not its parents: a workspace that was deleted is not to come back as half of one.
                rights.make_folder(self.folder, for_writers=True)
                descriptor = _new_locked_file(path)
                break
            except OSError as error:
                # Who ships a group removes its folder when he finds it empty, as it can be now.
                if not (isinstance(error, FileNotFoundError) and more_tries):
                    raise _in_words(self.folder, error) from error
        self._close_segment()
        self._descriptor = descriptor
        self._series.clear()
        self._written = 0

    def _close_segment(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, payload: bytes) -> None:
        record = _FRAME.pack(len(payload), crc32(payload)) + payload
        try:
            written = write(self._descriptor, record)
            if written != len(record):
                self._undo(written)
        except OSError as error:
            raise _in_words(self.folder, error) from error
        self._written += written

    def _undo(self, written: int) -> NoReturn:
        """Take back what was written of a record for which there was no room."""
        os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _new_locked_file(path: Path) -> int:
    """Make a file that is locked when others see it, and return its descriptor."""
    # Under a name that no reader looks at until the lock is held.
    hidden = path.with_suffix(NEW_SUFFIX)
    descriptor = rights.open_file(hidden, os.O_WRONLY | os.O_APPEND, for_writers=True)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.rename(hidden, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _in_words(folder: Path, error: OSError) -> WorkspaceException:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        advice = "The disk is full: make room and log again."
    elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        advice = "Check that you may write to the workspace folder."
    else:
        advice = (
            "Check that the workspace folder is still there. If it was deleted, make a new one "
            "with Workspace.from_config()."
        )
    return WorkspaceException(
        f"The point was not logged, because the journal in {folder} can't be written: "
        f"{error.strerror or error}. {advice}",
        error,
    )


@dataclass(frozen=True)
class Segment:
    """A journal file."""

    path: Path

    @property
    def name(self) -> str:
        """What it is called in the record: group and file."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def writer(self) -> str:
        """Who writes it."""
        return self.path.stem.rpartition("-")[0]

    def size(self) -> int:
        """Return its size in bytes, 0 if it is gone."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def segments(folder: Path) -> list[Segment]:
    """Return the segments of a group, each writer's in the order in which it wrote them."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(SUFFIX))
    except FileNotFoundError:
        return []
    return [Segment(folder / name) for name in names]


class SegmentReader:
    """Reads a segment from a position on, remembering the series that it declares."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self._series: dict[int, SeriesName] = {}
        self._seen = 0

    def read(self, start: int, *, most_bytes: int) -> tuple[dict[SeriesName, list[Chunk]], int]:
        """Return the points from byte `start` on, packed by series, and the byte after the last.

        Stops before a record that is not whole: it is being written, or its writer died in it.
        """
        with open(self.segment.path, "rb") as file:
            if self._seen < start:  # declarations of what somebody else has shipped meanwhile
                for payload, _ in _records(_from(file, self._seen, start - self._seen)):
                    if payload[:1] == b"S":
                        self._take_declaration(payload)
            data = _from(file, start, most_bytes)
        batch = _Batch()
        position = 0
        while position < len(data):
            together = stretch.count(data, position)
            if together:
                for number, chunk in stretch.chunks(data, position, together):
                    batch.add_chunk(self._series[number], chunk)
                position += together * stretch.RECORD_BYTES
                continue
            record = next(_records(data, position), None)
            if record is None:
                break
            payload, position = record
            if payload[:1] == b"S":
                self._take_declaration(payload)
            else:
                number, point = _point(payload)
                batch.add_point(self._series[number], point)
        self._seen = max(self._seen, start + position)
        return batch.packed(), start + position

    def _take_declaration(self, payload: bytes) -> None:
        _, number = _SERIES.unpack_from(payload)
        self._series[number] = SeriesName(*json.loads(payload[_SERIES.size :]))


def beyond_damage(segment: Segment) -> tuple[dict[SeriesName, list[Chunk]], int]:
    """Return the points after the first damaged record, and how many bytes can't be read.

    What is before it is what a reader of the segment has.
    """
    data = segment.path.read_bytes()
    declared: dict[int, SeriesName] = {}
    batch = _Batch()
    position = unreadable = 0
    while position < len(data):
        record = next(_records(data, position), None)
        if record is None or record[0][:1] not in _KINDS:
            unreadable += 1
            position += 1
            continue
        payload, position = record
        if payload[:1] == b"S":
            _, number = _SERIES.unpack_from(payload)
            declared[number] = SeriesName(*json.loads(payload[_SERIES.size :]))
        elif unreadable:
            number, point = _point(payload)
            if number in declared:
                batch.add_point(declared[number], point)
            else:  # its declaration is in what can't be read
                unreadable += len(payload) + _FRAME.size
    return batch.packed(), unreadable


class _Batch:
    """Packs points, in the order in which they come."""

    def __init__(self) -> None:
        self._chunks: dict[SeriesName, list[Chunk]] = {}
        self._points: dict[SeriesName, list[Point]] = {}

    def add_point(self, series: SeriesName, point: Point) -> None:
        self._points.setdefault(series, []).append(point)

    def add_chunk(self, series: SeriesName, chunk: Chunk) -> None:
        self._pack(series)
        self._chunks.setdefault(series, []).append(chunk)

    def packed(self) -> dict[SeriesName, list[Chunk]]:
        for series in list(self._points):
            self._pack(series)
        return self._chunks

    def _pack(self, series: SeriesName) -> None:
        if points := self._points.pop(series, None):
            self._chunks.setdefault(series, []).extend(pack(points))


def _from(file: Any, start: int, count: int) -> bytes:
    file.seek(start)
    data: bytes = file.read(count)
    return data


def _records(data: bytes, position: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield each whole record's payload and the position after it."""
    while position + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, position)
        end = position + _FRAME.size + length
        payload = data[position + _FRAME.size : end]
        if len(payload) < length or length == 0 or crc32(payload) != checksum:
            return
        yield payload, end
        position = end


def _point(payload: bytes) -> tuple[int, Point]:
    kind, number, step, time_s = _HEAD.unpack_from(payload)
    rest = payload[_HEAD.size :]
    if kind == b"d":
        (value,) = _FLOAT_VALUE.unpack(rest)
    elif kind == b"q":
        (value,) = _INT_VALUE.unpack(rest)
    else:
        value = json.loads(rest)
    return number, Point(step, time_s, value)
