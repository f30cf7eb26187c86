"""The points of a metric as a file to go on with elsewhere."""

from __future__ import annotations

import csv as csv_files
import io
import json
import math
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from runwatch.store.metrics import MetricArrays

NamedPoints = tuple[str, str, MetricArrays]
"""A run's name and id, and the points of the metric."""


def csv(metric: str, runs: Sequence[NamedPoints]) -> bytes:
    """Return all points of all runs, one in a line."""
    text = io.StringIO(newline="")
    writer = csv_files.writer(text)
    writer.writerow(["run_id", "run", "metric", "step", "time", "value"])
    for name, run_id, points in runs:
        for step, time_s, value in zip(*(part.tolist() for part in points), strict=True):
            at = datetime.fromtimestamp(time_s, timezone.utc).isoformat()
            writer.writerow([run_id, name, metric, step, at, value])
    return text.getvalue().encode()


def plotly_figure(metric: str, runs: Sequence[NamedPoints]) -> dict[str, Any]:
    """Return a Plotly figure as plain data: a line for each run."""
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": points.steps.tolist(),
            "y": [_drawn(value) for value in points.values.tolist()],
        }
        for name, _, points in runs
    ]
    axes = {"xaxis": {"title": {"text": "step"}}, "yaxis": {"title": {"text": metric}}}
    return {"data": lines, "layout": {"title": {"text": metric}, **axes}}


def plotly_json(metric: str, runs: Sequence[NamedPoints]) -> bytes:
    """Return that figure as JSON, to be opened with `plotly.io.read_json`."""
    return json.dumps(plotly_figure(metric, runs)).encode()


def _drawn(value: Any) -> float | None:
    """Return a value that JSON and a chart can hold; a gap for all others."""
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None
