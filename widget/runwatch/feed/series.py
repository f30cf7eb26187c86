"""The points of a run's metrics, as many as a chart can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from runwatch.feed.messages import Points
from runwatch.feed.wire import json_number
from runwatch.store import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runwatch.store.metrics import SeriesRow

MOST_POINTS = 600
"""Points of one metric that a chart gets at once; at twice as many it is drawn anew."""


class SeriesFeed:
    """Sends each metric of one run once in full, and then what has been added."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._sent: dict[int, int] = {}
        self._drawn: dict[int, int] = {}

    def restart(self) -> None:
        """Forget what was sent: the view begins anew."""
        self._sent.clear()
        self._drawn.clear()

    def news(self, connection: Connection, rows: list[SeriesRow]) -> list[Points]:
        """Return what the view lacks of these series."""
        return [
            self._news_of(connection, row)
            for row in rows
            if row.kind == "scalar" and self._sent.get(row.id) != row.count
        ]

    def _news_of(self, connection: Connection, row: SeriesRow) -> Points:
        sent, drawn = self._sent.get(row.id, 0), self._drawn.get(row.id, 0)
        replace = sent == 0 or drawn + row.count - sent > 2 * MOST_POINTS
        start = 0 if replace else sent
        steps, values = _read(connection, row.id, start)
        reached = start + len(values)
        if replace:
            steps, values = downsample(steps, values)
        self._sent[row.id] = reached
        self._drawn[row.id] = len(values) if replace else drawn + len(values)
        return Points(
            run_id=self._run_id,
            name=row.name,
            last=json_number(row.last),
            count=reached,
            replace=replace,
            steps=steps.astype("<f8").tobytes(),
            values=values.astype("<f8").tobytes(),
        )


def downsample(
    steps: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most `MOST_POINTS` of the points, with their extremes and their shape."""
    if len(values) <= MOST_POINTS:
        return steps, values
    # NaN and infinities have no place in a triangle; a chart shows them as gaps.
    finite = np.isfinite(values)
    if int(finite.sum()) <= MOST_POINTS:
        return steps[finite], values[finite]
    from tsdownsample import MinMaxLTTBDownsampler

    x, y = np.ascontiguousarray(steps[finite]), np.ascontiguousarray(values[finite])
    keep = MinMaxLTTBDownsampler().downsample(y, n_out=MOST_POINTS)
    return x[keep], y[keep]


def _read(
    connection: Connection, key: int, start: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return steps and values of the points from `start` on; text and None as NaN."""
    points = metrics.read_arrays(connection, key, start=start)
    values = points.values
    if values.dtype == object:
        values = np.array([_number(value) for value in values], dtype=np.float64)
    return points.steps.astype(np.float64), values.astype(np.float64)


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, (int, float)) else float("nan")
    except OverflowError:
        return float("inf")
