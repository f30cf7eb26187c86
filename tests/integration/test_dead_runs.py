"""No run stays Running for ever, and what log() returned from is kept."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from threading import Timer

import pytest

from runwatch.compute import settle
from runwatch.core import Experiment, Run
from runwatch.store import file_lock, runs, shipper
from runwatch.store.journal import segments
from tests.conftest import eventually

COUNTING = """
    from runwatch import Experiment, Workspace
    exp = Experiment(Workspace.from_config(), "explore-runs")
    run = exp.start_logging(run_id={run_id!r})
    for step in range(10**9):
        run.log("count", step, step=step)
        print(step, flush=True)
"""


@pytest.mark.parametrize("attempt", range(4))
def test_every_point_whose_log_returned_survives_kill_9(
    experiment: Experiment, python: Callable[..., object], attempt: int
) -> None:
    process = python(COUNTING.format(run_id=f"killed-{attempt}"))
    said = [process.stdout.readline()]
    time.sleep(random.uniform(0, 0.4))  # the moment of death is the thing varied here
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.readlines()
    process.wait()
    run = Run(experiment, f"killed-{attempt}")
    assert run.get_status() == "Failed"
    assert f"pid {process.pid}" in run.get_details()["error"]["error"]["message"]
    counted = run.get_metrics()["count"]
    counted = counted if isinstance(counted, list) else [counted]
    assert counted == list(range(len(counted)))
    assert len(counted) >= len([line for line in said if line.endswith("\n")])


def test_a_run_whose_process_ends_without_completing_it_is_failed_with_a_reason(
    experiment: Experiment, python: Callable[..., object]
) -> None:
    process = python(
        """
        from runwatch import *
        run = Experiment(Workspace.from_config(), "explore-runs").start_logging(run_id="left")
        run.log("loss", 0.5)
        """
    )
    process.communicate()
    (run,) = experiment.get_runs()
    assert run.get_status() == "Failed"
    assert "ended without completing it" in run.get_details()["error"]["error"]["message"]
    assert run.get_metrics() == {"loss": 0.5}


def test_a_killed_process_that_still_holds_its_journal_is_waited_for(
    experiment: Experiment, python: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipper, "_DEAD_WITHIN_S", 60.0)  # the timer below may come late
    process = python(
        """
        import os, signal
        from runwatch import *
        run = Experiment(Workspace.from_config(), "explore-runs").start_logging(run_id="dying")
        run.log("loss", 0.5)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    process.wait()
    folders = experiment.workspace._record.paths.journals.glob(f"process-{process.pid}-*")
    (segment,) = [one for folder in folders for one in segments(folder)]
    # As the kernel has it for a moment after the process has ended.
    held = os.open(segment.path, os.O_RDONLY)
    assert file_lock.try_lock(held)
    Timer(0.3, os.close, [held]).start()
    (run,) = experiment.get_runs()
    assert run.get_status() == "Failed"
    assert run.get_metrics() == {"loss": 0.5}


def test_the_run_of_this_process_is_left_alone(experiment: Experiment) -> None:
    run = experiment.start_logging()
    run._record.settle()
    assert run.get_status() == "Running"


def test_a_changed_clock_kills_no_run_of_this_host(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = experiment.start_logging()
    monkeypatch.setattr(settle, "now_us", lambda: time.time_ns() // 1000 + 10**15)
    assert run.get_status() == "Running"


def test_a_run_of_another_host_is_judged_by_its_heartbeat(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = experiment.start_logging()
    database = run._record.database
    with database.write() as tx:
        runs.set_fields(tx, run._row().id, host="elsewhere")
    assert run.get_status() == "Running"
    now = time.time_ns() // 1000
    monkeypatch.setattr(settle, "now_us", lambda: now + 3 * 60 * 1_000_000)
    assert run.get_status() == "NotResponding"
    monkeypatch.setattr(settle, "now_us", lambda: now)
    assert run.get_status() == "Running"
    monkeypatch.setattr(settle, "now_us", lambda: now + 25 * 3600 * 1_000_000)
    assert run.get_status() == "Failed"


def test_a_cancelled_run_whose_process_dies_ends_canceled(
    experiment: Experiment, python: Callable[..., object]
) -> None:
    process = python(
        """
        from runwatch import *
        import signal, time
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with Experiment(Workspace.from_config(), "explore-runs").start_logging(run_id="deaf"):
            print("ready", flush=True)
            time.sleep(600)
        """
    )
    assert process.stdout.readline().strip() == "ready"
    run = Run(experiment, "deaf")
    run.cancel()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: run.get_status() == "Canceled")
