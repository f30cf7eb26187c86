"""What the views that look alike have been sent, and what they lack."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from runwatch.feed.family import Family, Touched
from runwatch.feed.files import LogFeed, run_files
from runwatch.feed.messages import (
    Delta,
    LogText,
    Look,
    Points,
    Progress,
    RunFile,
    RunHead,
    Snapshot,
    Summary,
)
from runwatch.feed.progress import ProgressInLog
from runwatch.feed.series import MOST_POINTS, MOST_POINTS_SMALL, SeriesFeed
from runwatch.feed.tree_view import TreeView
from runwatch.store import metrics, runs
from runwatch.store.clock import now_us
from runwatch.store.database import Database
from runwatch.store.metrics import SeriesRow
from runwatch.store.status import TERMINAL

FILES_EVERY_S = 1.0
FILES_OF_ENDED_EVERY_S = 3.0
"""A run can be given files after its end, of which the database knows nothing."""
MOST_COMPARED = 50
MOST_SUMMARY_METRICS = 24


class Channel:
    """Makes the snapshot and the deltas for all views that look at one thing in the same way.

    What it makes has no channel's name and no number yet: each view gives it its own.
    """

    def __init__(self, database: Database, family: Family, look: Look) -> None:
        self._database = database
        self.family = family
        self.look = look
        self._tree = TreeView(family)
        self._series: dict[int, SeriesFeed] = {}
        self._head: RunHead | None = None
        run = family.run()
        self._log = None if run is None else LogFeed(database.paths.run(run.run_id))
        self._bar = None if run is None else ProgressInLog(database.paths.run(run.run_id).std_log)
        self._seen_bar: Progress | None = None
        self._files: list[RunFile] = []
        self._files_seen = 0.0
        self._was_live = True

    def is_live(self) -> bool:
        """Return whether something goes on, so that files may grow."""
        return self.family.is_live() or self._was_live

    def summary(self) -> Summary:
        """Return the small state that a notebook keeps."""
        last = self.family.metrics.get(self.family.top, {})
        return Summary(
            workspace_id=self._database.workspace_id,
            run=self._current_head(brief=True),
            experiment=self.family.experiment_head(),
            metrics=dict(list(last.items())[:MOST_SUMMARY_METRICS]),
            now_ms=now_us() // 1000,
        )

    def snapshot(self, connection: Connection) -> Snapshot:
        """Return everything that is shown, read anew: for the first view, or for all of them."""
        self._head = self._current_head()
        self._tree.whole(connection, self.look)
        self._series = {}
        self._follow_series(connection)
        self._files = self._current_files()
        if self._log is not None:
            self._log.restart()
            self._log.logs()
        return self._snapshot(self._points_of(connection, list(self._series)), self._log_text())

    def repeat(self, connection: Connection) -> Snapshot:
        """Return what the views have by now as one snapshot: for another that joins them."""
        points = [one for feed in self._series.values() for one in feed.repeat(connection)]
        return self._snapshot(points, None if self._log is None else self._log.repeat())

    def _snapshot(self, points: list[Points], log_text: LogText | None) -> Snapshot:
        tree, rows = self._tree.repeat()
        return Snapshot(
            channel="",
            seq=0,
            now_ms=now_us() // 1000,
            run=self._head,
            experiment=self.family.experiment_head(),
            tree=tree,
            rows=rows,
            offered=list(self.family.offered),
            points=points,
            structures=self.family.structures(),
            logs=[] if self._log is None else self._log.sizes,
            files=self._files,
            log_text=log_text,
        )

    def beyond(self, connection: Connection, other: Channel) -> Delta | None:
        """Return what a view of another channel lacks to be one of this: it changes its look."""
        news = self._tree.beyond(other._tree)
        lacking = [feed for key, feed in self._series.items() if feed != other._series.get(key)]
        news["points"] = [one for feed in lacking for one in feed.repeat(connection)] or None
        news["run"] = _difference(other._head, self._head)
        news["files"] = self._files if self._files != other._files else None
        if self._log is not None and self._log != other._log:
            news["logs"], news["log_text"] = self._log.sizes, self._log.repeat()
        return self._delta(news)

    def change_look(self, connection: Connection, look: Look) -> Delta | None:
        """Return what the view lacks for another look."""
        before, self.look = self.look, look
        news = self._tree.change_look(connection, look)
        news["log_text"] = self._log_text()
        if before.charts != look.charts:
            self._series = {}
        if before.charts != look.charts or before.compare != look.compare:
            known = set(self._series)
            self._follow_series(connection)
            added = [key for key in self._series if key not in known]
            news["points"] = self._points_of(connection, added) or None
        return self._delta(news)

    def refresh(
        self, connection: Connection, touched: Touched, series: Sequence[SeriesRow]
    ) -> Delta | None:
        """Take in what has changed of the family, and return what the view lacks."""
        news = self._grown()
        if touched.keys:
            news |= self._tree.news(connection, touched)
            news["offered"] = self._tree.offered()
            if touched.keys != {self.family.top}:
                news["experiment"] = self.family.experiment_head()
            news["points"] = self._new_points(connection, series)
            if any(item.run == self.family.top and item.kind != "scalar" for item in series):
                news["structures"] = self.family.structures() or None
        if touched.keys or self._is_bar_new():
            news["run"] = self._head_news()
        return self._delta(news)

    def refresh_files(self) -> Delta | None:
        """Return what the view lacks although the record is as it was: files grow without it."""
        news = self._grown()
        if self._tree.is_behind():
            with self._database.read() as connection:
                news |= self._tree.late_news(connection)
        if self._is_bar_new():
            news["run"] = self._head_news()
        return self._delta(news)

    # --- the run itself ---------------------------------------------------------------------

    def _current_head(self, *, brief: bool = False) -> RunHead | None:
        head = self.family.head(brief=brief)
        if head is None or head.progress is not None or head.status in TERMINAL:
            return head
        bar = self._bar.look() if self._bar is not None else None
        return msgspec.structs.replace(head, progress=bar) if bar else head

    def _head_news(self) -> dict[str, Any] | None:
        before, self._head = self._head, self._current_head()
        return _difference(before, self._head)

    # --- charts -----------------------------------------------------------------------------

    def _follow_series(self, connection: Connection) -> None:
        """Follow the metrics of the watched run, and of those that are compared with it."""
        most = MOST_POINTS if self.look.charts else MOST_POINTS_SMALL
        compared = runs.with_ids(connection, self.look.compare[:MOST_COMPARED])
        wanted = {row.id: row.run_id for row in compared if row.id in self.family.rows}
        run = self.family.run()
        if run is not None:
            wanted[run.id] = run.run_id
        self._series = {
            key: self._series.get(key) or SeriesFeed(run_id, most) for key, run_id in wanted.items()
        }

    def _points_of(self, connection: Connection, keys: list[int]) -> list[Points]:
        found: list[Points] = []
        for item in metrics.of_runs(connection, keys):
            found += self._series[item.run].news(connection, [item])
        return found

    def _new_points(
        self, connection: Connection, series: Sequence[SeriesRow]
    ) -> list[Points] | None:
        found: list[Points] = []
        for item in series:
            if item.run in self._series:
                found += self._series[item.run].news(connection, [item])
        return found or None

    # --- files ------------------------------------------------------------------------------

    def _grown(self) -> dict[str, Any]:
        if self._log is None:
            return {}
        news: dict[str, Any] = {}
        now, live = time.monotonic(), self.family.is_live()
        due = now - self._files_seen >= (FILES_EVERY_S if live else FILES_OF_ENDED_EVERY_S)
        if due or (self._was_live and not live):  # at once when all has ended
            self._files_seen, self._was_live = now, live
            news["logs"] = self._log.logs()
            news["files"] = self._changed_files()
        elif not live:
            return {}
        news["log_text"] = self._log_text()
        return news

    def _is_bar_new(self) -> bool:
        if self._bar is None or not self.is_live():
            return False
        before, self._seen_bar = self._seen_bar, self._bar.look()
        return before != self._seen_bar

    def _log_text(self) -> LogText | None:
        return None if self._log is None else self._log.text(self.look.log)

    def _current_files(self) -> list[RunFile]:
        run = self.family.run()
        return [] if run is None else run_files(self._database.paths.run(run.run_id))

    def _changed_files(self) -> list[RunFile] | None:
        files = self._current_files()
        if files == self._files:
            return None
        self._files = files
        return files

    def _delta(self, news: dict[str, Any]) -> Delta | None:
        present = {key: value for key, value in news.items() if value is not None}
        if not present:
            return None
        return Delta(channel="", seq=0, now_ms=now_us() // 1000, **present)


def _difference(before: RunHead | None, after: RunHead | None) -> dict[str, Any] | None:
    if before is None or after is None or before == after:
        return None
    return {
        name: value
        for name in RunHead.__struct_fields__
        if (value := getattr(after, name)) != getattr(before, name)
    }
