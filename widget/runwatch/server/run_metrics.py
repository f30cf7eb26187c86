"""The metrics of one run as plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwatch.exceptions import ServiceException
from runwatch.feed.thinning import extremes, stretch_for
from runwatch.feed.wire import json_number
from runwatch.server.lookup import Found, find_run
from runwatch.server.models import MetricItem, MetricList, MetricPoints, MetricsQuery
from runwatch.server.workspaces import Workspaces
from runwatch.store import metrics
from runwatch.store.journal import PROGRESS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runwatch.store.metrics import MetricArrays, SeriesRow


def get_metrics(
    workspaces: Workspaces, run_id: str, query: MetricsQuery
) -> MetricList | MetricPoints:
    """Return the metrics of a run, or with a name the points of that one."""
    found = find_run(workspaces, run_id, query.workspace)
    with found.database.read() as connection:
        here = [s for s in metrics.of_runs(connection, [found.row.id]) if s.kind != PROGRESS]
        if not query.name:
            items = [_item(series) for series in here]
            return MetricList(workspace_id=found.workspace_id, run_id=run_id, metrics=items)
        series = _named(here, query.name, run_id)
        arrays = metrics.read_arrays(connection, series.id)
    return _points(found, series, arrays, query.max_points)


def _item(series: SeriesRow) -> MetricItem:
    return MetricItem(
        name=series.name,
        kind=series.kind,
        count=series.count,
        last=json_number(series.last) if series.kind == "scalar" else None,
    )


def _named(here: list[SeriesRow], name: str, run_id: str) -> SeriesRow:
    kinds = {series.kind: series for series in here if series.name == name}
    if "scalar" in kinds:
        return kinds["scalar"]
    said = f"The run {run_id} has no metric {name!r}."
    if kinds:
        said = f"The metric {name!r} of run {run_id} is a {next(iter(kinds))} and has no points."
    raise ServiceException(said, status_code=404)


def _points(found: Found, series: SeriesRow, arrays: MetricArrays, most: int) -> MetricPoints:
    import numpy as np

    values = arrays.values.tolist()
    # What is no number is passed over when the lowest and the highest are looked for.
    numbers = np.array([metrics.comparable(value) for value in values], dtype=np.float64)
    keep = _kept(numbers, most)
    finite = numbers[np.isfinite(numbers)]
    return MetricPoints(
        workspace_id=found.workspace_id,
        run_id=found.row.run_id,
        name=series.name,
        count=len(values),
        last=json_number(series.last),
        lowest=float(finite.min()) if len(finite) else None,
        highest=float(finite.max()) if len(finite) else None,
        steps=arrays.steps[keep].tolist(),
        times_ms=np.round(arrays.times[keep] * 1000).astype(np.int64).tolist(),
        values=[json_number(values[place]) for place in keep],
    )


def _kept(numbers: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    stretch = stretch_for(len(numbers), most)
    keep = extremes(numbers, stretch)
    while len(keep) > most:  # the last stretch is a short one
        stretch *= 2
        keep = extremes(numbers, stretch)
    return keep
