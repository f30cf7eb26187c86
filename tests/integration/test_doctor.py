"""`runwatch doctor`, `runwatch backup` and `runwatch restore`."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runwatch import cli
from runwatch.core import Experiment, Run, Workspace, doctor
from runwatch.exceptions import UserErrorException, WorkspaceException
from runwatch.store.journal import JournalWriter, SeriesName, segments
from runwatch.store.paths import half_made_name

HOUR_S = 3600


def age(*paths: Path) -> None:
    """Have files look as if they had been made long ago."""
    for path in paths:
        os.utime(path, (1e9, 1e9))


def findings(workspace: Workspace, *, mend: bool = True) -> list[str]:
    return [finding.what for finding in doctor.examine(workspace._record.paths, mend=mend)]


def test_a_workspace_in_order_is_well(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 0.5)
        assert findings(experiment.workspace) == []
    assert cli.main(["doctor"]) == 0
    assert "is well" in capsys.readouterr().out


def test_what_a_crash_leaves_is_found_and_mended(
    experiment: Experiment,
    folder: Path,
    python: Callable[..., object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = experiment.workspace._record.paths
    assert experiment.id  # made in the record
    process = python(
        """
        import os
        from runwatch import *
        from runwatch.core.recorder import Recorder
        Recorder._start_thread = lambda self: None  # so that nothing is shipped
        run = Experiment(Workspace.from_config(), "explore-runs").start_logging(run_id="dead")
        for step in range(100):
            run.log("loss", step / 2)
        os.kill(os.getpid(), 9)
        """
    )
    process.wait()
    kept = {paths.root / "runs/of-nobody": "file", paths.models / "lost/3": "model.pkl"}
    for orphan, file in kept.items():
        orphan.mkdir(parents=True)
        (orphan / file).write_text(file)
    (group,) = (path for path in paths.journals.iterdir() if segments(path))
    (group / "x-000001.new").touch()
    deleted = [
        paths.snapshots / half_made_name(),
        paths.snapshots / "unused",
        paths.models / half_made_name(),
    ]
    for path in deleted:
        path.mkdir()
    age(*kept, *deleted)

    assert cli.main(["doctor", "--check"]) == 1
    told = capsys.readouterr().out
    for part in (
        "run dead is Running",
        "left over",
        "never written",
        "belongs to no run",
        "never finished",
        "snapshot of no run",
        "not in the record",
        "8 found, 0 mended",
    ):
        assert part in told
    assert all(path.exists() for path in (*kept, *deleted))

    assert cli.main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "its status is Failed now" in told
    assert not any(path.exists() for path in (*kept, *deleted, group))
    moved = {path.name for path in (paths.root / doctor.ORPHANED).rglob("*") if path.is_file()}
    assert moved == {"file", "model.pkl"}
    assert Run(experiment, "dead").get_metrics() == {"loss": [step / 2 for step in range(100)]}
    assert findings(experiment.workspace) == []


@pytest.mark.parametrize("damaged", [0.3, 0.5, 0.99])
def test_what_stands_after_a_damaged_record_is_saved_once(
    experiment: Experiment, damaged: float
) -> None:
    run = experiment.start_logging(run_id="r")
    paths = experiment.workspace._record.paths
    writer = JournalWriter(paths.journals / "elsewhere")
    for step in range(1000):
        writer.append(SeriesName("r", "loss", "scalar"), step, step / 2)
    writer.close()
    (segment,) = segments(writer.folder)
    data = bytearray(segment.path.read_bytes())
    data[int(len(data) * damaged)] ^= 0x10
    segment.path.write_bytes(data)

    told = list(doctor.examine(paths))
    assert any("left over" in finding.what for finding in told)
    (torn,) = (finding for finding in told if "torn record" in finding.what)
    assert "bytes can't be read" in str(torn.mended)
    found = run.get_metrics()["loss"]
    assert len(found) == 999
    assert set(found) < {step / 2 for step in range(1000)}
    assert findings(experiment.workspace) == []


Filled = tuple[Path, dict[str, dict[str, object]]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A folder with a workspace of 300 runs, to be copied, and the metrics by run."""
    folder, kept = tmp_path_factory.mktemp("filled"), {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state-of-filled")))
        experiment = Experiment(Workspace(path=folder), "explore-runs")
        for number in range(300):
            run_id = f"run-{number}"
            with experiment.start_logging(run_id=run_id, display_name=f"run {number}") as run:
                run.log_list("loss", [number / 2, number / 4])
                run.tag("number", str(number))
                kept[run_id] = run.get_metrics()
        experiment.workspace._record.database.close()
    with sqlite3.connect(folder / ".runwatch/record.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder, kept


@pytest.mark.parametrize("attempt", range(5))
def test_a_damaged_database_keeps_what_can_be_read(
    filled: Filled, folder: Path, attempt: int
) -> None:
    template, kept = filled
    shutil.copytree(template, folder, dirs_exist_ok=True)
    opened = Workspace.from_config()
    assert opened._record.database.facts()
    paths = opened._record.paths
    with sqlite3.connect(paths.database) as connection:
        roots = {page - 1 for (page,) in connection.execute("SELECT rootpage FROM sqlite_master")}
    connection.close()
    data = bytearray(paths.database.read_bytes())
    # Pages with rows: with one that leads to others, all that it leads to would be lost.
    leaf = 0x0D
    pages = [page for page in range(1, len(data) // 4096) if data[page * 4096] == leaf]
    pages = [page for page in pages if page not in roots]
    lost = 0  # rows of the damaged pages: each may be a run's, or its metric's
    for page in random.Random(attempt).sample(pages, 4):
        lost += int.from_bytes(data[page * 4096 + 3 : page * 4096 + 5], "big")
        data[page * 4096 : (page + 1) * 4096] = os.urandom(4096)
    paths.database.write_bytes(data)

    (finding,) = (f for f in doctor.examine(paths) if "is damaged" in f.what)
    assert finding.mended is not None
    assert list(paths.root.glob("record.sqlite.damaged-*-??????"))
    with pytest.raises(WorkspaceException, match="deleted or replaced"):
        opened._record.database.facts()
    workspace = Workspace.from_config()
    found = {
        run.id: run.get_metrics()
        for experiment in workspace.experiments.values()
        for run in experiment.get_runs()
    }
    assert len(found) >= len(kept) - lost
    assert all(kept[run_id].items() >= metrics.items() for run_id, metrics in found.items())
    assert sum(map(bool, found.values())) >= len(kept) - lost
    with Experiment(workspace, "afterwards").start_logging() as run:
        run.log("loss", 1)
    assert findings(workspace) == []


def test_a_database_of_which_nothing_can_be_read_is_left_alone(
    filled: Filled, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(filled[0], folder, dirs_exist_ok=True)
    database = folder / ".runwatch/record.sqlite"
    database.write_bytes(b"this is no database" * 1000)
    assert cli.main(["doctor"]) == 1
    assert "Bring back a backup" in capsys.readouterr().err
    assert database.read_bytes() == b"this is no database" * 1000


def test_a_live_workspace_is_backed_up_and_restored(
    experiment: Experiment,
    folder: Path,
    python: Callable[..., object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "model.pkl").write_text("weights")
    done = experiment.start_logging(run_id="done")
    done.upload_file("outputs/model.pkl", str(folder / "model.pkl"))
    for name in ("poetry.lock", "a.new", ".new-idea", "x.sqlite-wal"):
        done.upload_file(name, str(folder / "model.pkl"))
    done.register_model("digits", "outputs/model.pkl")
    done.log("loss", 0.5)
    done.complete()
    process = python(
        """
        from runwatch import *
        run = Experiment(Workspace.from_config(), "explore-runs").start_logging(run_id="live")
        for step in range(10**9):
            run.log("count", step)
            if step == 1000:
                print("ready", flush=True)
        """
    )
    assert process.stdout.readline() == "ready\n"
    assert cli.main(["backup", "kept.tar.gz"]) == 0
    assert is_private(folder / "kept.tar.gz")
    live = Run(experiment, "live")
    assert live.get_status() == "Running"
    process.kill()
    process.wait()

    (folder / "elsewhere").mkdir()
    assert cli.main(["--workspace", "elsewhere", "restore", "kept.tar.gz"]) == 0
    assert is_private(folder / "elsewhere/.runwatch")
    restored = Workspace.from_config("elsewhere")
    assert restored.get_run("done").get_metrics() == {"loss": 0.5}
    assert restored.get_run("done").get_file_names() == done.get_file_names()
    assert restored.models["digits"].version == 1
    run = restored.get_run("live")
    assert run.get_status() == "Failed"
    assert (
        "had not ended when the backup was made" in run.get_details()["error"]["error"]["message"]
    )
    count = run.get_metrics()["count"]
    assert count == list(range(len(count)))
    assert len(count) > 1000
    assert findings(restored) == []
    capsys.readouterr()
    assert cli.main(["--workspace", "elsewhere", "restore", "kept.tar.gz"]) == 1
    assert "There is a workspace" in capsys.readouterr().err


def is_private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_what_is_no_backup_is_refused_and_nothing_is_left(
    workspace: Workspace, folder: Path
) -> None:
    with pytest.raises(UserErrorException, match=r"ends in \.tar"):
        workspace.backup("here.zip")
    with pytest.raises(UserErrorException, match="in the workspace itself"):
        workspace.backup(".runwatch/b.tar")
    with pytest.raises(WorkspaceException, match="was not written"):
        workspace.backup("nowhere/b.tar")
    workspace.backup("b.tar")
    with pytest.raises(UserErrorException, match="is there already"):
        workspace.backup("b.tar")
    (folder / "half.tar").write_bytes((folder / "b.tar").read_bytes()[:5000])
    with tarfile.open("hostile.tar", "w") as tar:
        info = tarfile.TarInfo("../escaped")
        tar.addfile(info)
    (folder / "text.tar").write_text("no archive")
    for name in ("half.tar", "hostile.tar", "text.tar"):
        with pytest.raises(UserErrorException, match="is no whole backup"):
            Workspace.restore(name, folder / "to")
    assert not (folder / "to/.runwatch").exists()
    assert not (folder / "to").exists() or not list((folder / "to").iterdir())
    assert not (folder / "escaped").exists()
    with pytest.raises(WorkspaceException, match="was not restored"):
        Workspace.restore("missing.tar", folder / "to")
