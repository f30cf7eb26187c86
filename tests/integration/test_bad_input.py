"""Bad input gets an error in words, from the right class, and nothing is lost."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from runwatch.core import Experiment, Run, RunConfiguration, ScriptRunConfig, Workspace
from runwatch.exceptions import (
    AzureMLException,
    ComputeTargetException,
    ExperimentExecutionException,
    RunConfigurationException,
    RunEnvironmentException,
    ServiceException,
    UserErrorException,
)
from runwatch.widgets import RunDetails


def test_an_unknown_script_is_refused_at_submit(experiment: Experiment, folder: Path) -> None:
    with pytest.raises(
        ExperimentExecutionException, match=r"missing\.py script path doesn't exist"
    ):
        experiment.submit(ScriptRunConfig(folder, "missing.py"))
    assert list(experiment.get_runs()) == []


def test_a_script_outside_the_folder_is_refused(experiment: Experiment, folder: Path) -> None:
    (folder / "inside").mkdir()
    (folder / "outside.py").write_text("")
    with pytest.raises(ExperimentExecutionException, match="inside the project folder"):
        experiment.submit(ScriptRunConfig(folder / "inside", "../outside.py"))


def test_a_missing_folder_is_refused_at_submit(experiment: Experiment) -> None:
    with pytest.raises(
        ExperimentExecutionException, match="nowhere source directory doesn't exist"
    ):
        experiment.submit(ScriptRunConfig("nowhere", "train.py"))


def test_nothing_to_run_and_what_is_no_config_are_refused(experiment: Experiment) -> None:
    with pytest.raises(UserErrorException, match="nothing to run"):
        experiment.submit(ScriptRunConfig("."))
    with pytest.raises(AzureMLException, match="has not been registered"):
        experiment.submit("train.py")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ScriptRunConfig()  # type: ignore[call-arg]


def test_what_is_not_to_be_had_here_is_refused_in_words(
    experiment: Experiment, folder: Path
) -> None:
    (folder / "train.py").write_text("")
    with pytest.raises(ComputeTargetException, match="no compute target 'gpu-cluster'"):
        experiment.submit(ScriptRunConfig(".", "train.py", compute_target="gpu-cluster"))
    with pytest.raises(RunConfigurationException, match="docker_runtime_config"):
        experiment.submit(ScriptRunConfig(".", "train.py", docker_runtime_config=object()))
    with pytest.raises(ComputeTargetException):
        experiment.submit(ScriptRunConfig(".", "train.py", run_config=RunConfiguration(target="x")))


def test_an_unknown_run_id_is_not_found(experiment: Experiment, workspace: Workspace) -> None:
    for look in (
        lambda: Run(experiment, "nobody"),
        lambda: Run.get(workspace, "nobody"),
        lambda: workspace.get_run("nobody"),
    ):
        with pytest.raises(ServiceException, match="nobody was not found") as caught:
            look()
        assert caught.value.status_code == 404


def test_a_run_of_another_experiment_is_not_found_and_says_where_it_is(
    experiment: Experiment, workspace: Workspace
) -> None:
    run = Experiment(workspace, "other").start_logging()
    with pytest.raises(ServiceException, match="'other'"):
        Run(experiment, run.id)


@pytest.mark.parametrize("name", ["", None, "ab c", "-x", "_x", "a.b", "é-1", "ok\n", "x" * 256, 5])
def test_an_experiment_name_that_wont_do_is_refused(workspace: Workspace, name: object) -> None:
    with pytest.raises(UserErrorException, match="between 1 and 255 characters"):
        Experiment(workspace, name)  # type: ignore[arg-type]


@pytest.mark.parametrize("run_id", ["", "../../etc/passwd", "a/b", "x" * 301, "a b", ".hidden"])
def test_a_run_id_that_is_no_name_is_refused(experiment: Experiment, run_id: str) -> None:
    with pytest.raises(UserErrorException, match="can't be a run id"):
        experiment.start_logging(run_id=run_id)


@pytest.mark.parametrize("name", ["", None, 5, "half \ud800 pair"])
def test_empty_names_are_refused(experiment: Experiment, name: object) -> None:
    run = experiment.start_logging()
    before = run.get_properties()
    with pytest.raises(UserErrorException):
        run.log(name, 1)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException):
        run.tag(name)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException):
        run.add_properties({name: "value"})  # type: ignore[dict-item]
    assert (run.get_metrics(), run.get_tags(), run.get_properties()) == ({}, {}, before)


def test_a_changed_property_is_refused_and_nothing_of_the_call_is_stored(
    experiment: Experiment,
) -> None:
    run = experiment.start_logging()
    before = run.get_properties()
    run.add_properties({"author": "first"})
    run.add_properties({"author": "first", "more": "1"})
    with pytest.raises(ServiceException, match="'author' is 'first' and can't be changed"):
        run.add_properties({"new": "x", "author": "second"})
    assert run.get_properties() == {**before, "author": "first", "more": "1"}


def test_numbers_that_are_no_numbers_are_logged(experiment: Experiment) -> None:
    run = experiment.start_logging()
    for value in (math.nan, math.inf, -math.inf):
        run.log("odd", value)
    nan, plus, minus = run.get_metrics()["odd"]
    assert math.isnan(nan)
    assert (plus, minus) == (math.inf, -math.inf)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, 1),
        (True, True),
        (None, None),
        ("text", "text"),
        (2**70, 2**70),
        (np.float32(0.5), 0.5),
        (np.int64(4), 4),
        (np.bool_(True), True),
        (np.array(2.5), 2.5),
    ],
)
def test_scalars_are_logged_as_what_they_are(
    experiment: Experiment, value: object, kept: object
) -> None:
    run = experiment.start_logging()
    run.log("value", value)
    got = run.get_metrics()["value"]
    assert got == kept
    assert type(got) is type(kept)


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (object(), "is a object"),
        ({"a": 1}, "run.log_row"),
        (b"bytes", "is a bytes"),
        (1j, "is a complex"),
        (np.zeros(3), "run.log_list"),
        ([1, 2], "run.log_list"),
        (range(3), "run.log_list"),
        ((x for x in "ab"), "run.log_list"),
    ],
)
def test_what_cant_be_logged_is_refused(experiment: Experiment, value: object, advice: str) -> None:
    run = experiment.start_logging()
    with pytest.raises(UserErrorException, match=advice):
        run.log("value", value)
    assert run.get_metrics() == {}


def test_a_step_must_be_a_whole_number(experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.log("a", 1.0, step=np.int64(3))
    with pytest.raises(UserErrorException, match="whole number"):
        run.log("a", 1.0, step=0.5)  # type: ignore[arg-type]


def test_filters_of_an_unknown_kind_are_refused(experiment: Experiment) -> None:
    with pytest.raises(UserErrorException, match="Unknown filter type for run tags"):
        list(experiment.get_runs(tags=["quality"]))  # type: ignore[arg-type]


def test_children_are_asked_for_in_one_way(experiment: Experiment) -> None:
    run = experiment.start_logging()
    for arguments, message in (
        ({}, "Either count or tag_key and tag_values"),
        ({"tag_key": "a"}, "tag_values must not be null"),
        ({"tag_values": ["a"]}, "tag_key must not be null"),
        ({"count": 2, "tag_key": "a", "tag_values": ["b"]}, "count can not be set"),
        ({"count": 0}, "whole number"),
    ):
        with pytest.raises(UserErrorException, match=message):
            run.create_children(**arguments)
    run.complete()
    with pytest.raises(UserErrorException, match="has ended"):
        run.child_run()


def test_a_script_that_was_not_submitted_gets_an_offline_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run.get_context()
    run.log("loss", 0.5, step=1)
    assert run.get_metrics() == {"loss": 0.5}
    assert "loss" in capsys.readouterr().out
    with pytest.raises(UserErrorException, match="offline run"):
        RunDetails(run)  # type: ignore[arg-type]
    with pytest.raises(RunEnvironmentException, match="start_logging"):
        Run.get_context(allow_offline=False)


def test_a_workspace_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(UserErrorException, match="There is no"):
        Workspace.from_config(folder / "nowhere")
    (folder / "config.json").write_text('{"subscription_id": "only"}')
    with pytest.raises(UserErrorException, match="required parameters"):
        Workspace.from_config(folder / "config.json")


def test_a_workspace_is_found_upwards_and_by_azure_configs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".azureml").mkdir()
    (folder / ".azureml" / "config.json").write_text(
        '{"Id": null, "Scope": "/subscriptions/S/resourceGroups/R/providers/'
        'Microsoft.MachineLearningServices/workspaces/Mine"}'
    )
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "er")
    found = Workspace.from_config()
    assert (found.name, found.subscription_id, found.resource_group) == ("Mine", "S", "R")
    assert isinstance(found.location, str)
    Experiment(found, "e")
    assert (folder / ".runwatch" / "record.sqlite").is_file()


def test_a_folder_that_cant_be_made_is_named(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(AzureMLException, match="Can't make the workspace folder"):
        Experiment(Workspace(path=folder / "file"), "e")


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE runs; --", "🚀" * 2500, "a\nb\tc", '"q"']
)
def test_names_are_data(experiment: Experiment, text: str) -> None:
    run = experiment.start_logging(display_name=text, tags={text: text})
    run.log(text, text)
    run.description = text
    assert run.display_name == run.description == text
    assert run.get_metrics() == {text: text}
    assert list(experiment.get_runs(tags={text: text})) == [run]
