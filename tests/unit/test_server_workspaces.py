"""Which workspaces a Jupyter server shows, and which one an id means."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from runwatch.core import Experiment, Workspace
from runwatch.exceptions import ServiceException
from runwatch.server.workspaces import Workspaces
from runwatch.store import registry


def made(folder: Path) -> Workspace:
    """Make a workspace with a run in it, which is closed."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(path=folder)
    Experiment(workspace, "first").start_logging().complete()
    return workspace


def id_of(workspace: Workspace) -> str:
    return workspace._record.database.workspace_id


def test_those_below_the_root_are_shown_and_those_that_are_named(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    inside, named = made(root / "a/b"), made(elsewhere)
    (root / "node_modules/c/.runwatch").mkdir(parents=True)
    heads = Workspaces(root, [elsewhere]).shown()
    assert {head.workspace_id for head in heads} == {id_of(inside), id_of(named)}
    assert {head.folder for head in heads} == {"a/b", str(elsewhere)}


def test_those_that_a_link_leads_to_are_shown_where_the_link_is(tmp_path: Path) -> None:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    behind, inside = made(scratch / "proj/study"), made(root / "own")
    (root / "proj").symlink_to(scratch / "proj")
    (root / "proj again").symlink_to(scratch / "proj")
    (scratch / "proj/study/back").symlink_to(root)
    (root / "own/up").symlink_to(tmp_path)
    (root / "nowhere").symlink_to(tmp_path / "nowhere")
    (root / "circle").symlink_to(root / "circle")
    workspaces = Workspaces(root)
    heads = {head.workspace_id: head for head in workspaces.shown()}
    assert set(heads) == {id_of(behind), id_of(inside)}
    assert heads[id_of(behind)].folder in ("proj/study", "proj again/study")
    assert heads[id_of(behind)].name == "study"
    assert heads[id_of(inside)].folder == "own"
    assert workspaces.get(id_of(behind))._record is behind._record


def test_one_that_is_made_behind_a_link_is_shown_at_once(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (tmp_path / "scratch").mkdir()
    root.mkdir()
    (root / "proj").symlink_to(tmp_path / "scratch")
    workspaces = Workspaces(root)
    assert workspaces.shown() == []
    workspace = made(root / "proj/a/b")
    (head,) = workspaces.shown()
    assert (head.workspace_id, head.folder) == (id_of(workspace), "proj/a/b")


def test_a_link_to_another_folders_workspace_shows_that_one(tmp_path: Path) -> None:
    root = tmp_path / "root"
    workspace = made(tmp_path / "scratch")
    (root / "proj").mkdir(parents=True)
    (root / "proj/.runwatch").symlink_to(tmp_path / "scratch/.runwatch")
    workspaces = Workspaces(root)
    assert [head.workspace_id for head in workspaces.shown()] == [id_of(workspace)]
    assert workspaces.get(id_of(workspace))._record is workspace._record


def test_a_link_to_a_large_place_hides_nothing_of_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runwatch.server.workspaces.MOST_FOLDERS", 10)
    root = tmp_path / "root"
    workspace = made(root / "z/y/x")
    for number in range(30):
        (tmp_path / f"large/{number}").mkdir(parents=True)
    (root / "a").symlink_to(tmp_path / "large")
    registry._folder().joinpath(id_of(workspace)).unlink()  # so that it must be looked for
    assert [head.folder for head in Workspaces(root).shown()] == ["z/y/x"]


def test_where_no_workspace_is_looked_for_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deep = made(tmp_path / "1/2/3/4/5/6")
    noted = registry._folder() / id_of(deep)
    note = noted.read_bytes()
    noted.unlink()
    workspaces = Workspaces(tmp_path)
    assert workspaces.shown() == []
    (said,) = caplog.messages
    assert f"{tmp_path}/1/2/3/4/5/6: it is more than 5 folders below" in said
    assert "c.RunwatchServer.workspaces" in said
    noted.write_bytes(note)
    assert [head.folder for head in workspaces.shown(search=True)] == ["1/2/3/4/5/6"]
    assert len(caplog.messages) == 1


def test_only_so_many_links_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("runwatch.server.workspaces.MOST_LINKS", 3)
    for number in range(9):
        (tmp_path / f"data/{number}").mkdir(parents=True)
        (tmp_path / f"root/{number}").mkdir(parents=True)
        (tmp_path / f"root/to {number}").symlink_to(tmp_path / f"data/{number}")
    workspace = made(tmp_path / "root/8")
    registry._folder().joinpath(id_of(workspace)).unlink()
    assert [head.folder for head in Workspaces(tmp_path / "root").shown()] == ["8"]
    assert "more than 3 links" in caplog.text


def test_what_is_no_workspace_is_not_shown_and_not_made_one(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("text", b"no database")):
        (tmp_path / name / ".runwatch").mkdir(parents=True)
        (tmp_path / name / ".runwatch/record.sqlite").write_bytes(content)
    (tmp_path / "foreign/.runwatch").mkdir(parents=True)
    sqlite3.connect(tmp_path / "foreign/.runwatch/record.sqlite").close()
    assert Workspaces(tmp_path).shown() == []
    assert (tmp_path / "empty/.runwatch/record.sqlite").read_bytes() == b""


def test_looking_changes_nothing_of_a_workspace_of_an_older_version(tmp_path: Path) -> None:
    dump = Path(__file__).parents[1] / "data/workspace-0001.sql"
    (tmp_path / ".runwatch").mkdir()
    file = tmp_path / ".runwatch/record.sqlite"
    old = sqlite3.connect(file)
    old.executescript(dump.read_text(encoding="utf-8"))
    old.close()
    before = file.read_bytes()
    assert len(Workspaces(tmp_path).shown()) == 1
    assert file.read_bytes() == before


def test_a_copied_folder_is_a_workspace_of_its_own_once_it_is_opened(tmp_path: Path) -> None:
    original = made(tmp_path / "project")
    shutil.copytree(tmp_path / "project", tmp_path / "a copy")
    shown = Workspaces(tmp_path)
    assert [head.folder for head in shown.shown()] == ["project"]
    assert shown.get(id_of(original))._record.paths.root == tmp_path / "project/.runwatch"
    copy = Workspace(path=tmp_path / "a copy")
    assert id_of(copy) != id_of(original)
    folders = {head.workspace_id: head.folder for head in shown.shown(search=True)}
    assert folders == {id_of(original): "project", id_of(copy): "a copy"}
    assert [run.id for run in copy.experiments["first"].get_runs()] == [
        run.id for run in original.experiments["first"].get_runs()
    ]


def test_a_folder_that_was_moved_is_the_same_workspace(tmp_path: Path) -> None:
    workspace_id = id_of(made(tmp_path / "before"))
    (tmp_path / "before").rename(tmp_path / "after")
    assert id_of(Workspace(path=tmp_path / "after")) == workspace_id
    assert Workspaces(tmp_path).get(workspace_id)._record.paths.root.parent.name == "after"


def test_a_workspace_that_was_made_anew_does_not_answer_to_the_old_id(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path)
    first = made(tmp_path)
    old = id_of(first)
    assert workspaces.get(old)
    first._record.recorder.stop()  # its thread writes to the folder until its next look
    shutil.rmtree(tmp_path / ".runwatch")
    new = id_of(made(tmp_path))
    assert workspaces.get(new)
    with pytest.raises(ServiceException, match="does not know this workspace"):
        workspaces.get(old)


def test_a_folder_whose_name_is_no_text_is_shown_and_noted(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff"))
    workspace_id = id_of(made(odd))
    (head,) = Workspaces(tmp_path).shown()
    assert head.folder == "odd\N{REPLACEMENT CHARACTER}"
    found = registry.find(workspace_id)
    assert found is not None
    assert found.root.parent == odd


def test_a_note_that_can_not_be_read_hides_no_other(tmp_path: Path) -> None:
    workspace_id = id_of(made(tmp_path))
    (registry._folder() / ("0" * 32)).write_bytes(b"\xff\x00/nowhere")
    assert [head.workspace_id for head in Workspaces(tmp_path).shown()] == [workspace_id]
