"""A run's parent and children."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from runwatch.core import run_filter
from runwatch.core.run_record import RunRecord
from runwatch.exceptions import UserErrorException
from runwatch.store.paths import checked_run_id
from runwatch.store.status import TERMINAL, RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runwatch.core.run import Run
    from runwatch.core.run_filter import LabelFilter
    from runwatch.core.script_run import ScriptRun
    from runwatch.core.script_run_config import ScriptRunConfig
    from runwatch.store.runs import NewRun, RunRow

BATCH_NUMBER = "azureml.batch_child_number"


class RunTree(RunRecord):
    """Where a run stands among others."""

    @property
    def parent(self) -> Run | None:
        """The run that this one is a child of."""
        from runwatch.core.run import Run
        from runwatch.store import runs
        from runwatch.store.schema import runs as table

        row = self._row()
        if row.parent is None:
            return None
        with self._record.database.read() as connection:
            (parent,) = runs.where(connection, table.c.id == row.parent)
        return Run._of(self.experiment, parent)

    def child_run(
        self, name: str | None = None, run_id: str | None = None, outputs: str | None = None
    ) -> Run:
        """Make a child run, started, that this process logs to.

        Parameters
        ----------
        name
            What a person reads.
        run_id
            An id of your own instead of a new one.
        outputs
            A folder whose new files belong to the child; none if left out.

        Raises
        ------
        UserErrorException
            This run has ended, or a value won't do.
        ServiceException
            There is a run with that id.
        """
        new = _new_child(name=name, run_id=run_id)
        (child,) = self._create([new], [{}])
        if outputs is not None:
            from runwatch.core.outputs import OutputsFolder

            self._record.recorder.watch_outputs(child.id, OutputsFolder(outputs))
        return child

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Sequence[str] | None = None,
    ) -> list[Run]:
        """Make many child runs at once, started, in one transaction.

        Parameters
        ----------
        count
            How many. Each gets the tag "azureml.batch_child_number" with its number from 0.
        tag_key, tag_values
            Instead of `count`: one child for each value, with the tag, in that order.

        Raises
        ------
        UserErrorException
            Neither or both ways were used, or this run has ended.
        """
        if tag_key is None and tag_values is None:
            if count is None:
                raise UserErrorException("Either count or tag_key and tag_values must be set")
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise UserErrorException(f"count must be a whole number from 1; got {count!r}.")
            tag_key, tag_values = BATCH_NUMBER, [str(number) for number in range(count)]
        elif tag_key is None:
            raise UserErrorException("tag_key must not be null when tag_values is set")
        elif tag_values is None:
            raise UserErrorException("tag_values must not be null when tag_key is set")
        elif count is not None:
            raise UserErrorException("count can not be set when tag_key and tag_values are set")
        named = tag_key != BATCH_NUMBER
        values = [str(value) for value in tag_values]
        new = [_new_child(name=f"{tag_key}={v}" if named else f"child {v}") for v in values]
        return self._create(new, [{tag_key: value} for value in values])

    def _create(self, new: list[NewRun], tags: Sequence[Mapping[str, str | None]]) -> list[Run]:
        from runwatch.compute.processes import this_process
        from runwatch.core.run import Run
        from runwatch.store import labels, runs

        if not new:
            return []
        me = self._row()
        if me.status in TERMINAL:
            raise UserErrorException(
                f"The run {self._id} has ended ({me.status}), so it can't get children. Start "
                "them before it ends, or start a new run with experiment.start_logging()."
            )
        with self._record.database.write() as tx:
            rows = runs.create(tx, me.experiment, new, parent=me, owner=this_process())
            labels.add_first_tags(tx, {row.id: t for row, t in zip(rows, tags, strict=True) if t})
        self._record.recorder.answer_for([row.run_id for row in rows])
        return Run._all_of(self.experiment, rows)

    def submit_child(
        self,
        config: ScriptRunConfig,
        tags: Mapping[str, str | None] | None = None,
        **kwargs: Any,
    ) -> ScriptRun:
        """Submit a script as a child of this run; otherwise as `Experiment.submit()`."""
        from runwatch.core.submission import submit

        return submit(self.experiment, config, tags=tags, parent=self._row(), **kwargs)

    def get_children(
        self,
        recursive: bool = False,
        tags: LabelFilter = None,
        properties: LabelFilter = None,
        type: str | None = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """Yield the child runs, newest first; with `recursive`, all descendants, depth first.

        Parameters
        ----------
        recursive
            Whether to yield the children's children too.
        tags, properties
            A key that a run must have, or a dict of keys with the values that it must have.
        type, status
            Only runs of that type; only runs with that status.
        """
        wanted = run_filter.conditions(tags=tags, properties=properties, type=type, status=status)
        return self._children(recursive, wanted)

    def _children(self, recursive: bool, wanted: list[Any]) -> Iterator[Run]:
        from runwatch.core.run import Run
        from runwatch.store import runs
        from runwatch.store.schema import runs as table

        self._record.settle()
        me = self._row()
        with self._record.database.read() as connection:
            within = table.c.root == me.root if recursive else table.c.parent == me.id
            found = runs.where(connection, within, *wanted, newest_first=True)
            if recursive:
                found = _depth_first(runs.subtree(connection, me), me, {row.id for row in found})
        experiment = self.experiment
        for row in found:
            yield Run._of_type(experiment, row)


def _new_child(*, name: str | None, run_id: str | None = None) -> NewRun:
    from runwatch.store import runs

    return runs.NewRun(
        run_id=checked_run_id(str(uuid.uuid4()) if run_id is None else run_id),
        status=RunStatus.RUNNING,
        name=name,
        display_name=name,
        target="local",
    )


def _depth_first(family: list[RunRow], top: RunRow, wanted: set[int]) -> list[RunRow]:
    below: dict[int | None, list[RunRow]] = {}
    for row in family:
        below.setdefault(row.parent, []).append(row)
    ordered: list[RunRow] = []
    waiting = list(below.get(top.id, []))  # taken from the end: newest first
    while waiting:
        row = waiting.pop()
        if row.id in wanted:
            ordered.append(row)
        waiting += below.get(row.id, [])
    return ordered
