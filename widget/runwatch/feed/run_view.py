"""What one view has been sent of a run, and what it lacks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from runwatch.exceptions import ServiceException
from runwatch.feed.files import LogFeed, run_files
from runwatch.feed.messages import Delta, Look, RunFile, RunHead, Snapshot, Summary
from runwatch.feed.series import SeriesFeed
from runwatch.feed.subtree import Place, Subtree
from runwatch.store import runs
from runwatch.store.clock import now_us
from runwatch.store.database import Database
from runwatch.store.metrics import SeriesRow
from runwatch.store.runs import RunRow

FILES_EVERY_S = 1.0
MOST_SUMMARY_METRICS = 24


class RunView:
    """Makes the snapshot and the deltas for one view.

    Raises
    ------
    ServiceException
        There is no such run.
    """

    def __init__(self, database: Database, run_id: str, look: Look) -> None:
        self._database = database
        self._look = look
        self._seq = 0
        with database.read() as connection:
            row = runs.find(connection, run_id)
            if row is None:
                raise ServiceException(
                    f"Run {run_id} was not found in the workspace {database.paths.root}.",
                    status_code=404,
                )
            self._tree = Subtree(connection, row)
        paths = database.paths.run(run_id)
        self._paths = paths
        self._series = SeriesFeed(run_id)
        self._log = LogFeed(paths)
        self._visible: list[Place] = []
        self._head: RunHead | None = None
        self._files: list[RunFile] = []
        self._files_seen = 0.0
        self._was_live = True

    def is_live(self) -> bool:
        """Return whether something of the run goes on, so that its files may grow."""
        return self._tree.is_live() or self._was_live

    def summary(self) -> Summary:
        """Return the small state that a notebook keeps."""
        metrics = list(self._tree.last_metrics().items())[:MOST_SUMMARY_METRICS]
        return Summary(
            workspace_id=self._database.workspace_id,
            run=self._tree.head(brief=True),
            metrics=dict(metrics),
            now_ms=now_us() // 1000,
        )

    def snapshot(self) -> Snapshot:
        """Return everything that the view shows, and begin a new sequence."""
        self._seq += 1
        self._series.restart()
        self._log.restart()
        self._visible = self._tree.visible(self._look)
        self._head = self._tree.head()
        self._files = run_files(self._paths)
        with self._database.read() as connection:
            points = self._series.news(connection, list(self._tree.series.values()))
        logs = self._log.logs() or []
        return Snapshot(
            seq=self._seq,
            now_ms=now_us() // 1000,
            run=self._head,
            tree=self._tree.window(self._look, self._visible),
            points=points,
            logs=logs,
            files=self._files,
            log_text=self._log.text(self._look.log),
        )

    def change_look(self, look: Look) -> Delta | None:
        """Return what the view lacks for another look."""
        before, self._look = self._look, look
        news: dict[str, Any] = {}
        if (before.expanded, before.filter) != (look.expanded, look.filter):
            self._visible = self._tree.visible(look)
        if before != look:
            news["tree"] = self._tree.window(look, self._visible)
        news["log_text"] = self._log.text(look.log)
        return self._delta(news)

    def refresh(
        self, connection: Connection, changed: Sequence[RunRow], series: Sequence[SeriesRow]
    ) -> Delta | None:
        """Take in what has changed in the record, and return what the view lacks."""
        touched = self._tree.apply(connection, changed, series)
        news: dict[str, Any] = {}
        if touched:
            news |= self._tree_news(touched)
            mine = [self._tree.series[item.id] for item in series if item.id in self._tree.series]
            news["points"] = self._series.news(connection, mine) or None
        if self.is_live():
            self._was_live = self._tree.is_live()  # once more after the end
            news["logs"] = self._log.logs()
            news["log_text"] = self._log.text(self._look.log)
            news["files"] = self._changed_files()
        return self._delta(news)

    def _tree_news(self, touched: set[int]) -> dict[str, Any]:
        news: dict[str, Any] = {}
        head = self._tree.head()
        if head != self._head:
            news["run"] = self._head = head
        visible = self._tree.visible(self._look)
        if visible != self._visible:
            self._visible = visible
            news["tree"] = self._tree.window(self._look, visible)
            return news
        start = self._look.offset
        shown = visible[start : start + self._look.limit]
        concerned = [place for place in shown if place.key in touched]
        if concerned:
            news["rows"] = self._tree.rows(concerned, self._look)
        return news

    def _changed_files(self) -> list[RunFile] | None:
        now = time.monotonic()
        if self._was_live and now - self._files_seen < FILES_EVERY_S:
            return None
        self._files_seen = now
        files = run_files(self._paths)
        if files == self._files:
            return None
        self._files = files
        return files

    def _delta(self, news: dict[str, Any]) -> Delta | None:
        present = {key: value for key, value in news.items() if value is not None}
        if not present:
            return None
        self._seq += 1
        return Delta(seq=self._seq, now_ms=now_us() // 1000, **present)
