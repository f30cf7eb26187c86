"""What a notebook keeps of a view: HTML, and the state from which the extension draws it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from runwatch.feed.messages import RunHead, Snapshot, Summary, TreeRow
from runwatch.widgets.static_html import page

MIME_TYPE = "application/vnd.runwatch.view+json"
VERSION = 1
MOST_BYTES = 18_000
"""Of each of the two in the notebook's file: one with many runs in it stays a small file."""
_MOST_COLUMNS = 20
_MOST_LAST_VALUES = 20
_FEW_LABELS = 5
_MOST_LABELS_OF_ROW = 6
_MOST_TEXT = 1_500
_MOST_TEXT_OF_LABEL = 120


class _Detail(NamedTuple):
    """How much is kept; the first that is small enough is."""

    rows: int
    metrics: int
    files: int = 20
    labels: int = 20


_DETAILS = (
    _Detail(50, 12),
    _Detail(50, 6),
    _Detail(25, 6),
    _Detail(25, 4),
    _Detail(15, 4),
    _Detail(10, 4),
    _Detail(5, 2, files=5, labels=10),
    _Detail(0, 0, files=0, labels=_FEW_LABELS),
)


def kept(summary: Summary, state: Snapshot, unfolded: Snapshot) -> dict[str, Any]:
    """Return, by MIME type, what a notebook keeps beside a view, with as much as fits.

    In HTML nobody can open a row, so that its tree is the one that is unfolded.
    """
    return {
        "text/html": _fitting(unfolded, page),
        # As text: of an object a notebook writes each number on a line of its own.
        MIME_TYPE: {"version": VERSION, "view": _fitting(state, lambda part: _view(summary, part))},
    }


def _view(summary: Summary, state: Snapshot) -> str:
    run = None if summary.run is None else _brief(summary.run, _FEW_LABELS)
    brief = replace(summary, run=run, metrics=_brief_labels(summary.metrics, _MOST_LAST_VALUES))
    # Encoded as JSON, the bytes of points become base64.
    return msgspec.json.encode({"summary": brief, "snapshot": state}).decode()


def _fitting(state: Snapshot, make: Callable[[Snapshot], str]) -> str:
    for detail in _DETAILS:
        made = make(_reduced(state, detail))
        if len(msgspec.json.encode(made)) <= MOST_BYTES:
            return made
    return made


def _reduced(state: Snapshot, detail: _Detail) -> Snapshot:
    rows = [_brief_row(row) for row in state.rows[: detail.rows]]
    return replace(
        state,
        run=None if state.run is None else _brief(state.run, detail.labels),
        rows=rows,
        tree=replace(state.tree, ids=[row.run_id for row in rows]),
        offered=state.offered[:_MOST_COLUMNS],
        points=state.points[: detail.metrics],
        structures=state.structures[: detail.metrics],
        logs=state.logs[: detail.files],
        files=state.files[: detail.files],
        log_text=None,
    )


def _brief(run: RunHead, most: int) -> RunHead:
    error = run.error
    if error is not None:
        trace = error.traceback and error.traceback[-_MOST_TEXT:]
        error = replace(error, message=error.message[:_MOST_TEXT], traceback=trace)
    return replace(
        run,
        description=run.description and run.description[:_MOST_TEXT],
        tags=_brief_labels(run.tags, most),
        properties=_brief_labels(run.properties, most),
        parameters=_brief_labels(run.parameters, most),
        details={},  # they name the machine and its folders
        error=error,
    )


def _brief_row(row: TreeRow) -> TreeRow:
    return replace(row, tags=_brief_labels(row.tags, _MOST_LABELS_OF_ROW))


def _brief_labels(labels: dict[str, Any], most: int) -> dict[str, Any]:
    return {
        key[:_MOST_TEXT_OF_LABEL]: (
            value[:_MOST_TEXT_OF_LABEL] if isinstance(value, str) else value
        )
        for key, value in list(labels.items())[:most]
    }
