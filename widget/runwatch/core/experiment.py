"""An experiment: a name under which runs are kept together."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from runwatch.core import names, run_filter
from runwatch.core.html_table import Link, html_table
from runwatch.exceptions import RunwatchException, UserErrorException
from runwatch.store.paths import checked_run_id
from runwatch.store.status import RunStatus

if TYPE_CHECKING:
    import pandas as pd

    from runwatch.core.record import Record
    from runwatch.core.run import Run
    from runwatch.core.run_filter import Comparisons, LabelFilter, Moment
    from runwatch.core.script_run import ScriptRun
    from runwatch.core.script_run_config import ScriptRunConfig
    from runwatch.core.workspace import Workspace
    from runwatch.store.experiments import ExperimentRow


class ViewType:
    """Which experiments `Experiment.list` returns."""

    ActiveOnly = "ActiveOnly"
    All = "All"
    ArchivedOnly = "ArchivedOnly"


class Experiment:
    """Runs that belong together; made when it is first named.

    Parameters
    ----------
    workspace
        Where it is kept.
    name
        1 to 255 letters, digits, hyphens and underscores; the first a letter or a digit.

    Raises
    ------
    UserErrorException
        The name won't do, or `workspace` is no Workspace.
    """

    _notebook_view: ClassVar[Callable[[Experiment], None] | None] = None
    """What shows an experiment in a notebook; set from above, as this layer knows no notebook."""

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        _skip_name_validation: bool = False,
        _id: str | None = None,
        _archived_time: object = None,
        _create_in_cloud: bool = True,
        _experiment_dto: object = None,
        **kwargs: object,
    ) -> None:
        from runwatch.core.workspace import Workspace
        from runwatch.store import experiments

        if not isinstance(workspace, Workspace):
            raise UserErrorException(
                "workspace must be a Workspace, such as Workspace.from_config() returns; got "
                f"{workspace!r}."
            )
        names.experiment_name(name)
        with workspace._record.database.read() as connection:
            row = experiments.find(connection, name)
        if row is None:
            with workspace._record.database.write() as tx:
                row = experiments.create(tx, name)
        self._workspace = workspace
        self._row = row

    @classmethod
    def _of_row(cls, workspace: Workspace, row: ExperimentRow) -> Experiment:
        experiment = cls.__new__(cls)
        experiment._workspace = workspace
        experiment._row = row
        return experiment

    @property
    def workspace(self) -> Workspace:
        """The workspace that it is kept in."""
        return self._workspace

    @property
    def workspace_object(self) -> Workspace:
        """The workspace that it is kept in: an older name."""
        return self._workspace

    @property
    def name(self) -> str:
        """Its name."""
        return self._row.name

    @property
    def id(self) -> str:
        """Its id, a UUID."""
        return self._row.experiment_id

    def start_logging(self, *args: Any, **kwargs: Any) -> Run:
        """Start a run that this process logs to, and return it.

        Parameters
        ----------
        name, display_name, description
            What a person reads.
        run_id
            An id of your own instead of a new one.
        outputs
            A folder for files of the run, made at once: `./outputs` if left out, none if False.
            What is new there when the run ends belongs to the run.
        snapshot_directory
            A folder to copy as the run's snapshot; none if left out.
        tags, properties
            Labels to begin with.

        Raises
        ------
        UserErrorException
            A value won't do.
        ServiceException
            There is a run with that id.
        """
        return self._start_logging(*args, **kwargs)

    def _start_logging(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | bool | None = None,
        snapshot_directory: str | None = None,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        properties: Mapping[str, str | None] | None = None,
    ) -> Run:
        from runwatch.compute import provenance
        from runwatch.compute.processes import this_process
        from runwatch.core.outputs import OutputsFolder
        from runwatch.core.run import Run
        from runwatch.store import labels, packages, runs

        record = self._workspace._record
        folder = "outputs" if outputs in (None, True) else outputs
        watched = OutputsFolder(folder) if isinstance(folder, str) else None
        sources = provenance.of_folder(Path(snapshot_directory or os.curdir))
        checked_tags = names.labels("tag", tags or {})
        checked_properties = names.labels("property", properties or {})
        new = runs.NewRun(
            run_id=checked_run_id(str(uuid.uuid4()) if run_id is None else run_id),
            status=RunStatus.RUNNING,
            name=name,
            display_name=display_name or name,
            description=description,
            target="local",
            snapshot=_snapshot(record, snapshot_directory),
        )
        with record.database.write() as tx:
            (row,) = runs.create(tx, self._row.key, [new], owner=this_process())
            labels.set_tags(tx, row.id, checked_tags)
            found = provenance.of_process(sys.orig_argv)
            found[provenance.PACKAGES] = packages.keep(tx, provenance.installed_packages())
            labels.add_properties(tx, row.id, {**sources, **found, **checked_properties})
        record.recorder.answer_for([row.run_id])
        if watched is not None:
            record.recorder.watch_outputs(row.run_id, watched)
        return Run._of(self, row)

    def submit(
        self,
        config: ScriptRunConfig,
        tags: Mapping[str, str | None] | None = None,
        **kwargs: Any,
    ) -> ScriptRun:
        """Start a script as a run of its own and return at once.

        The source folder is copied first, so that later edits do not touch the run. The run
        belongs to a supervisor process and goes on when this one ends.

        Parameters
        ----------
        config
            What to run.
        tags
            Tags to begin with.
        run_id
            An id of your own instead of a new one.

        Raises
        ------
        ExperimentExecutionException
            The script or its folder is not there.
        RunwatchException
            `config` is nothing that can be submitted.
        """
        from runwatch.core.script_run_config import ScriptRunConfig
        from runwatch.core.submission import submit

        if not isinstance(config, ScriptRunConfig):
            raise RunwatchException(
                f"Method to be submitted has not been registered: {config!r} is no ScriptRunConfig."
            )
        return submit(self, config, tags=tags, **kwargs)

    def get_runs(
        self,
        type: str | None = None,
        tags: LabelFilter = None,
        properties: LabelFilter = None,
        include_children: bool = False,
        *,
        status: str | Iterable[str] | None = None,
        metrics: Comparisons = None,
        parameters: Comparisons = None,
        since: Moment = None,
        until: Moment = None,
        order_by: str | Sequence[str] | None = None,
        max_results: int | None = None,
    ) -> Iterator[Run]:
        """Yield the runs of the experiment, newest first.

        Parameters
        ----------
        type
            Only runs of that type, such as "azureml.scriptrun".
        tags, properties
            A key that a run must have, or a dict of keys with the values that it must have.
        include_children
            Also child runs; otherwise top-level runs alone.
        status
            A word of `RunStatus`, or several of which one must hold.
        metrics, parameters
            A name that a run must have, or a dict of names: with a value that it must have, or
            with a comparison, such as ``{"loss": ("<", 0.1)}``. A metric is its last value.
        since, until
            Made from that moment on, or before it: a datetime, a text such as "2026-05-31", or a
            timedelta before now.
        order_by
            One name or several: "created", "started", "ended", "duration", "number",
            "display_name", "status", "metrics.<name>", "parameters.<name>"; with " DESC" after it
            for the greatest first. Newest first if left out.
        max_results
            How many at most.

        Raises
        ------
        UserErrorException
            A filter, an order or a limit is of a kind that is not known.
        """
        from runwatch.core.run import Run

        wanted = run_filter.conditions(
            type=type,
            tags=tags,
            properties=properties,
            status=status,
            metrics=metrics,
            parameters=parameters,
            since=since,
            until=until,
        )
        return Run._list(
            self,
            wanted,
            include_children=include_children,
            order=run_filter.order(order_by),
            limit=run_filter.limit(max_results),
        )

    def to_dataframe(self, **filters: Any) -> pd.DataFrame:
        """Return the runs as a pandas table, a row for each run, newest first.

        Parameters
        ----------
        **filters
            Those of `get_runs()`.

        Returns
        -------
        pandas.DataFrame
            Indexed by run id. Columns: number, name, status, type, parent (a run id), created,
            started, ended (UTC), duration (seconds), and for each key that a run has
            "parameters.<key>", "metrics.<name>" (last value), "tags.<key>", "properties.<key>".
        """
        from runwatch.core import run_table

        return run_table.of_runs(self._workspace._record, self.get_runs(**filters))

    # --- the experiment itself ----------------------------------------------------------------

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = ViewType.ActiveOnly,
        tags: LabelFilter = None,
    ) -> list[Experiment]:
        """Return the experiments of a workspace, oldest first.

        Parameters
        ----------
        workspace
            Where they are kept.
        experiment_name
            Only those of that name: there may be archived ones beside the active one.
        view_type
            "ActiveOnly", "ArchivedOnly" or "All".
        tags
            A key that an experiment must have, or a dict of keys with their values.

        Raises
        ------
        UserErrorException
            The view type or the filter is unknown.
        """
        from runwatch.store import experiments
        from runwatch.store.schema import experiments as table

        wanted = run_filter.of_labels("experiment tags", tags, experiments.has_tag)
        if experiment_name is not None:
            wanted.append(table.c.name == experiment_name)
        if view_type == ViewType.ActiveOnly:
            wanted.append(table.c.archived_us.is_(None))
        elif view_type == ViewType.ArchivedOnly:
            wanted.append(table.c.archived_us.is_not(None))
        elif view_type != ViewType.All:
            raise UserErrorException(
                f"view_type must be 'ActiveOnly', 'ArchivedOnly' or 'All'; got {view_type!r}."
            )
        with workspace._record.database.read() as connection:
            rows = experiments.where(connection, *wanted)
        return [Experiment._of_row(workspace, row) for row in rows]

    @staticmethod
    def from_directory(path: str, auth: object = None) -> Experiment:
        """Return the experiment that has the name of a folder, in the workspace of that folder.

        Raises
        ------
        UserErrorException
            There is no such folder, or no workspace there or above.
        """
        from runwatch.core.workspace import Workspace

        return Experiment(Workspace.from_config(path, auth), Path(path).resolve().name)

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Remove an experiment with all its runs: what they logged, their labels and files.

        Registered models stay.

        Raises
        ------
        UserErrorException
            There is no such experiment, or one of its runs has not ended.
        """
        from runwatch.store import experiments, runs

        record = workspace._record
        record.settle()
        with record.database.write() as tx:
            row = experiments.with_id(tx.connection, experiment_id)
            if row is None:
                raise UserErrorException(
                    f"There is no experiment with the id {experiment_id!r} in the workspace "
                    f"{workspace.name!r}. Experiment.list(workspace) shows them; each has an id."
                )
            live = runs.live(tx.connection, runs.of_experiment(row.key))
            if live:
                raise UserErrorException(
                    f"The run {live[0].run_id} of the experiment {row.name!r} has not ended "
                    f"({live[0].status}). Cancel it, or wait for it, before you delete it."
                )
            removed = runs.remove_all(tx, row.key)
            experiments.remove(tx, row.key)
        for run_id in removed:
            shutil.rmtree(record.paths.run(run_id).root, ignore_errors=True)

    @property
    def archived_time(self) -> datetime | None:
        """When it was archived, in UTC; None while it is active."""
        archived_us = self._row.archived_us
        return (
            None if archived_us is None else datetime.fromtimestamp(archived_us / 1e6, timezone.utc)
        )

    def archive(self) -> None:
        """Take it out of the active experiments. Its runs stay, and its name is free again."""
        from runwatch.store import experiments

        with self._workspace._record.database.write() as tx:
            experiments.archive(tx, self._row.key)
        self.refresh()

    def reactivate(self, new_name: str | None = None) -> None:
        """Make it active again.

        Raises
        ------
        UserErrorException
            A new name was given, or another active experiment has its name.
        """
        from runwatch.store import experiments

        if new_name is not None:
            raise UserErrorException("An experiment can't be renamed: leave new_name out.")
        with self._workspace._record.database.write() as tx:
            active = experiments.find(tx.connection, self.name)
            if active is not None and active.key != self._row.key:
                raise UserErrorException(
                    f"There is an active experiment {self.name!r} already. Archive it first."
                )
            experiments.reactivate(tx, self._row.key)
        self.refresh()

    def refresh(self) -> None:
        """Read it again from the record."""
        from runwatch.store import experiments

        with self._workspace._record.database.read() as connection:
            self._row = experiments.get(connection, self._row.key)

    @property
    def tags(self) -> dict[str, str | None]:
        """Its tags; one without a value has None."""
        from runwatch.store import experiments

        with self._workspace._record.database.read() as connection:
            return experiments.tags(connection, self._row.key)

    def tag(self, key: str, value: str | None = None) -> None:
        """Add a tag, or give it another value."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, str | None]) -> None:
        """Add several tags, or give them other values. Other tags stay."""
        from runwatch.store import experiments

        checked = names.labels("tag", tags)
        with self._workspace._record.database.write() as tx:
            experiments.set_tags(tx, self._row.key, checked)

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags with these keys; those that are not there are passed over."""
        from runwatch.store import experiments

        with self._workspace._record.database.write() as tx:
            experiments.remove_tags(tx, self._row.key, tags)

    def _ipython_display_(self) -> None:
        """Show an experiment that is a cell's last expression."""
        if Experiment._notebook_view is None:
            raise NotImplementedError  # IPython shows the HTML then
        Experiment._notebook_view(self)

    def _repr_html_(self) -> str:
        """Return the experiment as one row of a table."""
        return html_table(
            Name=self.name,
            Workspace=self._workspace.name,
            Folder=Link(self._workspace._record.paths.root.parent.as_uri()),
        )

    def __repr__(self) -> str:
        """Return its name and workspace, as azureml writes them."""
        return f"Experiment(Name: {self.name},\nWorkspace: {self._workspace.name})"

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same experiment of the same record."""
        return (
            isinstance(other, Experiment)
            and self._workspace == other._workspace
            and self._row.key == other._row.key
        )

    def __hash__(self) -> int:
        return hash((self._workspace, self._row.key))


def _snapshot(record: Record, folder: str | None) -> str | None:
    from runwatch.compute import snapshot

    return None if folder is None else snapshot.take(Path(folder), record.paths.snapshots)
