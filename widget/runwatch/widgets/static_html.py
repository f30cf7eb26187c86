"""A run as plain HTML, for where no widget can run: a saved notebook, nbconvert, GitHub."""

from __future__ import annotations

from html import escape
from typing import Any

_COLOURS = {"Completed": "#2e7d32", "Failed": "#c62828", "Canceled": "#6d6d6d"}
_LIVE_COLOUR = "#1565c0"
_CELL = 'style="text-align:left;padding:2px 12px 2px 0"'


def card(summary: dict[str, Any]) -> str:
    """Return a small table of status, tags, children and last metrics; all text is escaped."""
    run = summary["run"]
    status = run["status"]
    rows = [("Experiment", f"{run['experiment']} #{run['number']}"), ("Run id", run["run_id"])]
    if run["tags"]:
        tags = (k if v is None else f"{k}={v}" for k, v in run["tags"].items())
        rows.append(("Tags", ", ".join(tags)))
    if run["child_counts"]:
        counts = (f"{count} {word}" for word, count in run["child_counts"].items())
        rows.append(("Child runs", ", ".join(counts)))
    rows += [(name, _shown(value)) for name, value in summary["metrics"].items()]
    if run["error"]:
        rows.append(("Error", run["error"]["message"]))
    body = "".join(
        f"<tr><th {_CELL}>{escape(label)}</th><td {_CELL}>{escape(value)}</td></tr>"
        for label, value in rows
    )
    colour = _COLOURS.get(status, _LIVE_COLOUR)
    return (
        f'<div style="font-family:sans-serif;font-size:13px"><p><b>{escape(run["display_name"])}'
        f'</b> <span style="color:{colour}">{escape(status)}</span></p>'
        f"<table>{body}</table></div>"
    )


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
