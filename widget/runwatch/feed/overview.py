"""What goes on in a workspace: its experiments, and the runs that are live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from runwatch.feed.family import Touched
from runwatch.feed.messages import ExperimentRow, LiveRun, Look, Overview
from runwatch.store import experiments, runs
from runwatch.store.clock import now_us, to_ms
from runwatch.store.metrics import SeriesRow
from runwatch.store.runs import RunRow
from runwatch.store.status import TERMINAL

MOST_LIVE = 200
TOP_OF_WORKSPACE = 0
"""Stands for the workspace among the runs that an update concerns."""


class OfWorkspace(NamedTuple):
    """Scope: the workspace as a whole."""


class Survey:
    """A workspace's experiments and live runs, loaded once and then changed by `apply`.

    Runs are counted once; from then on by what changes, as there may be a million of them.
    """

    def __init__(self, connection: Connection) -> None:
        self._newest_key = runs.newest_key(connection)
        self._counts: dict[int, Counter[str]] = {}
        for key, status, count in runs.counted(connection):
            self._counts.setdefault(key, Counter())[status] = count
        self._newest_us = runs.newest_of_experiments(connection)
        self._live = {row.id: row for row in runs.live(connection)}
        self.experiments: list[ExperimentRow] = []
        self.live: list[LiveRun] = []
        self.live_count = 0
        self._describe(connection)

    def is_live(self) -> bool:
        """Return whether a run has not ended."""
        return bool(self._live)

    def apply(
        self, connection: Connection, changed: Sequence[RunRow], series: Sequence[SeriesRow]
    ) -> Touched:
        """Take in what has changed; return nothing as touched if all looks as before."""
        recount: set[int] = set()
        for row in changed:
            self._take(row, recount)
        for key in recount:  # a status that was thought to be the last may have changed
            self._counts[key] = Counter(
                {status: count for _, status, count in runs.counted(connection, key)}
            )
        before = self.experiments, self.live, self.live_count
        self._describe(connection)
        same = before == (self.experiments, self.live, self.live_count)
        return Touched(set() if same else {TOP_OF_WORKSPACE}, [])

    def _take(self, row: RunRow, recount: set[int]) -> None:
        counts = self._counts.setdefault(row.experiment, Counter())
        newest = self._newest_us.get(row.experiment, 0)
        self._newest_us[row.experiment] = max(newest, row.created_us)
        before = self._live.pop(row.id, None)
        if before is not None:
            counts[before.status] -= 1
            counts[row.status] += 1
        elif row.id > self._newest_key:
            self._newest_key = row.id
            counts[row.status] += 1
        else:
            recount.add(row.experiment)
        if row.status not in TERMINAL:
            self._live[row.id] = row

    def _describe(self, connection: Connection) -> None:
        active = experiments.all_active(connection)
        names = {row.key: row.name for row in active}
        # A child run may outlive its parent, and is then found nowhere else among what goes on.
        top = [row for row in self._live.values() if row.parent not in self._live]
        top.sort(key=lambda row: row.id, reverse=True)
        self.live = [_live_run(row, names.get(row.experiment, "")) for row in top[:MOST_LIVE]]
        self.live_count = len(top)
        described = [
            ExperimentRow(
                name=row.name,
                run_counts={s: n for s, n in self._counts.get(row.key, {}).items() if n},
                newest_ms=to_ms(self._newest_us.get(row.key)),
            )
            for row in active
        ]
        self.experiments = sorted(described, key=lambda one: one.newest_ms or 0, reverse=True)


class Overviewer:
    """Makes the overviews for all views of a workspace: a `Channel` that knows one look."""

    def __init__(self, survey: Survey, look: Look) -> None:
        self._survey = survey
        self.look = look

    def is_live(self) -> bool:
        """Return whether a run has not ended."""
        return self._survey.is_live()

    def snapshot(self, connection: Connection) -> Overview:
        """Return the overview."""
        return Overview(
            channel="",
            seq=0,
            now_ms=now_us() // 1000,
            experiments=self._survey.experiments,
            live=self._survey.live,
            live_count=self._survey.live_count,
        )

    def repeat(self, connection: Connection) -> Overview:
        """Return the overview as the views have it."""
        return self.snapshot(connection)

    def refresh(
        self, connection: Connection, touched: Touched, series: Sequence[SeriesRow]
    ) -> Overview | None:
        """Return the overview if it has changed."""
        return self.snapshot(connection) if touched.keys else None

    def refresh_files(self) -> None:
        """Return nothing: files are no part of it."""

    def change_look(self, connection: Connection, look: Look) -> None:
        """Return nothing: all looks show the same."""
        self.look = look


def _live_run(row: RunRow, experiment: str) -> LiveRun:
    return LiveRun(
        run_id=row.run_id,
        experiment=experiment,
        display_name=row.shown_name,
        number=row.number,
        status=row.status,
        created_ms=row.created_us // 1000,
        started_ms=to_ms(row.started_us),
    )
