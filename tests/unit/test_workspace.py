"""Workspaces are found, made and named."""

from __future__ import annotations

import io
import itertools
import json
import platform
import shlex
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy
import pytest

from runwatch.core import (
    CondaDependencies,
    Environment,
    Experiment,
    Model,
    Run,
    RunConfiguration,
    Workspace,
)
from runwatch.exceptions import (
    RunEnvironmentException,
    ServiceException,
    UserErrorException,
    WorkspaceException,
)


def test_the_names_in_a_config_stay_when_the_workspace_has_been_made(folder: Path) -> None:
    (folder / "config.json").write_text(
        json.dumps({"subscription_id": "S", "resource_group": "R", "workspace_name": "Mine"})
    )
    Experiment(Workspace.from_config(), "first")
    again = Workspace.from_config()
    assert (again.name, again.subscription_id, again.resource_group) == ("Mine", "S", "R")
    assert set(again.experiments) == {"first"}


def test_another_tools_config_is_passed_over(folder: Path) -> None:
    (folder / "config.json").write_text('{"model": "bert"}')
    assert Workspace.from_config().name == folder.name


def test_a_workspace_is_created_got_and_found_by_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Workspace.create(name="studies", subscription_id="S", location="westeurope")
    assert Workspace.from_config() == made
    assert Workspace.from_config().name == "studies"
    with pytest.raises(WorkspaceException, match="exist_ok=True"):
        Workspace.create("studies")
    assert Workspace.create("studies", exist_ok=True) == made
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert Workspace.get("studies") == made
    with pytest.raises(WorkspaceException, match="no workspace 'other'"):
        Workspace.get("other")


@pytest.mark.parametrize("name", ["", "ab", "-abc", "with space", "x" * 34, None])
def test_a_workspace_name_that_wont_do_is_refused(folder: Path, name: object) -> None:
    with pytest.raises(UserErrorException, match="between 3 and 33"):
        Workspace.create(name)  # type: ignore[arg-type]


def test_a_config_is_written_in_azures_form(workspace: Workspace, folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    workspace.write_config("elsewhere")
    written = json.loads((folder / "elsewhere" / ".azureml" / "config.json").read_text())
    assert written["Id"] is None
    assert written["Scope"].endswith(f"/workspaces/{workspace.name}")
    assert Workspace.from_config("elsewhere") == workspace
    written["RunwatchFolder"] = str(folder / "moved away")
    (folder / "elsewhere" / ".azureml" / "config.json").write_text(json.dumps(written))
    with pytest.raises(UserErrorException, match="Was the folder moved"):
        Workspace.from_config("elsewhere")
    with pytest.raises(UserErrorException, match="Could not write the config file"):
        workspace.write_config("nowhere")


def test_a_workspace_has_tags_and_a_folder_for_mlflow(folder: Path) -> None:
    workspace = Workspace.create("mine", tags={"team": "vision"})
    assert workspace.tags == {"team": "vision"}
    assert workspace.get_mlflow_tracking_uri().startswith("sqlite:////")
    assert list(workspace.compute_targets) == ["local"]
    assert Workspace.list("local")["mine"] == [workspace]
    assert Workspace.list("another subscription") == {}


def test_an_experiment_is_deleted_with_all_that_belongs_to_it(workspace: Workspace) -> None:
    experiment, other = Experiment(workspace, "gone"), Experiment(workspace, "kept")
    run = experiment.start_logging()
    run.log("loss", 1)
    run.log_parameters({"lr": 0.1})
    run.set_tags({"a": "b"})
    run.child_run("child").complete()
    run.upload_file("file.txt", io.BytesIO(b"x"))
    model = run.register_model("m", "file.txt")
    staying = other.start_logging(outputs=False)
    staying.complete()
    with pytest.raises(UserErrorException, match="has not ended"):
        Experiment.delete(workspace, experiment.id)
    run.complete()
    Experiment.delete(workspace, experiment.id)
    assert list(workspace.experiments) == ["kept"]
    with pytest.raises(ServiceException, match="not found"):
        workspace.get_run(run.id)
    assert not run._paths.root.exists()
    assert Model(workspace, "m") == model
    assert Model(workspace, "m").run is None
    assert list(other.get_runs()) == [staying]
    with pytest.raises(UserErrorException, match="no experiment with the id"):
        Experiment.delete(workspace, experiment.id)


def test_a_workspace_is_deleted_when_nothing_runs_in_it(folder: Path) -> None:
    workspace = Workspace.create("mine")
    run = Experiment(workspace, "e").start_logging(outputs=False)
    with pytest.raises(WorkspaceException, match="has not ended"):
        workspace.delete()
    run.complete()
    workspace.delete()
    assert not (folder / ".runwatch").exists()
    again = Workspace.create("mine", exist_ok=True)
    assert again.experiments == {}
    again._record.database.close()


def test_a_workspace_is_deleted_while_others_write_to_its_folder(folder: Path) -> None:
    workspace = Workspace.create("mine")
    root = workspace._record.paths.root
    for number in range(1000):
        (root / f"before-{number}").touch()
    begun, ended = threading.Event(), threading.Event()

    def write() -> None:
        for number in itertools.takewhile(lambda _: not ended.is_set(), itertools.count()):
            with suppress(FileNotFoundError):
                (root / f"meanwhile-{number}").touch()
            begun.set()

    other = threading.Thread(target=write)
    other.start()
    try:
        begun.wait()
        workspace.delete()
    finally:
        ended.set()
        other.join()
    assert list(folder.glob(".runwatch*")) == []


def test_what_is_no_widget_is_a_table_whose_cells_are_text(workspace: Workspace) -> None:
    experiment = Experiment(workspace, "e")
    run = experiment.start_logging(display_name="<script>alert(1)</script>", outputs=False)
    run.complete()
    for shown in (workspace, experiment, run):
        html = shown._repr_html_()
        assert html.startswith("<table>")
        assert "<script>" not in html
    assert "&lt;script&gt;" in run._repr_html_()
    assert "Completed" in run._repr_html_()


def test_a_run_configuration_is_saved_and_loaded(folder: Path) -> None:
    config = RunConfiguration(script="train.py", arguments=["--lr", 0.1])
    config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["numpy"])
    config.environment.environment_variables = {"A": "b"}
    config.save(".", "study")
    assert (folder / ".azureml" / "study.runconfig").exists()
    loaded = RunConfiguration.load(".", "study")
    assert loaded.arguments == ["--lr", "0.1"]
    assert loaded.environment.packages() == ["numpy"]
    assert loaded.environment.environment_variables == {"A": "b"}
    RunConfiguration.delete(".", "study")
    with pytest.raises(UserErrorException, match="can't be read"):
        RunConfiguration.load(".", "study")
    (folder / "odd.runconfig").write_text("- 1")
    with pytest.raises(UserErrorException, match="no run configuration"):
        RunConfiguration.load("odd.runconfig")


