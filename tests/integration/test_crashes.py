"""SIGKILL at random moments, more than 50 in one pass: nothing lost, nothing twice, none Running.

Each program waits for a line before it does what it is killed in, so that its imports are not
what the moment falls into.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import sqlite3
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runwatch.compute import processes
from runwatch.compute.settle import settle
from runwatch.core import Experiment, Run, ScriptRunConfig, Workspace
from runwatch.store.status import TERMINAL
from tests.conftest import eventually

Python = Callable[..., "subprocess.Popen[str]"]

# After each log() that has returned, how many those were is in a file that outlives the process.
_LOG = """
    import mmap, struct
    def log_for_ever(run, path):
        with open(path, "r+b") as file:
            said = mmap.mmap(file.fileno(), 16)
        for step in range(10**9):
            run.log("count", step, step=step)
            struct.pack_into("<q", said, 0, step + 1)
            if step % 7 == 0:
                run.log("text", "é" * (step % 50))
                struct.pack_into("<q", said, 8, step // 7 + 1)
"""
_INTERACTIVE = (
    _LOG
    + """
    import sys
    from runwatch import *
    from runwatch.core import recorder
    from runwatch.store import journal
    journal.SEGMENT_BYTES = 30_000  # many a segment and many a shipment to be killed in
    recorder.TICK_S = 0.003
    run = Experiment(Workspace.from_config(), "explore-runs").start_logging(run_id={run_id!r})
    print("ready", flush=True)
    sys.stdin.readline()
    log_for_ever(run, {said!r})
"""
)
_READ = """
    import sys
    import runwatch.compute.settle, runwatch.store.shipper
    from runwatch import *
    from runwatch.store import shipper, sqlite_file
    shipper._BATCH_BYTES = 20_000
    connect = sqlite_file._connect
    def checkpointing(uri):
        connection = connect(uri)
        connection.execute("PRAGMA wal_autocheckpoint = 2")
        return connection
    sqlite_file._connect = checkpointing
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        Workspace.from_config().get_run({run_id!r}).get_metrics()
"""


def killed(process: subprocess.Popen[str], *, within_s: float) -> None:
    """Tell a program to begin, and kill it after a random time."""
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()
    time.sleep(random.uniform(0, within_s))  # the moment of death is the thing varied here
    process.kill()
    process.wait()


def ledger(path: Path) -> str:
    """Make the file of what was logged."""
    path.write_bytes(bytes(16))
    return str(path)


def assert_all_is_there(run: Run, said: Path) -> None:
    """What was logged is there, once and in order, with at most one point more of each metric."""
    with open(said, "rb") as file, mmap.mmap(file.fileno(), 16, prot=mmap.PROT_READ) as told:
        counts, texts = struct.unpack("<qq", told[:16])
    found = run.get_metrics()
    logged = {name: v if isinstance(v, list) else [v] for name, v in found.items()}
    count, text = logged.get("count", []), logged.get("text", [])
    assert count == list(range(len(count)))
    assert text == ["é" * (7 * n % 50) for n in range(len(text))]
    assert len(count) - counts in (0, 1)
    assert len(text) - texts in (0, 1)


@pytest.mark.parametrize("attempt", range(10))
def test_killed_while_it_logs_and_again_while_it_is_read(
    experiment: Experiment, folder: Path, python: Python, attempt: int
) -> None:
    run_id, said = f"killed-{attempt}", folder / "said"
    logging = python(_INTERACTIVE.format(run_id=run_id, said=ledger(said)))
    readers = [python(_READ.format(run_id=run_id)) for _ in range(2)]
    killed(logging, within_s=0.3)
    for reader in readers:
        killed(reader, within_s=0.05)
    run = Run(experiment, run_id)
    assert run.get_status() == "Failed"
    assert_all_is_there(run, said)
    assert not list(experiment.workspace._record.paths.journals.glob("*/*.journal"))


@pytest.mark.parametrize("attempt", range(8))
def test_the_supervisor_is_killed(experiment: Experiment, folder: Path, attempt: int) -> None:
    said = folder / "said"
    lines = [
        *_LOG.splitlines(),
        "    from runwatch import Run",
        f"    log_for_ever(Run.get_context(), {ledger(said)!r})",
    ]
    (folder / "source").mkdir()
    (folder / "source/train.py").write_text("\n".join(line[4:] for line in lines))
    run = experiment.submit(ScriptRunConfig(folder / "source", "train.py"))
    owner = run._row().owner
    assert owner is not None
    time.sleep(random.uniform(0, 1.5))  # the moment of death is the thing varied here
    os.kill(owner.pid, signal.SIGKILL)
    eventually(lambda: run.get_status() == "Failed")
    eventually(lambda: not processes.of_run(run.id, run._record.paths))
    assert_all_is_there(run, said)


@pytest.mark.parametrize("attempt", range(8))
def test_the_kernel_is_killed_while_it_submits(
    experiment: Experiment, folder: Path, python: Python, attempt: int
) -> None:
    (folder / "source").mkdir()
    (folder / "source/train.py").write_text("print('done')")
    kernel = python(
        """
        import sys
        import runwatch.core.submission
        from runwatch import *
        experiment = Experiment(Workspace.from_config(), "explore-runs")
        print("ready", flush=True)
        sys.stdin.readline()
        while True:
            experiment.submit(ScriptRunConfig("source", "train.py"))
        """
    )
    killed(kernel, within_s=0.8)

    def live() -> list[str]:
        return [r.id for r in experiment.get_runs() if r.get_status() not in TERMINAL]

    eventually(lambda: not live())
    for run in experiment.get_runs():
        eventually(lambda r=run: not processes.of_run(r.id, r._record.paths))
        if run.get_status() == "Completed":
            assert "done" in run._paths.std_log.read_text()
        else:
            assert "ended without" in run.get_details()["error"]["error"]["message"]


@pytest.mark.parametrize("attempt", range(8))
def test_killed_while_it_upgrades(folder: Path, python: Python, attempt: int) -> None:
    (folder / ".runwatch").mkdir()
    database = folder / ".runwatch/record.sqlite"
    dump = Path(__file__).parent.parent / "data/workspace-0001.sql"
    with sqlite3.connect(database) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
        (before,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    connection.close()
    upgrading = python(
        """
        import sys
        import runwatch.store.migrations.upgrade
        from runwatch import *
        print("ready", flush=True)
        sys.stdin.readline()
        Workspace.from_config().experiments
        sys.stdin.readline()
        """
    )
    killed(upgrading, within_s=0.25)
    workspace = Workspace.from_config()
    with workspace._record.database.read() as opened:
        (after,) = opened.exec_driver_sql("SELECT count(*) FROM runs").one()
        assert opened.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert after == before
    settle(workspace._record.database)
    workspace._record.database.close()
