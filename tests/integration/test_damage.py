"""A full disk, a folder that may not be written to, a workspace that was deleted."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from runwatch.core import Experiment, ScriptRunConfig, Workspace
from runwatch.exceptions import WorkspaceException
from tests.conftest import eventually, is_running, numbers_in

# A root user may read and write everywhere: the test's process gives that right away.
_WITHOUT = "--bounding-set=-dac_override,-dac_read_search"
_AS_A_USER = ["setpriv", _WITHOUT] if os.geteuid() == 0 else []


def said_by(command: list[str], program: str, folder: Path) -> str:
    """Run a program and return what it printed; it must end well."""
    finished = subprocess.run(
        [*command, sys.executable, "-c", textwrap.dedent(program)],
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def delete(workspace: Path) -> None:
    """Delete a workspace while somebody is still writing to it."""

    def gone() -> bool:
        shutil.rmtree(workspace, ignore_errors=True)
        return not workspace.exists()

    eventually(gone)


def test_a_full_disk_is_told_and_nothing_is_lost(folder: Path) -> None:
    said = said_by(
        [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            f'mount -t tmpfs -o size=10M none "{folder}" && cd "{folder}" && exec "$@"',
            "sh",
        ],
        """
        import os
        from runwatch import *
        from runwatch.exceptions import RunwatchException
        run = Experiment(Workspace.from_config(), "e").start_logging(run_id="r")
        run.log("text", "-")
        run.tag("before", "kept")
        assert run.get_metrics() == {"text": "-"}
        with open("ballast", "wb") as ballast:
            ballast.write(bytes(7 * 2**20))
        logged = 0
        try:
            while True:
                run.log("text", "x" * 1000)
                logged += 1
        except RunwatchException as error:
            print("log:", error.message)
        try:
            for number in range(10_000):
                run.tag(f"tag {number}", "x" * 1000)
        except RunwatchException as error:
            print("tag:", error.message)
        assert run.get_tags()["before"] == "kept"
        assert run.get_metrics()["text"][0] == "-"
        os.unlink("ballast")
        for _ in range(20):  # there is room again
            run.log("text", "y")
        text = run.get_metrics("text")["text"]
        assert text == ["-"] + ["x" * 1000] * logged + ["y"] * 20, (len(text), logged)
        run.complete()
        print(run.get_status())
        """,
        folder.parent,
    )
    log, tag, status = said.splitlines()[-3:]
    assert log.startswith("log: The point was not logged")
    assert "The disk is full" in log
    assert tag.startswith("tag: The disk of the workspace")
    assert status == "Completed"


@pytest.mark.parametrize("left_open", [False, True])
def test_a_workspace_that_may_not_be_written_to_is_read(
    workspace: Workspace, folder: Path, left_open: bool
) -> None:
    run = Experiment(workspace, "e").start_logging(run_id="r")
    run.log_list("loss", [0.5, 0.25])
    run.complete()
    run.tag("kept", "yes")
    copy = folder / "copy"
    if left_open:  # with the last changes still in SQLite's log
        shutil.copytree(folder / ".runwatch", copy / ".runwatch")
        assert (copy / ".runwatch/record.sqlite-wal").stat().st_size > 0
        (copy / ".runwatch/record.sqlite-shm").unlink()
    else:
        workspace._record.database.close()
        shutil.copytree(folder / ".runwatch", copy / ".runwatch")
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        said = said_by(
            _AS_A_USER,
            """
            from runwatch import *
            from runwatch.exceptions import RunwatchException
            run = Workspace.from_config().get_run("r")
            print(run.get_status(), run.get_metrics(), run.get_tags())
            from runwatch import cli
            assert cli.main(["doctor", "--check"]) == 1  # the journal of the copied process
            assert cli.main(["doctor"]) == 1
            for act in (lambda: run.tag("a", "b"), lambda: run.log("loss", 1), run.fail):
                try:
                    act()
                except RunwatchException as error:
                    print(error.message)
            """,
            copy,
        )
    finally:
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o700)
    read, found, not_mended, _, *refused = said.splitlines()
    assert "was left over" in found
    assert not_mended.strip() == "not mended"
    assert read == "Completed {'loss': [0.5, 0.25]} {'kept': 'yes'}"
    assert [".runwatch may not be written to" in line for line in refused] == [True, False, True]
    assert "The point was not logged" in refused[1]
    assert "Check that you may write to the workspace folder" in refused[1]


def test_a_backup_without_what_may_not_be_read_is_none(workspace: Workspace, folder: Path) -> None:
    run = Experiment(workspace, "e").start_logging(run_id="r", outputs=False)
    run.upload_file("a.txt", io.BytesIO(b"content"))
    run.complete()
    workspace._record.recorder.stop()
    closed = run._paths.files
    closed.chmod(0)
    try:
        said = said_by(
            _AS_A_USER,
            """
            from runwatch import *
            from runwatch.exceptions import RunwatchException
            try:
                Workspace.from_config().backup("kept.tar")
            except RunwatchException as error:
                print(error.message)
            """,
            folder,
        )
    finally:
        closed.chmod(0o700)
    assert "was not written" in said
    assert f"{closed} Permission denied" in said
    assert not list(folder.glob("*.tar"))


def test_what_others_keep_to_themselves_is_told_and_stops_nothing(
    workspace: Workspace, folder: Path
) -> None:
    run = Experiment(workspace, "e").start_logging(run_id="r", outputs=False)
    run.log("loss", 0.5)
    run.complete()
    (journal,) = workspace._record.paths.journals.iterdir()
    journal.chmod(0)
    lock = workspace._record.paths.write_lock
    try:
        said = said_by(
            _AS_A_USER,
            f"""
            import os
            from runwatch import *
            from runwatch.exceptions import RunwatchException
            run = Workspace.from_config().get_run("r")
            print(run.get_status())
            run.tag("a", "b")
            run._record.database.close()
            os.chmod({str(lock)!r}, 0)
            try:
                run.tag("a", "c")
            except RunwatchException as error:
                print(error.message)
            print(run.get_tags())
            """,
            folder,
        )
    finally:
        journal.chmod(0o700)
        lock.chmod(0o600)
    status, refused, tags = said.splitlines()
    assert status == "Completed"
    assert f"you may not use {lock}" in refused
    assert f"chmod -R g+rwX {folder / '.runwatch'}" in refused
    assert tags == "{'a': 'b'}"


def test_a_deleted_workspace_is_told_and_not_half_made_again(
    workspace: Workspace, folder: Path
) -> None:
    run = Experiment(workspace, "e").start_logging()
    run.log("loss", 0.5)
    delete(folder / ".runwatch")

    def refused() -> str | None:
        try:
            run.log("loss", 0.25)
        except WorkspaceException as error:
            return error.message
        return None

    assert "Check that the workspace folder is still there" in str(eventually(refused))
    for act in (run.get_status, run.get_metrics, lambda: run.tag("a", "b")):
        with pytest.raises(WorkspaceException, match="was deleted or replaced while it was in use"):
            act()
    assert refused() is not None
    assert not (folder / ".runwatch").exists()
    again = Workspace.from_config()
    assert again.experiments == {}
    Experiment(again, "e").start_logging().complete()


def test_the_script_of_a_deleted_workspace_is_ended(experiment: Experiment, folder: Path) -> None:
    note = folder / "pid"
    (folder / "source").mkdir()
    (folder / "source/train.py").write_text(
        f"import os, time; print(os.getpid(), file=open({str(note)!r}, 'w'), flush=True)\n"
        "time.sleep(600)"
    )
    run = experiment.submit(ScriptRunConfig(folder / "source", "train.py"))
    (pid,) = eventually(lambda: numbers_in(note))
    eventually(lambda: run.get_status() == "Running")
    delete(folder / ".runwatch")
    eventually(lambda: not is_running(pid))


def test_the_doctor_tells_of_a_journal_that_may_not_be_read(
    experiment: Experiment, folder: Path
) -> None:
    journal = experiment.workspace._record.paths.journals / "process-1-of-another"
    journal.mkdir(mode=0)
    said = said_by(
        _AS_A_USER,
        """
        from runwatch.cli import main
        main(["doctor"])
        """,
        folder,
    )
    assert "process-1-of-another is another user's, and may not be read by you." in said


def test_a_view_of_a_run_whose_folders_may_not_be_looked_into_shows_the_rest(
    experiment: Experiment, folder: Path
) -> None:
    run = experiment.start_logging()
    run._paths.logs.mkdir(mode=0, parents=True)
    said = said_by(
        _AS_A_USER,
        f"""
        from runwatch import Workspace
        from runwatch.feed.files import LogFeed
        from runwatch.widgets import RunDetails
        run = Workspace.from_config().get_run({run.id!r})
        assert LogFeed(run._paths).logs() is None
        print(RunDetails(run).summary["run"]["status"])
        """,
        folder,
    )
    assert said == "Running\n"
    run.complete()
