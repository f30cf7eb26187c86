"""Files, logs and snapshots of runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runwatch.core import Experiment, Run
from runwatch.core.script_run import ScriptRun
from runwatch.exceptions import SnapshotException, UserErrorException
from tests.conftest import eventually


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return experiment.start_logging()


def test_a_file_is_kept_as_it_was(run: Run, folder: Path) -> None:
    (folder / "model.txt").write_text("first")
    run.upload_file("outputs/model.txt", "model.txt")
    run.upload_file("outputs/stream.bin", io.BytesIO(b"\0\1"))
    run.upload_file("notes.txt", io.StringIO("ünïcode"))
    (folder / "model.txt").write_text("changed")
    assert run.get_file_names() == ["notes.txt", "outputs/model.txt", "outputs/stream.bin"]
    run.download_file("outputs/model.txt", "copies/got.txt")
    assert (folder / "copies" / "got.txt").read_text() == "first"
    run.download_file("notes.txt", "copies")
    assert (folder / "copies" / "notes.txt").read_text() == "ünïcode"
    run.download_file("outputs/stream.bin")
    assert (folder / "stream.bin").read_bytes() == b"\0\1"


def test_files_are_a_permanent_record(run: Run) -> None:
    run.upload_file("a.txt", io.BytesIO(b"first"))
    with pytest.raises(UserErrorException, match="already"):
        run.upload_file("a.txt", io.BytesIO(b"second"))
    run.download_file("a.txt", "got.txt")
    assert Path("got.txt").read_bytes() == b"first"


@pytest.mark.parametrize("name", ["../out.txt", "/etc/passwd", "a/../../out.txt", "", ".", None, 5])
def test_no_name_leads_out_of_the_run(run: Run, name: object) -> None:
    with pytest.raises(UserErrorException, match="name"):
        run.upload_file(name, io.BytesIO(b"x"))  # type: ignore[arg-type]
    assert run.get_file_names() == []


def test_several_files_and_folders(run: Run, folder: Path) -> None:
    (folder / "data" / "deep").mkdir(parents=True)
    (folder / "data" / "one.txt").write_text("1")
    (folder / "data" / "deep" / "two.txt").write_text("2")
    run.upload_folder("set", "data")
    run.upload_files(["x/one", "x/two"], ["data/one.txt", "data/deep/two.txt"])
    assert run.get_file_names() == ["set/deep/two.txt", "set/one.txt", "x/one", "x/two"]
    run.download_files("set", "got")
    assert (folder / "got" / "set" / "deep" / "two.txt").read_text() == "2"
    run.download_files("set/", "plain", append_prefix=False)
    assert (folder / "plain" / "one.txt").read_text() == "1"
    run.download_files("x", output_paths=["p1", "p2"])
    assert (folder / "p2").read_text() == "2"
    with pytest.raises(TypeError, match="same length"):
        run.upload_files(["a"], [])
    with pytest.raises(UserErrorException, match="not a valid directory"):
        run.upload_folder("x", "data/one.txt")
    with pytest.raises(UserErrorException, match="UnsupportedType"):
        run.upload_file("x", 5)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match="No such file"):
        run.upload_file("missing", "nowhere.txt")
    with pytest.raises(UserErrorException, match="has no file 'nothing'"):
        run.download_file("nothing")


def test_what_a_script_writes_is_there_while_it_runs_and_after(
    submit: Callable[..., ScriptRun], folder: Path
) -> None:
    run = submit(
        """
        import os, sys, time
        from runwatch import Run
        open("outputs/model.txt", "w").write("weights")
        open("logs/own.log", "w").write("line")
        Run.get_context().upload_file("outputs/early.txt", "outputs/model.txt")
        print("written")
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.02)
        """,
        arguments=[folder / "go"],
    )
    names = ["logs/own.log", "outputs/early.txt", "outputs/model.txt", "user_logs/std_log.txt"]
    eventually(lambda: run.get_file_names() == names)
    (folder / "go").touch()
    run.wait_for_completion()
    assert run.get_file_names() == names
    run.download_file("outputs/model.txt", "got.txt")
    assert Path("got.txt").read_text() == "weights"
    assert set(run.get_details()["logFiles"]) == {"logs/own.log", "user_logs/std_log.txt"}
    texts = run.get_details_with_logs()["logFiles"]
    assert texts == {"logs/own.log": "line", "user_logs/std_log.txt": "written\n"}
    copies = run.get_all_logs("all")
    assert [Path(copy).read_text() for copy in copies] == ["line", "written\n"]


def test_a_snapshot_can_be_restored(run: Run, submit: Callable[..., ScriptRun]) -> None:
    submitted = submit("print('hello')")
    assert submitted.get_snapshot_id() == submitted.get_properties()["ContentSnapshotId"]
    archive = submitted.restore_snapshot(path="restored")
    assert Path(archive).is_absolute()
    with zipfile.ZipFile(archive) as opened:
        assert opened.read("train.py") == b"print('hello')"
    assert run.get_snapshot_id() is None
    with pytest.raises(SnapshotException, match="no snapshot"):
        run.restore_snapshot()
    with pytest.raises(SnapshotException, match="no snapshot"):
        run.restore_snapshot("../runs")
    taken = run.take_snapshot("source")
    assert taken == submitted.get_snapshot_id(), "equal contents are kept once"
    with pytest.raises(SnapshotException, match="already has one"):
        run.take_snapshot("source")
