"""A run: one training, with its status, labels, metrics, files and children."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from runwatch.compute import script_environment
from runwatch.core import run_filter
from runwatch.core.html_table import Link, html_table
from runwatch.core.run_artifacts import RunArtifacts
from runwatch.core.run_labels import RunLabels
from runwatch.core.run_lifecycle import RunLifecycle
from runwatch.core.run_tree import RunTree
from runwatch.exceptions import RunEnvironmentException, ServiceException

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from runwatch.core.experiment import Experiment
    from runwatch.core.offline_run import OfflineRun
    from runwatch.core.run_filter import LabelFilter
    from runwatch.core.workspace import Workspace
    from runwatch.store.runs import RunRow


class Run(RunLifecycle, RunArtifacts, RunLabels, RunTree):
    """A run that is in the record, opened by its id: ``Run(experiment, run_id)``.

    `Experiment.start_logging()`, `Experiment.submit()` and `Run.child_run()` make new ones;
    `Run.get_context()` is the run of the script that calls it.

    Parameters
    ----------
    experiment
        The experiment that it belongs to.
    run_id
        Its id.

    Raises
    ------
    ServiceException
        There is no such run in that experiment (404).
    """

    _notebook_view: ClassVar[Callable[[Run], None] | None] = None
    """What shows a run in a notebook; set from above, as this layer knows no notebook."""

    @classmethod
    def get_context(
        cls,
        allow_offline: bool = True,
        used_for_context_manager: bool = False,
        **kwargs: Any,
    ) -> Run | OfflineRun:
        """Return the run that the calling script was submitted as.

        Parameters
        ----------
        allow_offline
            Outside a submitted script: whether to return an `OfflineRun`, which prints what it is
            given and keeps it in memory, or to raise.
        used_for_context_manager
            Accepted as in azureml.

        Raises
        ------
        RunEnvironmentException
            Outside a submitted script, with ``allow_offline=False``.
        """
        from runwatch.core.offline_run import OfflineRun
        from runwatch.core.workspace import Workspace

        run_id = os.environ.get(script_environment.RUN_ID)
        folder = os.environ.get(script_environment.WORKSPACE)
        if run_id and folder:
            run = cls.__new__(cls)
            run._set_up(Workspace(path=Path(folder).parent), run_id)
            run._experiment = None
            return run
        if allow_offline:
            return OfflineRun()
        raise RunEnvironmentException(
            "Could not load a submitted run, if outside of an execution context, use "
            "experiment.start_logging to initialize a runwatch.core.Run."
        )

    @classmethod
    def get_submitted_run(cls, **kwargs: Any) -> Run | OfflineRun:
        """Return the run that the calling script was submitted as: an older name.

        Raises
        ------
        RunEnvironmentException
            This is no submitted script.
        """
        return cls.get_context(allow_offline=False, **kwargs)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """Return the run with that id, of whatever experiment.

        Raises
        ------
        ServiceException
            There is none (404).
        """
        run = Run.__new__(Run)
        run._set_up(workspace, run_id)
        row = run._row()
        return Run._of_type(run._experiment_of(row), row)

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,
        tags: LabelFilter = None,
        properties: LabelFilter = None,
        status: str | None = None,
        include_children: bool = False,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """Yield the runs of an experiment, newest first.

        The parameters are those of `Experiment.get_runs()`, and `status`, a word of `RunStatus`.
        """
        wanted = run_filter.conditions(tags=tags, properties=properties, type=type, status=status)
        return Run._list(experiment, wanted, include_children=include_children)

    @staticmethod
    def _list(
        experiment: Experiment,
        wanted: Sequence[ColumnElement[bool]],
        *,
        include_children: bool,
        order: Sequence[ColumnElement[Any]] = (),
        limit: int | None = None,
    ) -> Iterator[Run]:
        from runwatch.store import runs
        from runwatch.store.schema import runs as table

        record = experiment.workspace._record
        database = record.settled_database()
        wanted = [table.c.experiment == experiment._row.key, *wanted]
        if not include_children:
            wanted.append(table.c.parent.is_(None))
        found: Iterable[RunRow]
        if order or limit is not None:
            with database.read() as connection:
                found = runs.where(connection, *wanted, newest_first=True, order=order, limit=limit)
        else:
            found = runs.pages(database, *wanted)
        for row in found:
            yield Run._of_type(experiment, row)

    @staticmethod
    def _of_type(experiment: Experiment, row: RunRow) -> Run:
        """Return a `ScriptRun` for a submitted run, else a `Run`."""
        from runwatch.core.script_run import ScriptRun

        kind = ScriptRun if row.type == ScriptRun.RUN_TYPE else Run
        return kind._of(experiment, row)

    @property
    def number(self) -> int:
        """Its number in the experiment, from 1."""
        return self._row().number

    @property
    def type(self) -> str | None:
        """What made it: "azureml.scriptrun" for a submitted run, None for one logged directly."""
        return self._row().type

    @property
    def name(self) -> str | None:
        """The name that it was started with; `display_name` is what a person reads."""
        return self._row().name

    def __repr__(self) -> str:
        """Return experiment, id, type and status, as azureml writes them."""
        try:
            row = self._row()
        except ServiceException:
            return f"Run(Id: {self._id}, not in the record)"
        return (
            f"Run(Experiment: {self.experiment.name},\nId: {row.run_id},\nType: {row.type},\n"
            f"Status: {row.status})"
        )

    def _repr_html_(self) -> str:
        """Return the run as one row of a table, for where no widget can be shown."""
        row = self._settled_row()
        return html_table(
            Experiment=self.experiment.name,
            Id=row.run_id,
            Name=row.shown_name,
            Type=row.type or "",
            Status=row.status,
            Folder=Link(self.get_portal_url()),
        )

    def _ipython_display_(self) -> None:
        """Show a run that is a cell's last expression."""
        if Run._notebook_view is None:
            raise NotImplementedError  # IPython shows the HTML then
        Run._notebook_view(self)

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same run of the same record."""
        return isinstance(other, Run) and self._record is other._record and self._id == other._id

    def __hash__(self) -> int:
        return hash((self._record, self._id))


def get_run(
    experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True
) -> Run:
    """Return the run with that id: `Run.get(experiment.workspace, run_id)`."""
    return Run.get(experiment.workspace, run_id)


def __getattr__(name: str) -> type:
    """Return the classes of runs that scripts written for azureml ask for by these names."""
    if name == "_OfflineRun":
        from runwatch.core.offline_run import OfflineRun

        return OfflineRun
    if name == "_SubmittedRun":
        return Run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
