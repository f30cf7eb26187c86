"""Series and their points in the record."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from runwatch.store import points as packing
from runwatch.store import runs as runs_store
from runwatch.store.database import Transaction
from runwatch.store.journal import SeriesName
from runwatch.store.points import Chunk
from runwatch.store.schema import chunks, runs, series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class SeriesRow:
    """A metric of a run."""

    id: int
    run: int
    name: str
    kind: str
    count: int
    last: Any
    change: int


_COLUMNS = (
    series.c.id,
    series.c.run,
    series.c.name,
    series.c.kind,
    series.c.count,
    series.c.last,
    series.c.change,
)
_number = series.c.number
_CHUNK = (
    chunks.c.start,
    chunks.c.encoding,
    chunks.c.count,
    chunks.c.steps,
    chunks.c.times,
    chunks.c.data,
)
_MERGED = (64, 4096)
"""Points that come in ones and twos are put together each time that so many have come: a row of
the table for each would cost more than what it holds, and all at once would be written often."""

_new = upsert(series)
_LENGTHEN = _new.on_conflict_do_update(
    index_elements=["run", "name", "kind"],
    set_={
        "count": series.c.count + _new.excluded.count,
        "last": _new.excluded.last,
        "number": _new.excluded.number,
        "change": _new.excluded.change,
    },
).returning(series.c.id, series.c.count)
_KEYS_OF = select(runs.c.run_id, runs.c.id).where(
    runs.c.run_id.in_(bindparam("ids", expanding=True))
)
"""Made once: to put a statement together takes longer than to carry it out."""


def append(tx: Transaction, batch: Mapping[SeriesName, Sequence[Chunk]]) -> None:
    """Add points to the ends of their series. Points of a run that is not here are dropped."""
    keys = _run_keys(tx.connection, {name.run_id for name in batch})
    packed = []
    to_merge: dict[int, int] = {}
    for name, new in batch.items():
        if name.run_id not in keys:
            continue
        added = sum(chunk.count for chunk in new)
        last = packing.last_value(new[-1])
        values = {
            "run": keys[name.run_id],
            "name": name.name,
            "kind": name.kind,
            "count": added,
            "last": json.dumps(last),
            "number": comparable(last) if name.kind == "scalar" else None,
            "change": tx.change,
        }
        key, count = tx.connection.execute(_LENGTHEN, values).one()
        start = begin = count - added
        for chunk in new:
            packed.append({"series": key, "start": start, **asdict(chunk)})
            start += chunk.count
        for size in _MERGED:
            if added < size // 2 and begin // size != count // size:
                to_merge[key] = begin - begin % size
    if packed:
        tx.connection.execute(insert(chunks), packed)
    for key, first in to_merge.items():
        _merge(tx.connection, key, first)


def _merge(connection: Connection, key: int, first: int) -> None:
    """Make one chunk of those from point `first` on that hold values of one encoding."""
    query = select(*_CHUNK).where(chunks.c.series == key, chunks.c.start >= first)
    here = [(start, Chunk(*rest)) for start, *rest in connection.execute(query.order_by("start"))]
    merged: list[tuple[int, Chunk]] = []
    for start, chunk in here:
        both = packing.joined(merged[-1][1], chunk, most=_MERGED[-1]) if merged else None
        if both is None:
            merged.append((start, chunk))
        else:
            merged[-1] = (merged[-1][0], both)
    if len(merged) < len(here):
        connection.execute(delete(chunks).where(chunks.c.series == key, chunks.c.start >= first))
        rows = [{"series": key, "start": start, **asdict(chunk)} for start, chunk in merged]
        connection.execute(insert(chunks), rows)


def comparable(value: Any) -> float | None:
    """Return a value as the number that filters and orders compare; None if it is none."""
    if not isinstance(value, (bool, int, float)) or value != value:
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def has_metric(name: str, *value: Any) -> ColumnElement[bool]:
    """Condition on runs: has that metric, with any last value or with the one given."""
    conditions = [series.c.name == name]
    for v in value:
        number = comparable(v)
        conditions.append(series.c.last == json.dumps(v) if number is None else _number == number)
    return runs_store.among(series.c.run, *conditions)


def metric_number(name: str) -> tuple[Column[float], Column[int], list[ColumnElement[bool]]]:
    """Return where a metric's last value stands: its column, that of its run, its rows."""
    return _number, series.c.run, [series.c.name == name, series.c.kind == "scalar"]