def test_environments_are_read_from_files(folder: Path) -> None:
    (folder / "requirements.txt").write_text("# needs\nnumpy>=2  # arrays\n\nazureml-core\n")
    assert Environment.from_pip_requirements("r", "requirements.txt").packages() == ["numpy>=2"]
    (folder / "conda.yml").write_text("dependencies: [python=3.12, pip, pip: [rich]]")
    environment = Environment.from_conda_specification("c", "conda.yml")
    assert environment.packages() == ["rich"]
    assert environment.python.conda_dependencies is not None
    assert environment.python.conda_dependencies.python_version == "3.12"
    (folder / "odd.yml").write_text("5")
    with pytest.raises(UserErrorException, match="no conda specification"):
        Environment.from_conda_specification("c", "odd.yml")


def test_what_a_run_was_made_from_is_kept(workspace: Workspace) -> None:
    run = Experiment(workspace, "e").start_logging(outputs=False)
    run.complete()
    properties = run.get_properties()
    assert properties["runwatch.python_version"] == platform.python_version()
    assert properties["runwatch.host"] == socket.gethostname()
    assert shlex.split(str(properties["runwatch.command_line"])) == sys.orig_argv
    assert run.get_details()["packages"]["numpy"] == numpy.__version__


def test_an_offline_run_has_what_a_run_has_or_says_why_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run.get_context()
    missing = []
    for name in dir(Run):
        if name.startswith("_"):
            continue
        try:
            getattr(run, name)
        except RunEnvironmentException as error:
            assert "was not submitted" in error.message
            missing.append(name)
    assert {"experiment", "submit_child", "register_model"} <= set(missing)
    assert not {"log_image", "upload_file", "tags", "display_name", "flush"} & set(missing)
    assert not hasattr(run, "experiment")
    run.log_parameters({"lr": 0.1})
    run.upload_file("outputs/m", "m")
    assert run.get_file_names() == ["outputs/m"]
    assert "Attempted to log parameters" in capsys.readouterr().out
