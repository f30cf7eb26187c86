"""A run and its descendants, or the runs of an experiment, kept current by what changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from runwatch.exceptions import ServiceException
from runwatch.feed.filter import Described
from runwatch.feed.messages import ExperimentHead, RunError, RunHead, Structure
from runwatch.feed.progress import LoggedProgress
from runwatch.feed.wire import json_number
from runwatch.store import experiments, labels, metrics, points, runs
from runwatch.store.clock import iso_utc, to_ms
from runwatch.store.journal import PROGRESS
from runwatch.store.metrics import SeriesRow
from runwatch.store.runs import RunRow
from runwatch.store.status import TERMINAL

TOP_OF_EXPERIMENT = 0
"""Stands as the parent of an experiment's runs; the keys of runs begin at 1."""
_READ_PROGRESS = 1024
"""How many of the last points of the progress tell how quickly it goes on."""


class OfRun(NamedTuple):
    """Scope: that run and its descendants."""

    run_id: str


class OfExperiment(NamedTuple):
    """Scope: the runs of that experiment."""

    key: int


FamilyScope = OfRun | OfExperiment


class Touched(NamedTuple):
    """What an update of the family concerned."""

    keys: set[int]
    """Runs that are new or have changed."""
    new: list[int]
    """Those of them that are new, each after its parent."""


