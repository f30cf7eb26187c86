"""A run's place in the record: what all parts of `Run` stand on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from runwatch.compute.script_environment import supervised_run
from runwatch.core.record import Record
from runwatch.exceptions import ServiceException
from runwatch.store.paths import RunPaths, checked_run_id

if TYPE_CHECKING:
    from runwatch.core.experiment import Experiment
    from runwatch.core.workspace import Workspace
    from runwatch.store.runs import RunRow


class RunRecord:
    """Knows the run's id and reads and writes its row."""

    def __init__(
        self, experiment: Experiment, run_id: str, outputs: str | None = None, **kwargs: Any
    ) -> None:
        self._set_up(experiment.workspace, run_id)
        self._experiment: Experiment | None = experiment
        row = self._row()
        if row.experiment != experiment._row.key:
            raise ServiceException(
                f"Run {run_id} was not found in the experiment {experiment.name!r}: it belongs to "
                f"{self._experiment_of(row).name!r}. Open it from there, or with "
                "Run.get(workspace, run_id).",
                status_code=404,
            )

    def _set_up(self, workspace: Workspace, run_id: str) -> None:
        self._workspace = workspace
        self._record: Record = workspace._record
        self._id = checked_run_id(run_id)
        self._supervised = supervised_run(self._record.paths) == run_id

    @classmethod
    def _of(cls, experiment: Experiment, row: RunRow) -> Self:
        """Return the run of a row that is known to be there."""
        return cls._all_of(experiment, [row])[0]

    @classmethod
    def _all_of(cls, experiment: Experiment, rows: Sequence[RunRow]) -> list[Self]:
        """Return the runs of rows that are known to be there."""
        workspace = experiment.workspace
        supervised = supervised_run(workspace._record.paths)
        runs = []
        for row in rows:
            run = cls.__new__(cls)
            run._workspace = workspace
            run._record = workspace._record
            run._id = row.run_id
            run._supervised = row.run_id == supervised
            run._experiment = experiment
            runs.append(run)
        return runs

    @property
    def id(self) -> str:
        """The run's id, unique in its workspace."""
        return self._id

    @property
    def experiment(self) -> Experiment:
        """The experiment that it belongs to."""
        if self._experiment is None:
            self._experiment = self._experiment_of(self._row())
        return self._experiment

    def _experiment_of(self, row: RunRow) -> Experiment:
        from runwatch.core.experiment import Experiment
        from runwatch.store import experiments

        with self._record.database.read() as connection:
            return Experiment._of_row(self._workspace, experiments.get(connection, row.experiment))

    def _row(self) -> RunRow:
        """Return the run as the record has it now."""
        from runwatch.store import runs

        with self._record.database.read() as connection:
            row = runs.find(connection, self._id)
        if row is None:
            raise ServiceException(
                f"Run {self._id} was not found in the workspace {self._record.paths.root}. Check "
                "the id; list(experiment.get_runs()) shows the runs that are there.",
                status_code=404,
            )
        return row

    @property
    def _paths(self) -> RunPaths:
        return self._record.paths.run(self._id)
