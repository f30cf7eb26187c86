"""Cancel ends the whole tree of processes, or the code that logs, and nothing else."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runwatch.core import Experiment, Run
from runwatch.core.script_run import ScriptRun
from runwatch.exceptions import ActivityCanceledException, UserErrorException
from tests.conftest import eventually, is_running, numbers_in

Submit = Callable[..., ScriptRun]

# Starts a child in its own session, whose own child forgets its environment and its session.
FAMILY = """
    import os, signal, subprocess, sys, time
    {before}
    nap = "import time; time.sleep(600)"
    grandchild = "; ".join([
        "import subprocess, sys, time",
        f"p = subprocess.Popen([sys.executable, '-c', {{nap!r}}], env=dict(), "
        "start_new_session=True)",
        "print(p.pid, flush=True)",
        "time.sleep(600)",
    ])
    child = subprocess.Popen([sys.executable, "-c", grandchild], start_new_session=True,
                             stdout=subprocess.PIPE, text=True)
    pids = [os.getpid(), child.pid, int(child.stdout.readline())]
    open(sys.argv[1], "w").write("\\n".join(map(str, pids)))
    time.sleep(600)
"""


def family(submit: Submit, folder: Path, *, before: str = "") -> tuple:
    run = submit(FAMILY.format(before=before), arguments=[folder / "pids"])
    pids = eventually(lambda: len(n := numbers_in(folder / "pids")) == 3 and n)
    assert all(is_running(pid) for pid in pids)
    eventually(lambda: run.get_status() == "Running")  # its supervisor says so after the start
    return run, pids


def test_cancel_kills_grandchildren_that_made_their_own_session(
    submit: Submit, folder: Path
) -> None:
    run, pids = family(submit, folder)
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    assert not [pid for pid in pids if is_running(pid)]


def test_a_script_that_ignores_sigterm_is_killed_after_the_grace(
    submit: Submit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNWATCH_GRACE_SECONDS", "3")
    run, pids = family(submit, folder, before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    asked = time.monotonic()
    run.cancel()
    eventually(lambda: run._row().cancel_forced_us)
    assert is_running(pids[0]), "it was not given its grace"
    assert run.wait_for_completion()["status"] == "Canceled"
    assert time.monotonic() - asked >= 3
    assert not [pid for pid in pids if is_running(pid)]


def test_who_cancels_may_say_how_long_the_grace_is(
    submit: Submit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNWATCH_GRACE_SECONDS", "600")
    run, pids = family(submit, folder, before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(UserErrorException, match="grace_s must be a number of seconds"):
            run.cancel(grace_s=wrong)
    assert run.get_status() == "Running"
    run.cancel(grace_s=0.5)
    assert run.wait_for_completion()["status"] == "Canceled"
    assert not [pid for pid in pids if is_running(pid)]


def test_a_second_cancel_can_make_the_grace_shorter(
    submit: Submit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNWATCH_GRACE_SECONDS", "600")
    run, pids = family(submit, folder, before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    run.cancel()
    assert run.get_status() == "CancelRequested"
    run.cancel(grace_s=0)
    assert run.wait_for_completion(wait_post_processing=True)["status"] == "Canceled"
    assert not [pid for pid in pids if is_running(pid)]


def test_a_script_that_obeys_may_still_save_its_state(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNWATCH_GRACE_SECONDS", "60")  # it imports the store in that time
    run = submit("""
        import signal, sys, time
        from runwatch import Run
        run = Run.get_context()
        def leave(*_):
            run.log("saved", run.cancel_requested)
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        run.log("ready", 1)
        time.sleep(600)
    """)
    eventually(lambda: run.get_metrics())
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    assert run.get_metrics() == {"ready": 1, "saved": True}


def test_cancelling_a_run_cancels_its_descendants(submit: Submit) -> None:
    run = submit("""
        from runwatch import Run
        import time
        child = Run.get_context().child_run("open")
        child.child_run("grandchild")
        Run.get_context().child_run("done").complete()
        time.sleep(600)
    """)
    eventually(lambda: len(list(run.get_children(recursive=True))) == 3)
    eventually(lambda: "Completed" in [c.get_status() for c in run.get_children()])
    run.cancel()
    run.wait_for_completion()
    ends = {c.display_name: c.get_status() for c in run.get_children(recursive=True)}
    assert ends == {"open": "Canceled", "grandchild": "Canceled", "done": "Completed"}


def test_cancelling_what_has_ended_changes_nothing_and_says_so(experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.complete()
    assert "already ended (Completed)" in (run.cancel() or "")
    assert run.get_status() == "Completed"


def test_a_cancelled_run_outside_a_block_refuses_the_next_log(experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.log("loss", 1.0)
    run.cancel()
    assert run.get_status() == "Canceled"
    with pytest.raises(ActivityCanceledException, match="was cancelled"):
        run.log("loss", 2.0)
    assert run.get_metrics() == {"loss": 1.0}
    assert run.cancel_requested


LOOP = """
    import sys, time
    from runwatch import Experiment, Workspace
    exp = Experiment(Workspace.from_config(), "explore-runs")
    {body}
"""


def test_cancel_from_elsewhere_interrupts_the_code_inside_the_block(
    experiment: Experiment, python: Callable[..., object]
) -> None:
    process = python(
        LOOP.format(
            body="""
    with exp.start_logging(run_id="inside") as run:
        print("inside", flush=True)
        time.sleep(600)
    """
        )
    )
    assert process.stdout.readline().strip() == "inside"
    run = Run(experiment, "inside")
    assert run.get_status() == "Running"
    run.cancel()
    assert "KeyboardInterrupt" in process.communicate()[0]
    assert process.returncode == -signal.SIGINT
    assert run.get_status() == "Canceled"


def test_a_cancelled_child_ends_alone_and_the_loop_goes_on(
    experiment: Experiment, python: Callable[..., object]
) -> None:
    process = python(
        LOOP.format(
            body="""
    with exp.start_logging(run_id="sweep") as run:
        for name in ("first", "second"):
            with run.child_run(run_id=name) as child:
                print(name, flush=True)
                if name == "first":
                    time.sleep(600)
    """
        )
    )
    assert process.stdout.readline().strip() == "first"
    Run(experiment, "first").cancel()
    assert process.stdout.readline().strip() == "second"
    assert process.wait() == 0
    ends = {name: Run(experiment, name).get_status() for name in ("sweep", "first", "second")}
    assert ends == {"sweep": "Completed", "first": "Canceled", "second": "Completed"}


def test_failing_a_live_script_ends_its_processes(submit: Submit, folder: Path) -> None:
    run, pids = family(submit, folder)
    run.fail("wrong script")
    assert run.get_status() == "Failed"
    assert run.get_details()["error"]["error"]["message"] == "wrong script"
    assert not [pid for pid in pids if is_running(pid)]


def test_a_completed_run_can_be_failed(submit: Submit) -> None:
    run = submit("")
    run.wait_for_completion()
    run.fail("wrong script")
    assert run.get_status() == "Failed"
