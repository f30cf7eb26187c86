"""The last known state as plain HTML, for where no widget can run: nbconvert, GitHub, a preview.

All text is escaped, and all style is in the elements: what shows notebooks drops style sheets.
"""

from __future__ import annotations

import struct
from html import escape
from typing import Any

from runwatch.feed.messages import Numbers, Points, RunHead, Snapshot, TreeRow
from runwatch.store.clock import elapsed, iso_utc

MOST_ROWS = 50
MOST_CHARTS = 12
_COLOURS = {"Completed": "#2e7d32", "Failed": "#c62828", "Canceled": "#8a5a00"}
_LIVE_COLOUR = "#1565c0"
_CELL = 'style="text-align:left;padding:2px 12px 2px 0;vertical-align:top"'
_TAG = 'style="border:1px solid #bbb;border-radius:4px;padding:0 6px;margin-right:6px"'
_FORMATS = {"f8": "d", "i4": "i", "u4": "I"}
_WIDTH, _HEIGHT = 220, 60


def page(state: Snapshot) -> str:
    """Return status, tags, the tree's first rows, charts and the error as HTML."""
    parts = [_heading(state)]
    if state.run is not None:
        parts += [_tags(state.run), _error(state.run)]
    parts += [_charts(state.points), _tree(state)]
    body = "".join(parts)
    return f'<div style="font-family:sans-serif;font-size:13px">{body}</div>'


def _heading(state: Snapshot) -> str:
    at = f'<span style="color:#666">as of {iso_utc(state.now_ms * 1000)}</span>'
    if state.run is None:
        name = state.experiment.name if state.experiment else ""
        return f"<p><b>{escape(name)}</b> {_counts(_counted(state))} {at}</p>"
    run = state.run
    origin = escape(f"#{run.number} · {run.experiment}")
    time = elapsed(run.started_ms, run.ended_ms, state.now_ms)
    return (
        f"<p>{_status(run.status)} <b>{escape(run.display_name)}</b> {time} {origin} "
        f"{_counts(run.child_counts)} {at}</p>"
    )


def _counted(state: Snapshot) -> dict[str, int]:
    return state.experiment.run_counts if state.experiment else {}


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {escape(status)}" for status, count in counts.items())


def _status(status: str) -> str:
    return f'<b style="color:{_COLOURS.get(status, _LIVE_COLOUR)}">{escape(status)}</b>'


def _tags(run: RunHead) -> str:
    words = (key if value is None else f"{key}={value}" for key, value in run.tags.items())
    spans = "".join(f"<span {_TAG}>{escape(word)}</span>" for word in words)
    return f"<p>{spans}</p>" if spans else ""


def _error(run: RunHead) -> str:
    if run.error is None:
        return ""
    text = f'<p style="color:#c62828">{escape(run.error.message)}</p>'
    if run.error.traceback:
        text += (
            f"<details><summary>Traceback</summary><pre>{escape(run.error.traceback)}</pre>"
            "</details>"
        )
    return text


def _charts(points: list[Points]) -> str:
    boxes = "".join(_chart(one) for one in points[:MOST_CHARTS])
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{boxes}</div>' if boxes else ""


def _chart(points: Points) -> str:
    values = _decoded(points.values)
    line = _polyline(points.name, _decoded(points.steps), values) if len(values) > 1 else ""
    return f"<div><div>{escape(points.name)} <b>{escape(_shown(points.last))}</b></div>{line}</div>"


def _decoded(numbers: Numbers) -> list[float]:
    if numbers.kind == "range":
        return [numbers.start + i * numbers.step for i in range(numbers.count)]
    code = _FORMATS[numbers.kind]
    count = len(numbers.data) // struct.calcsize(code)
    return list(struct.unpack(f"<{count}{code}", numbers.data))


def _polyline(name: str, steps: list[float], values: list[float]) -> str:
    drawn = [(x, y) for x, y in zip(steps, values, strict=True) if abs(y) < float("inf")]
    if len(drawn) < 2:
        return ""
    xs, ys = zip(*drawn, strict=True)
    wide, high = (max(xs) - min(xs)) or 1, (max(ys) - min(ys)) or 1
    places = " ".join(
        f"{(x - min(xs)) / wide * _WIDTH:.1f},{_HEIGHT - (y - min(ys)) / high * _HEIGHT:.1f}"
        for x, y in drawn
    )
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="-2 -2 {_WIDTH + 4} {_HEIGHT + 4}" '
        f'role="img" aria-label="{escape(name)} by step">'
        f'<polyline points="{places}" fill="none" stroke="{_LIVE_COLOUR}" '
        'stroke-width="1.5"/></svg>'
    )


def _tree(state: Snapshot) -> str:
    if not state.rows:
        return ""
    columns = [c for c in state.tree.columns if ":" in c]
    names = ["Run", "Status", *(c.partition(":")[2] for c in columns), "Tags"]
    heads = "".join(f"<th {_CELL}>{escape(name)}</th>" for name in names)
    rows = "".join(_row(row, columns) for row in state.rows)
    more = state.tree.total - len(state.rows)
    note = f"<p>and {more:,} more</p>" if more else ""
    return f"<table><tr>{heads}</tr>{rows}</table>{note}"


def _row(row: TreeRow, columns: list[str]) -> str:
    tags = ", ".join(k if v is None else f"{k}={v}" for k, v in row.tags.items())
    values = [_shown(row.values.get(column, "")) for column in columns]
    cells = "".join(f"<td {_CELL}>{escape(text)}</td>" for text in [*values, tags])
    indent = "&nbsp;" * 4 * (row.level - 1)
    name = f"<td {_CELL}>{indent}{escape(row.display_name)}</td>"
    return f"<tr>{name}<td {_CELL}>{_status(row.status)}</td>{cells}</tr>"


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
