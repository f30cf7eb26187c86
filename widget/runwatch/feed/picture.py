"""What a view knows: a snapshot with the deltas since. The browser's twin is `state/session.ts`."""

from __future__ import annotations

import msgspec

from runwatch.feed.messages import (
    Delta,
    ExperimentHead,
    LogFile,
    LogText,
    Points,
    RunFile,
    RunHead,
    Snapshot,
    Structure,
    TreeRow,
    TreeWindow,
    Update,
)


class Picture:
    """Puts together what a channel is sent."""

    tree: TreeWindow

    def __init__(self) -> None:
        self.seq = 0
        self.run: RunHead | None = None
        self.experiment: ExperimentHead | None = None
        self.offered: list[str] = []
        self.structures: list[Structure] = []
        self.logs: list[LogFile] = []
        self.files: list[RunFile] = []
        self.last: dict[tuple[str, str], Points] = {}
        """The newest message of each metric, by run id and name."""
        self.log_text: LogText | None = None
        self._rows: dict[str, TreeRow] = {}

    def take(self, update: Update) -> None:
        """Take in one update."""
        if not isinstance(update, (Snapshot, Delta)):
            return
        self.seq = update.seq
        if isinstance(update, Snapshot):
            self.run, self.tree, self.experiment = update.run, update.tree, update.experiment
            self.last, self.log_text = {}, None
            self._rows = {row.run_id: row for row in update.rows}
        else:
            self._change(update)
        for part in ("offered", "structures", "logs", "files", "log_text"):
            if (news := getattr(update, part)) is not None:
                setattr(self, part, news)
        self.last |= {(one.run_id, one.name): one for one in update.points or []}

    def _change(self, delta: Delta) -> None:
        self.experiment = delta.experiment or self.experiment
        if delta.run is not None and self.run is not None:
            self.run = msgspec.structs.replace(self.run, **delta.run)
        for change in delta.rows or []:
            before = self._rows.get(change["run_id"])
            self._rows[change["run_id"]] = (
                TreeRow(**change) if before is None else msgspec.structs.replace(before, **change)
            )
        if delta.tree is not None:
            self.tree = delta.tree
            self._rows = {run_id: self._rows[run_id] for run_id in delta.tree.ids}

    @property
    def rows(self) -> list[TreeRow]:
        """The rows of the window, in order."""
        return [self._rows[run_id] for run_id in self.tree.ids]
