"""A workspace of each earlier version opens with everything in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runwatch.core import Experiment, Run, Workspace
from runwatch.exceptions import UserErrorException

OLD = sorted((Path(__file__).parents[1] / "data").glob("workspace-*.sql"))


@pytest.mark.parametrize("dump", OLD, ids=lambda dump: dump.stem)
def test_a_workspace_of_an_earlier_version_opens_with_everything_in_it(
    folder: Path, dump: Path
) -> None:
    (folder / ".runwatch").mkdir()
    old = sqlite3.connect(folder / ".runwatch" / "record.sqlite")
    old.executescript(dump.read_text(encoding="utf-8"))
    old.close()

    workspace = Workspace.from_config()
    experiment = workspace.experiments["first"]
    runs = {run.id: run for run in experiment.get_runs(include_children=True)}
    assert set(runs) == {"parent", "child", "failed"}
    parent = runs["parent"]
    assert parent.display_name == "Pärent 🚀"
    assert parent.get_status() == "Completed"
    assert parent.get_tags() == {"empty": None, "quality": "good"}
    assert parent.get_properties() == {"author": "ada"}
    assert parent.get_metrics() == {
        "loss": [1 / (step + 1) for step in range(5)],
        "count": 3,
        "words": "hello",
        "list": [1, 2, 3],
        "row": {"x": 1, "y": 2.5},
    }
    assert list(parent.get_children()) == [runs["child"]]
    assert runs["child"].get_metrics() == {"accuracy": 0.75}
    assert runs["failed"].get_details()["error"]["error"]["message"] == "no data"

    assert list(experiment.get_runs(metrics={"loss": ("<", 0.25)})) == [parent]

    experiment.tag("upgraded")
    assert "upgraded" in experiment.tags
    Run(experiment, "parent").tag("still", "writable")
    workspace._record.database.close()


def test_an_archived_experiment_gives_its_name_free(workspace: Workspace) -> None:
    first = Experiment(workspace, "study")
    first.start_logging(run_id="old").complete()
    first.set_tags({"phase": "one", "seen": None})
    first.remove_tags(["seen"])
    first.archive()
    assert first.archived_time is not None
    assert "study" not in workspace.experiments

    second = Experiment(workspace, "study")
    assert second.id != first.id
    assert list(second.get_runs()) == []
    assert [run.id for run in first.get_runs()] == ["old"]
    assert Experiment.list(workspace) == [second]
    assert Experiment.list(workspace, "study", view_type="All") == [first, second]
    assert Experiment.list(workspace, view_type="ArchivedOnly", tags={"phase": "one"}) == [first]
    assert Experiment.list(workspace, view_type="All", tags="missing") == []


def test_an_experiment_comes_back_when_its_name_is_free(workspace: Workspace) -> None:
    first = Experiment(workspace, "study")
    first.archive()
    second = Experiment(workspace, "study")
    with pytest.raises(UserErrorException, match="active experiment 'study' already"):
        first.reactivate()
    second.archive()
    first.reactivate()
    assert workspace.experiments["study"] == first
    with pytest.raises(UserErrorException, match="renamed"):
        first.reactivate("other")
    with pytest.raises(UserErrorException, match="view_type"):
        Experiment.list(workspace, view_type="Everything")
