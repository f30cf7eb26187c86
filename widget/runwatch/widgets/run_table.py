"""The live table of an experiment's runs."""

from __future__ import annotations

from typing import Any

from runwatch.core.experiment import Experiment
from runwatch.exceptions import UserErrorException
from runwatch.feed.family import OfExperiment
from runwatch.widgets.live_view import LiveView


class RunTable(LiveView):
    """Shows the runs of an experiment as they come and go; a row opens its run in place.

    An experiment as a cell's last expression is shown so.

    Parameters
    ----------
    experiment
        The experiment.

    Raises
    ------
    UserErrorException
        `experiment` is no Experiment.
    """

    def __init__(self, experiment: Experiment, **kwargs: Any) -> None:
        if not isinstance(experiment, Experiment):
            raise UserErrorException(
                f"RunTable shows an Experiment, such as Experiment(workspace, 'digits'); got "
                f"{experiment!r}."
            )
        self._name = experiment.name
        scope = OfExperiment(experiment._row.key)
        super().__init__(experiment.workspace, scope, compact=False, **kwargs)

    def __repr__(self) -> str:
        """Return the experiment's name."""
        return f"RunTable({self._name})"