def _run_keys(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    found = connection.execute(_KEYS_OF, {"ids": list(run_ids)})
    return {row.run_id: row.id for row in found}


def _rows(connection: Connection, query: Any, **parameters: Any) -> list[SeriesRow]:
    rows = (row._asdict() for row in connection.execute(query, parameters))
    return [SeriesRow(**{**row, "last": json.loads(row["last"] or "null")}) for row in rows]


def of_runs(connection: Connection, run_keys: Iterable[int]) -> list[SeriesRow]:
    """Return the series of these runs, in the order in which they were first logged."""
    query = select(*_COLUMNS).order_by(series.c.id)
    return [
        row
        for part in runs_store.batched(list(run_keys))
        for row in _rows(connection, query.where(series.c.run.in_(part)))
    ]


def last_values(connection: Connection, run_keys: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the last value of each scalar metric of these runs."""
    found: dict[int, dict[str, Any]] = {}
    for row in of_runs(connection, run_keys):
        if row.kind == "scalar":
            found.setdefault(row.run, {})[row.name] = row.last
    return found


# Made once: who watches a run asks for these ten times a second.
_CHANGED_SINCE = select(*_COLUMNS).where(series.c.change > bindparam("since"))
_CHUNKS = select(*_CHUNK).where(chunks.c.series == bindparam("key")).order_by(chunks.c.start)
_AT_OR_BEFORE = (
    select(func.max(chunks.c.start))
    .where(chunks.c.series == bindparam("key"), chunks.c.start <= bindparam("start"))
    .scalar_subquery()
)
_CHUNKS_FROM = _CHUNKS.where(chunks.c.start >= func.coalesce(cast(_AT_OR_BEFORE, Integer), 0))


def changed_since(connection: Connection, change: int) -> list[SeriesRow]:
    """Return the series written by transactions later than `change`."""
    return _rows(connection, _CHANGED_SINCE, since=change)


def read_chunks(connection: Connection, key: int, *, start: int = 0) -> Iterator[tuple[int, Chunk]]:
    """Yield the chunks of a series that reach beyond point `start`, with where each begins."""
    query = _CHUNKS_FROM if start else _CHUNKS
    for begin, *packed in connection.execute(query, {"key": key, "start": start}):
        yield begin, Chunk(*packed)


def read_values(connection: Connection, key: int) -> list[Any]:
    """Return all values of a series, in logging order, as they were logged."""
    values: list[Any] = []
    for _, chunk in read_chunks(connection, key):
        values += packing.values(chunk)
    return values


class MetricArrays(NamedTuple):
    """The points of a metric as arrays of one length, in logging order."""

    steps: NDArray[np.int64]
    """The step of each point; its index where none was given."""
    times: NDArray[np.float64]
    """When it was logged, in seconds since the Unix epoch."""
    values: NDArray[Any]
    """float64 or int64 if all are such numbers, else objects."""


def read_arrays(connection: Connection, key: int, *, start: int = 0) -> MetricArrays:
    """Return the points of a series from point `start` on."""
    import numpy as np

    parts = []
    for begin, chunk in read_chunks(connection, key, start=start):
        steps, times, values = packing.arrays(chunk)
        places = np.arange(begin, begin + chunk.count)
        steps = np.where(steps == packing.NO_STEP, places, steps)
        skip = max(0, start - begin)
        parts.append((steps[skip:], times[skip:], values[skip:]))
    if not parts:
        return MetricArrays(np.empty(0, np.int64), np.empty(0), np.empty(0))
    return MetricArrays(*map(np.concatenate, zip(*parts, strict=True)))
