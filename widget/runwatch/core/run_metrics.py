"""What a run logs, and how it is read again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runwatch.core import names
from runwatch.core.run_record import RunRecord
from runwatch.exceptions import RunwatchException, UserErrorException
from runwatch.store.journal import PROGRESS

if TYPE_CHECKING:
    from runwatch.store.metrics import MetricArrays


class RunMetrics(RunRecord):
    """The metrics of a run."""

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one value of a metric. When this returns, the value outlives the process.

        Parameters
        ----------
        name
            The metric; logging it again adds a point.
        value
            A number (NaN and infinities too), a string, a boolean or None; NumPy's and pandas'
            scalars are taken as what they hold.
        description
            Accepted as in azureml; not kept.
        step
            The point's place on the x axis, such as the epoch; its index if left out.

        Raises
        ------
        UserErrorException
            The value is of another type, or name or step won't do.
        ActivityCanceledException
            The run was cancelled.
        WorkspaceException
            The journal can't be written to: the disk is full, or the folder is gone.
        """
        if type(value) is not float:
            value = names.scalar(name, value)
        if step is not None and (
            type(step) is not int or not names.LEAST_STEP <= step <= names.MOST_STEP
        ):
            step = names.step(step)
        self._record.recorder.log(self._id, names.metric_name(name), "scalar", step, value)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Log a list of values, each as in `log()`.

        Raises
        ------
        UserErrorException
            `value` can't be iterated, or holds something that `log()` would not take.
        """
        self._log_structure(name, "list", names.vector(name, value))

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Log one row of a table, a value for each named column.

        Raises
        ------
        UserErrorException
            A column holds something that `log()` would not take.
        """
        row = {column: names.scalar(column, value) for column, value in kwargs.items()}
        self._log_structure(name, "row", row)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Log a table at once: a dict of columns, each a list or a single value.

        Raises
        ------
        UserErrorException
            `value` is no dict, or its columns have different lengths.
        """
        self._log_structure(name, "table", names.table(name, value))

    def set_progress(self, done: float, total: float, label: str | None = None) -> None:
        """Say how far the run has come; the widget shows it, and how long it will still take.

        A progress bar that tqdm writes to the log of a submitted script is noticed by itself.

        Parameters
        ----------
        done, total
            How much is done of how much there is to do, in any unit, such as epochs.
        label
            What is being done now, such as "training".

        Raises
        ------
        UserErrorException
            `done` is negative, `total` is not positive, or one of them is no finite number.
        """
        checked = names.progress(done, total, label)
        kept = {**checked, "unix_ms": round(time.time() * 1000)}
        self._record.recorder.log(self._id, PROGRESS, PROGRESS, None, kept)

    def _log_structure(self, name: str, kind: str, value: Any) -> None:
        self._record.recorder.log(self._id, names.metric_name(name), kind, None, value)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Wait until all that this process has logged is in the record.

        It is safe already when `log()` returns; after this, other processes see it too.

        Raises
        ------
        RunwatchException
            The record can't be written to; what was logged stays in the journal.
        """
        try:
            self._record.recorder.ship()
        except RunwatchException as error:
            waiting = self._record.recorder.waiting_bytes()
            raise RunwatchException(
                f"{waiting:,} bytes of logged values wait in the journal, because the record can't "
                f"be written to. They are kept, and will be shipped later. {error.message}",
                error,
            ) from error

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """Return the metrics of the run.

        Parameters
        ----------
        name
            Only the metric of that name.
        recursive
            Of all descendants too: ``{run id: {metric: value}}``, runs without metrics left out.
        run_type
            With `recursive`: only runs of that type.
        populate
            Whether to return images and JSON documents as `Artifact` objects, not as addresses.

        Returns
        -------
        dict
            A metric that was logged once is its value; one logged more often, the list of its
            values in logging order. A list, row or table is what was logged. An image or a JSON
            document is the address of its file.
        """
        from runwatch.store import metrics, runs

        database = self._record.settled_database()
        me = self._row()
        with database.read() as connection:
            wanted = [me]
            if recursive:
                family = runs.subtree(connection, me)
                wanted = [r for r in family if run_type is None or r.type == run_type]
            by_key = {row.id: row for row in wanted}
            of_run: dict[int, dict[str, Any]] = {}
            for series in metrics.of_runs(connection, [row.id for row in wanted]):
                if series.kind != PROGRESS and name in (None, series.name):
                    values = metrics.read_values(connection, series.id)
                    if series.kind == "artifact":
                        owner = by_key[series.run].run_id
                        values = [self._artifact(owner, v, populate=populate) for v in values]
                    of_run.setdefault(series.run, {})[series.name] = _shape(series.kind, values)
        if not recursive:
            return of_run.get(me.id, {})
        descendants = [row for row in wanted if row.id != me.id]
        ordered = [*descendants, *(row for row in wanted if row.id == me.id)]
        return {row.run_id: of_run[row.id] for row in ordered if row.id in of_run}

    def get_metric_arrays(self, name: str) -> MetricArrays:
        """Return the points of a scalar metric as NumPy arrays.

        This is the quick way to many points, and the one that tells their steps and times.

        Parameters
        ----------
        name
            The metric, as it was named in `log()`.

        Returns
        -------
        MetricArrays
            `steps` (int64), `times` (float64, seconds since the Unix epoch) and `values` (float64
            or int64; objects if others were logged), all of shape (points,), in logging order.

        Raises
        ------
        UserErrorException
            The run has no scalar metric of that name.
        """
        from runwatch.store import metrics

        database = self._record.settled_database()
        key = self._row().id
        with database.read() as connection:
            here = [s for s in metrics.of_runs(connection, [key]) if s.kind == "scalar"]
            for series in here:
                if series.name == name:
                    return metrics.read_arrays(connection, series.id)
        known = ", ".join(repr(series.name) for series in here) or "no scalar metric yet"
        raise UserErrorException(f"The run {self._id} has no metric {name!r}. It has: {known}.")

    def _artifact(self, run_id: str, file: str, *, populate: bool) -> Any:
        """Return what stands for a file that was logged."""
        raise NotImplementedError


def _shape(kind: str, values: list[Any]) -> Any:
    """Return the points of one series in the shape that azureml gives them."""
    if kind == "list":
        flat = [element for one in values for element in one]
        return flat[0] if len(flat) == 1 else flat
    if kind == "row":
        return _columns([{column: [v] for column, v in row.items()} for row in values])
    if kind == "table":
        return _columns(values)
    return values[0] if len(values) == 1 else values


def _columns(tables: list[dict[str, list[Any]]]) -> dict[str, Any]:
    """Put tables below each other; a table of one row has plain values instead of lists."""
    whole: dict[str, list[Any]] = {}
    for table in tables:
        for column, values in table.items():
            whole.setdefault(column, []).extend(values)
    if all(len(values) == 1 for values in whole.values()):
        return {column: values[0] for column, values in whole.items()}
    return dict(whole)
