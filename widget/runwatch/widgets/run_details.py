"""The live widget of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwatch.core.offline_run import OfflineRun
from runwatch.core.run import Run
from runwatch.exceptions import UserErrorException
from runwatch.feed.family import OfRun
from runwatch.widgets.live_view import LiveView

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


class RunDetails(LiveView):
    """Shows one run as it goes: status, child runs, metrics, log; tags and cancels it.

    Use it as a cell's last expression, or call `show()`. It works while the cell is busy.

    Parameters
    ----------
    run_instance
        The run.
    compact
        Whether to begin as one line that opens.

    Raises
    ------
    UserErrorException
        `run_instance` is no run of a workspace.
    """

    def __init__(self, run_instance: Run, *, compact: bool = False, **kwargs: Any) -> None:
        if isinstance(run_instance, OfflineRun):
            raise UserErrorException(
                "An offline run prints what it is given and is kept nowhere, so there is nothing "
                "to watch. Start one with experiment.start_logging() or experiment.submit()."
            )
        if not isinstance(run_instance, Run):
            raise UserErrorException(
                "RunDetails shows a Run, such as experiment.submit() returns; got "
                f"{run_instance!r}."
            )
        self._run = run_instance
        super().__init__(run_instance._workspace, OfRun(run_instance.id), compact=compact, **kwargs)

    def get_widget_data(self, widget_settings: object = None) -> dict[str, Any]:
        """Return what the widget shows, as plain data."""
        self._record.settle()
        return {
            "run_id": self._run.id,
            "status": self._run.get_status(),
            "run_properties": {
                "run_id": self._run.id,
                "tags": self._run.get_tags(),
                "properties": self._run.get_properties(),
                "status": self._run.get_status(),
            },
            "child_runs": [
                {"run_id": child.id, "run_number": child.number, "status": child.get_status()}
                for child in self._run.get_children()
            ],
            "run_metrics": self._run.get_metrics(),
        }

    def figure(self, name: str) -> Figure:
        """Return a metric of the run and its child runs as a Plotly figure.

        Parameters
        ----------
        name
            The metric, as it was named in `log()`.

        Raises
        ------
        ImportError
            Plotly is not installed.
        """
        import plotly.graph_objects

        from runwatch.feed.export import plotly_figure
        from runwatch.feed.questions import series_of
        from runwatch.store import metrics

        self._record.settle()
        run_ids = [self._run.id, *(run.id for run in self._run.get_children(recursive=True))]
        with self._record.database.read() as connection:
            lines = [
                (row.shown_name, row.run_id, metrics.read_arrays(connection, series.id))
                for row, series in series_of(connection, run_ids, name, "scalar")
            ]
        return plotly.graph_objects.Figure(plotly_figure(name, lines))

    def __repr__(self) -> str:
        """Return the run's id."""
        return f"RunDetails({self._run.id})"
