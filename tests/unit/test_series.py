"""Points of the runs that are compared."""

from __future__ import annotations

import pytest

from runwatch.core import Experiment
from runwatch.feed.channel import MOST_COMPARED
from runwatch.feed.family import OfExperiment
from runwatch.feed.messages import Look
from runwatch.feed.watcher import Watcher
from tests.conftest import eventually
from tests.unit.test_feed import View


@pytest.fixture
def watcher(experiment: Experiment) -> Watcher:
    record = experiment.workspace._record
    return Watcher(record.database, record.settle)


def test_runs_of_an_experiment_are_compared_as_many_as_can_be_drawn(
    watcher: Watcher, experiment: Experiment
) -> None:
    runs = [experiment.start_logging() for _ in range(MOST_COMPARED + 2)]
    for run in runs:
        run.log("loss", 1.0)
        run.flush()
    view = View()
    subscription = watcher.subscribe(OfExperiment(experiment._row.key), Look(), view)
    assert view.points("loss") == []
    first, second = runs[:2]
    subscription.look(Look(charts=True, compare=[first.id, second.id]))
    assert {points.run_id for points in view.points("loss")} == {first.id, second.id}
    second.log("loss", 2.5)
    eventually(lambda: view.picture.last[second.id, "loss"].last == 2.5)
    subscription.look(Look(charts=True, compare=[run.id for run in runs]))
    drawn = {points.run_id for points in view.points("loss")}
    assert drawn == {run.id for run in runs[:MOST_COMPARED]}
    subscription.close()
