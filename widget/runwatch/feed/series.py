"""The points of a run's metrics, as many as a chart can show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from runwatch.feed.messages import Numbers, Points
from runwatch.feed.thinning import extremes, stretch_for
from runwatch.feed.wire import json_number
from runwatch.store import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from runwatch.store.metrics import SeriesRow

MOST_POINTS = 500
"""Points of one metric that a chart gets at once; at twice as many it is drawn anew."""
MOST_POINTS_SMALL = 60
"""The same for the small line beside a value."""
_SPARK = 24
_WHOLE = 2.0**53
"""Below this a float64 holds each whole number exactly."""


@dataclass
class _Sent:
    """What a view has of one series."""

    row: SeriesRow = field(compare=False)
    count: int = 0
    read: int = 0
    """Up to where points were sent: a whole number of stretches."""
    drawn: int = 0
    stretch: int = 1
    lowest: tuple[float, float] | None = None
    """Value and step."""
    highest: tuple[float, float] | None = None


@dataclass
class SeriesFeed:
    """Sends each metric of one run once in full, and then what has been added."""

    _run_id: str
    _most: int
    _sent: dict[int, _Sent] = field(default_factory=dict)

    def news(self, connection: Connection, rows: Iterable[SeriesRow]) -> list[Points]:
        """Return what the view lacks of these series."""
        found = []
        for row in rows:
            sent = self._sent.setdefault(row.id, _Sent(row))
            if row.kind == "scalar" and sent.count != row.count:
                found.append(self._news_of(connection, row, sent))
        return found

    def repeat(self, connection: Connection) -> list[Points]:
        """Return in one piece what was sent by now."""
        return [self._whole_of(connection, sent) for sent in self._sent.values() if sent.count]

    def _whole_of(self, connection: Connection, sent: _Sent) -> Points:
        arrays = _read(connection, sent.row.id, 0)
        known = slice(sent.count)
        arrays = metrics.MetricArrays(
            arrays.steps[known], arrays.times[known], arrays.values[known]
        )
        keep = extremes(arrays.values[: sent.read], sent.stretch)
        return points(sent.row, self._run_id, arrays, keep, sent, replace=True)

    def _news_of(self, connection: Connection, row: SeriesRow, sent: _Sent) -> Points:
        sent.row = row
        added = (row.count - sent.read) * (2 if sent.stretch > 1 else 1) // sent.stretch
        replace = sent.count == 0 or sent.drawn + added > 2 * self._most
        if replace:
            sent.stretch = stretch_for(row.count, self._most)
            sent.read = sent.drawn = 0
        arrays = _read(connection, row.id, sent.read)
        begin = max(0, sent.count - sent.read)
        sent.lowest, sent.highest = _wider(sent, arrays, 0 if replace else begin)
        sent.count = sent.read + len(arrays.values)
        whole = len(arrays.values) - len(arrays.values) % sent.stretch
        keep = extremes(arrays.values[:whole], sent.stretch)
        sent.read += whole
        sent.drawn += len(keep)
        return points(row, self._run_id, arrays, keep, sent, replace=replace)


def points(
    row: SeriesRow,
    run_id: str,
    arrays: metrics.MetricArrays,
    keep: NDArray[np.intp],
    sent: _Sent,
    *,
    replace: bool,
) -> Points:
    """Return the message for those of the points that are kept."""
    low, high = sent.lowest or (None, 0.0), sent.highest or (None, 0.0)
    times = arrays.times[keep] * 1000
    origin = float(times[0]) if len(times) else 0.0
    return Points(
        run_id=run_id,
        name=row.name,
        count=sent.count,
        last=json_number(row.last),
        last_step=float(arrays.steps[-1]) if len(arrays.steps) else 0.0,
        last_ms=round(float(arrays.times[-1]) * 1000) if len(arrays.times) else 0,
        lowest=low[0],
        lowest_step=low[1],
        highest=high[0],
        highest_step=high[1],
        replace=replace,
        steps=numbers(arrays.steps[keep]),
        times=numbers(np.round(times - origin)),
        origin_ms=origin,
        values=Numbers(kind="f8", data=arrays.values[keep].astype("<f8").tobytes()),
    )


def read_range(
    connection: Connection, row: SeriesRow, run_id: str, axis: str, low: float, high: float
) -> Points:
    """Return the points between two places of an axis: all of them, or as many as can be seen."""
    arrays = _read(connection, row.id, 0)
    places = arrays.steps if axis == "step" else arrays.times * 1000
    inside = np.flatnonzero((places >= low) & (places <= high))
    if len(inside):  # and the neighbours, so that lines reach the edges
        inside = np.arange(max(0, inside[0] - 1), min(len(places), inside[-1] + 2))
    arrays = metrics.MetricArrays(arrays.steps[inside], arrays.times[inside], arrays.values[inside])
    sent = _Sent(row, count=len(inside))
    sent.lowest, sent.highest = _wider(sent, arrays, 0)
    keep = extremes(arrays.values, stretch_for(len(inside), 2 * MOST_POINTS))
    return points(row, run_id, arrays, keep, sent, replace=True)


def sparkline(connection: Connection, key: int) -> list[float]:
    """Return some numbers that show which way a series took."""
    values = _read(connection, key, 0).values
    values = values[np.isfinite(values)]
    if len(values) > _SPARK:
        values = values[extremes(values, stretch_for(len(values), _SPARK))]
    return [float(f"{value:.4g}") for value in values]


def numbers(values: NDArray[np.float64] | NDArray[np.int64]) -> Numbers:
    """Return numbers in the shortest of the ways that keep them exactly."""
    if not (np.abs(values) < _WHOLE).all() or not (values == np.floor(values)).all():
        return Numbers(kind="f8", data=values.astype("<f8").tobytes())
    whole = values.astype(np.int64)
    if len(whole) > 2 and (np.diff(whole) == whole[1] - whole[0]).all():
        step = float(whole[1] - whole[0])
        return Numbers(kind="range", start=float(whole[0]), step=step, count=len(whole))
    if (whole >= 0).all() and (whole < 2**32).all():
        return Numbers(kind="u4", data=whole.astype("<u4").tobytes())
    if (whole >= -(2**31)).all() and (whole < 2**31).all():
        return Numbers(kind="i4", data=whole.astype("<i4").tobytes())
    return Numbers(kind="f8", data=values.astype("<f8").tobytes())


def _wider(
    sent: _Sent, arrays: metrics.MetricArrays, begin: int
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Return the lowest and the highest point, those from index `begin` on taken in."""
    values, steps = arrays.values[begin:], arrays.steps[begin:]
    there = np.flatnonzero(np.isfinite(values))
    if len(there) == 0:
        return sent.lowest, sent.highest
    at_low, at_high = there[values[there].argmin()], there[values[there].argmax()]
    low = (float(values[at_low]), float(steps[at_low]))
    high = (float(values[at_high]), float(steps[at_high]))
    if sent.lowest is not None and sent.lowest[0] <= low[0]:
        low = sent.lowest
    if sent.highest is not None and sent.highest[0] >= high[0]:
        high = sent.highest
    return low, high


def _read(connection: Connection, key: int, start: int) -> metrics.MetricArrays:
    """Return the points from `start` on, their values as float64; text and None as NaN."""
    points = metrics.read_arrays(connection, key, start=start)
    values = points.values
    if values.dtype == object:
        values = np.array([_number(value) for value in values], dtype=np.float64)
    return points._replace(values=values.astype(np.float64))


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, (int, float)) else float("nan")
    except OverflowError:
        return float("inf")
