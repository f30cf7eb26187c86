"""Workspaces are found, made and named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runwatch.core import Experiment, Workspace
from runwatch.exceptions import UserErrorException, WorkspaceException


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