class Family:
    """Loaded once, then changed by `apply`. Keys are those of the record's tables.

    Raises
    ------
    ServiceException
        There is no such run.
    """

    def __init__(self, connection: Connection, scope: FamilyScope) -> None:
        self.rows: dict[int, RunRow] = {}
        self.children: dict[int, list[int]] = {}
        self.tags: dict[int, labels.Labels] = {}
        self.parameters: dict[int, dict[str, Any]] = {}
        self.metrics: dict[int, dict[str, Any]] = {}
        """Last value of each scalar metric."""
        self.offered: dict[str, None] = {}
        """Columns that a tree of these runs can have, in the order in which they came up."""
        self.counts: Counter[str] = Counter()
        self._progress = LoggedProgress()
        self._live: set[int] = set()
        self._properties: labels.Labels = {}
        self._root: int | None = None
        self.series: dict[int, SeriesRow] = {}
        """The series of the watched run itself, by key."""
        if isinstance(scope, OfRun):
            family = self._begin_at_run(connection, scope.run_id)
        else:
            self.top, self._experiment_key = TOP_OF_EXPERIMENT, scope.key
            family = runs.where(connection, runs.of_experiment(scope.key))
        self._experiment = experiments.get(connection, self._experiment_key).name
        self._take_runs(connection, family)
        for item in metrics.of_runs(connection, [row.id for row in family]):
            self._take_last(connection, item)

    def _begin_at_run(self, connection: Connection, run_id: str) -> list[RunRow]:
        run = runs.find(connection, run_id)
        if run is None:
            raise ServiceException(f"Run {run_id} was not found.", status_code=404)
        self.top, self._root, self._experiment_key = run.id, run.root, run.experiment
        self._definition = runs.definition(connection, run.id) or {}
        parents = () if run.parent is None else (run.parent,)
        self._parent_id = next(iter(runs.ids_of(connection, parents).values()), None)
        return runs.subtree(connection, run)

    def apply(
        self, connection: Connection, changed: Iterable[RunRow], series: Iterable[SeriesRow]
    ) -> Touched:
        """Take in what has changed in the record; return the runs concerned."""
        mine: list[RunRow] = []
        new: dict[int, None] = {}
        for row in changed:  # a parent comes before its children, as keys grow
            if row.id in self.rows:
                mine.append(row)
            elif self._is_inside(row, new):
                mine.append(row)
                new[row.id] = None
        self._take_runs(connection, mine)
        touched = {row.id for row in mine}
        for item in series:
            if item.run in self.rows:
                self._take_last(connection, item)
                touched.add(item.run)
        return Touched(touched, list(new))

    def _is_inside(self, row: RunRow, new: dict[int, None]) -> bool:
        if self.top == TOP_OF_EXPERIMENT:
            return row.experiment == self._experiment_key
        return row.root == self._root and (row.parent in self.rows or row.parent in new)

    def is_live(self) -> bool:
        """Return whether a run of the family has not ended."""
        return bool(self._live)

    def run(self) -> RunRow | None:
        """Return the watched run, if it is one run that is watched."""
        return self.rows.get(self.top)

    def _take_runs(self, connection: Connection, rows: list[RunRow]) -> None:
        for row in rows:
            before = self.rows.get(row.id)
            self.rows[row.id] = row
            if row.id != self.top:
                if before is None:
                    parent = row.parent if row.parent in self.rows else self.top
                    self.children.setdefault(parent or self.top, []).append(row.id)
                else:
                    self.counts[before.status] -= 1
                self.counts[row.status] += 1
            if row.status in TERMINAL:
                self._live.discard(row.id)
            else:
                self._live.add(row.id)
        keys = [row.id for row in rows]
        self.tags.update(labels.tags(connection, keys))
        for key, named in labels.parameters(connection, keys).items():
            self.parameters[key] = {name: json_number(value) for name, value in named.items()}
        for key in keys:
            if key != self.top:
                self.offered.update(dict.fromkeys(f"param:{name}" for name in self.parameters[key]))
                self.offered.update(dict.fromkeys(f"tag:{name}" for name in self.tags[key]))
        if self.top in keys:
            self._properties = labels.properties(connection, [self.top])[self.top]

    def _take_last(self, connection: Connection, item: SeriesRow) -> None:
        if item.kind == "scalar":
            self.metrics.setdefault(item.run, {})[item.name] = json_number(item.last)
            if item.run != self.top:
                self.offered.setdefault(f"metric:{item.name}")
        elif item.kind == PROGRESS:
            if item.run == self.top:
                self._take_progress(connection, item)
            return
        if item.run == self.top:
            self.series[item.id] = item

    def _take_progress(self, connection: Connection, item: SeriesRow) -> None:
        if self._progress.shown is None:
            start = max(0, item.count - _READ_PROGRESS)
            for _, chunk in metrics.read_chunks(connection, item.id, start=start):
                for kept in points.values(chunk):
                    self._progress.take(kept)
        else:
            self._progress.take(item.last)

    # --- what is shown ----------------------------------------------------------------------

    def described(self, key: int) -> Described:
        """Return what a filter looks at."""
        row = self.rows[key]
        return Described(
            name=row.shown_name,
            run_id=row.run_id,
            status=row.status,
            tags=self.tags[key],
            parameters=self.parameters[key],
            metrics=self.metrics.get(key, {}),
        )

    def experiment_head(self) -> ExperimentHead | None:
        """Return the experiment, if it is one that is watched."""
        if self.top != TOP_OF_EXPERIMENT:
            return None
        return ExperimentHead(name=self._experiment, run_counts=self._counts())

    def head(self, *, brief: bool = False) -> RunHead | None:
        """Return the watched run; briefly: without what only its details show."""
        row = self.run()
        if row is None:
            return None
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
            parent_id=self._parent_id,
            progress=None if row.status in TERMINAL else self._progress.shown,
            tags=self.tags[row.id],
            properties={} if brief else self._properties,
            parameters={} if brief else self.parameters[row.id],
            details={} if brief else self._details(row),
            error=_error(row),
            child_counts=self._counts(),
        )

    def structures(self) -> list[Structure]:
        """Return the watched run's metrics that are no series of numbers."""
        return [
            Structure(name=item.name, kind=item.kind, count=item.count)
            for item in self.series.values()
            if item.kind != "scalar"
        ]

    def _counts(self) -> dict[str, int]:
        return {status: count for status, count in self.counts.items() if count}

    def _details(self, row: RunRow) -> dict[str, str]:
        command = self._definition.get("command")
        known = {
            "run_id": row.run_id,
            "experiment": self._experiment,
            "command": " ".join(command) if command else None,
            "target": row.target,
            "host": row.host,
            "process": None if row.pid is None else str(row.pid),
            "snapshot": row.snapshot,
            "created": iso_utc(row.created_us),
            "started": None if row.started_us is None else iso_utc(row.started_us),
            "ended": None if row.ended_us is None else iso_utc(row.ended_us),
        }
        return {name: value for name, value in known.items() if value is not None}


def _error(row: RunRow) -> RunError | None:
    body = row.error_body
    if body is None or row.status not in TERMINAL:
        return None
    return RunError(
        message=body.get("message") or "The run has failed; no reason was given.",
        code=body.get("code") or "UserError",
        traceback=(body.get("debugInfo") or {}).get("stackTrace"),
    )


def first_line_of_error(row: RunRow) -> str | None:
    """Return why a run failed, as short as a row of a tree can show it."""
    error = _error(row)
    return None if error is None else error.message.splitlines()[0][:200]
