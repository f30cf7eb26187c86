"""A run and its descendants as a view sees them, kept current by what changes in the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from runwatch.feed.messages import Look, RunError, RunHead, TreeRow, TreeWindow
from runwatch.feed.wire import json_number
from runwatch.store import experiments, labels, metrics, runs
from runwatch.store.clock import iso_utc, to_ms
from runwatch.store.metrics import SeriesRow
from runwatch.store.runs import RunRow
from runwatch.store.status import TERMINAL

LIMIT_ROWS = 1000
"""Rows of a window, at most."""


class Place(NamedTuple):
    """Where a run stands among the visible rows."""

    key: int
    level: int
    position: int
    """1-based, among its siblings."""
    siblings: int


class Subtree:
    """Loaded once, then changed by `apply`."""

    def __init__(self, connection: Connection, run: RunRow) -> None:
        self._top = run.id
        self._experiment = experiments.get(connection, run.experiment).name
        self._definition = runs.definition(connection, run.id)
        self._rows: dict[int, RunRow] = {}
        self._live: set[int] = set()
        self._children: dict[int, list[int]] = {}
        self._tags: dict[int, labels.Labels] = {}
        self._properties: labels.Labels = {}
        self._metrics: dict[int, dict[str, Any]] = {}
        self._names: dict[str, None] = {}
        family = runs.subtree(connection, run)
        self._take_runs(connection, family)
        self.series: dict[int, SeriesRow] = {}
        """The series of the watched run itself, by key."""
        for item in metrics.of_runs(connection, [row.id for row in family]):
            self._take_last(item)

    def apply(
        self, connection: Connection, changed: Iterable[RunRow], series: Iterable[SeriesRow]
    ) -> set[int]:
        """Take in what has changed in the record; return the keys of the runs concerned."""
        root = self._rows[self._top].root
        inside, mine = set(self._rows), []
        for row in changed:  # a parent comes before its children, as keys grow
            if row.root == root and (row.id in inside or row.parent in inside):
                inside.add(row.id)
                mine.append(row)
        self._take_runs(connection, mine)
        touched = {row.id for row in mine}
        for item in series:
            if item.run in self._rows:
                self._take_last(item)
                touched.add(item.run)
        return touched

    def is_live(self) -> bool:
        """Return whether the run or a descendant has not ended."""
        return bool(self._live)

    def _take_runs(self, connection: Connection, rows: list[RunRow]) -> None:
        for row in rows:
            if row.id not in self._rows and row.id != self._top and row.parent is not None:
                self._children.setdefault(row.parent, []).append(row.id)
            self._rows[row.id] = row
            if row.status in TERMINAL:
                self._live.discard(row.id)
            else:
                self._live.add(row.id)
        self._tags.update(labels.tags(connection, [row.id for row in rows]))
        if any(row.id == self._top for row in rows):
            self._properties = labels.properties(connection, [self._top])[self._top]

    def _take_last(self, item: SeriesRow) -> None:
        if item.kind == "scalar":
            self._metrics.setdefault(item.run, {})[item.name] = json_number(item.last)
            if item.run != self._top:
                self._names.setdefault(item.name)
        if item.run == self._top:
            self.series[item.id] = item

    # --- what is shown ----------------------------------------------------------------------

    def head(self, *, brief: bool = False) -> RunHead:
        """Return the watched run; briefly: without properties and details."""
        row = self._rows[self._top]
        parent = row.parent and self._rows.get(row.parent)
        counts = Counter(r.status for key, r in self._rows.items() if key != self._top)
        return RunHead(
            run_id=row.run_id,
            experiment=self._experiment,
            display_name=row.shown_name,
            number=row.number,
            status=row.status,
            created_ms=row.created_us // 1000,
            started_ms=to_ms(row.started_us),
            ended_ms=to_ms(row.ended_us),
            cancel_requested_ms=to_ms(row.cancel_requested_us),
            cancel_forced_ms=to_ms(row.cancel_forced_us),
            description=row.description,
            parent_id=parent.run_id if parent else None,
            tags=self._tags[self._top],
            properties={} if brief else self._properties,
            details={} if brief else self._details(row),
            error=_error(row),
            child_counts=dict(counts),
        )

    def last_metrics(self) -> dict[str, Any]:
        """Return the last value of each scalar metric of the watched run."""
        return dict(self._metrics.get(self._top, {}))

    def _details(self, row: RunRow) -> dict[str, str]:
        definition = self._definition or {}
        command = definition.get("command")
        known = {
            "Run id": row.run_id,
            "Experiment": self._experiment,
            "Command": " ".join(command) if command else None,
            "Compute target": row.target,
            "Host": row.host,
            "Process": None if row.pid is None else str(row.pid),
            "Snapshot": row.snapshot,
            "Created": iso_utc(row.created_us),
            "Started": None if row.started_us is None else iso_utc(row.started_us),
            "Ended": None if row.ended_us is None else iso_utc(row.ended_us),
        }
        return {label: value for label, value in known.items() if value is not None}

    def visible(self, look: Look) -> list[Place]:
        """Return the places of all rows that can be seen."""
        matching = self._matching(look.filter)
        expanded = set(look.expanded)
        found: list[Place] = []
        waiting = [Place(self._top, 0, 1, 1)]
        while waiting:
            place = waiting.pop()
            key, level = place.key, place.level
            if level:
                found.append(place)
            open_here = level == 0 or matching is not None or self._rows[key].run_id in expanded
            if open_here:
                below = self._children.get(key, [])
                if matching is not None:
                    below = [child for child in below if child in matching]
                count = len(below)
                waiting += [
                    Place(child, level + 1, count - i, count)
                    for i, child in enumerate(reversed(below))
                ]
        return found

    def _matching(self, text: str) -> set[int] | None:
        """Return the runs that match, with their ancestors; None if all are to be shown."""
        wanted = text.strip().casefold()
        if not wanted:
            return None
        shown: set[int] = set()
        for key, row in self._rows.items():
            if wanted in self._searched(row):
                at: int | None = key
                while at is not None and at not in shown and at in self._rows:
                    shown.add(at)
                    at = self._rows[at].parent
        return shown

    def _searched(self, row: RunRow) -> str:
        tags = self._tags[row.id]
        words = [row.shown_name, row.status, row.run_id, *self._metrics.get(row.id, {})]
        words += [f"{key}={value}" if value is not None else key for key, value in tags.items()]
        return "\n".join(words).casefold()

    def window(self, look: Look, visible: list[Place]) -> TreeWindow:
        """Return the rows of the window that the view looks at."""
        offset = max(0, min(look.offset, len(visible)))
        shown = visible[offset : offset + max(0, min(look.limit, LIMIT_ROWS))]
        return TreeWindow(
            offset=offset,
            total=len(visible),
            rows=self.rows(shown, look),
            metric_names=list(self._names),
        )

    def rows(self, places: list[Place], look: Look) -> list[TreeRow]:
        """Return these rows."""
        return [self._tree_row(place, look) for place in places]

    def _tree_row(self, place: Place, look: Look) -> TreeRow:
        key = place.key
        row = self._rows[key]
        children = self._children.get(key, [])
        return TreeRow(
            run_id=row.run_id,
            level=place.level,
            position=place.position,
            siblings=place.siblings,
            display_name=row.shown_name,
            number=row.number,
            status=row.status,
            created_ms=row.created_us // 1000,
            child_count=len(children),
            expanded=bool(children) and (bool(look.filter) or row.run_id in look.expanded),
            started_ms=to_ms(row.started_us),
            ended_ms=to_ms(row.ended_us),
            tags=self._tags[key],
            metrics=self._metrics.get(key, {}),
        )


def _error(row: RunRow) -> RunError | None:
    body = row.error_body
    if body is None or row.status not in TERMINAL:
        return None
    return RunError(
        message=body.get("message") or "The run has failed; no reason was given.",
        code=body.get("code") or "UserError",
        traceback=(body.get("debugInfo") or {}).get("stackTrace"),
    )
