"""Functions that are called at a run's end: also when the process ends with it."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from runwatch.core import Experiment, Run
from runwatch.exceptions import WorkspaceException
from tests.conftest import eventually

BEGIN = """
from runwatch import Experiment, ScriptRunConfig, Workspace
experiment = Experiment(Workspace.from_config(), "told")
"""


def said_by(script: str, folder: Path) -> str:
    """Run a script that begins as all of these do; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + textwrap.dedent(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_a_script_that_ends_with_its_run_still_calls(experiment: Experiment, folder: Path) -> None:
    said = said_by(
        """
        run = experiment.start_logging()
        run.on_end(lambda ended: print("told", ended.status))
        run.complete()
        """,
        folder,
    )
    assert said == "told Completed\n"


def test_a_script_that_waited_for_its_run_still_calls(experiment: Experiment, folder: Path) -> None:
    (folder / "fails.py").write_text("raise SystemExit(3)")
    said = said_by(
        """
        run = experiment.submit(ScriptRunConfig(".", "fails.py"))
        run.on_end(lambda ended: print("told", ended.status))
        run.wait_for_completion(raise_on_error=False)
        """,
        folder,
    )
    assert said == "told Failed\n"


def test_a_script_does_not_wait_for_a_run_that_goes_on(
    experiment: Experiment, folder: Path
) -> None:
    said = said_by(
        """
        experiment.start_logging().on_end(lambda ended: print("told", ended.status))
        """,
        folder,
    )
    assert said == ""


def test_a_record_that_can_not_be_read_for_a_while_delays_the_call(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run, told, failed = experiment.start_logging(), [], []
    read = run.get_status

    def get_status() -> str:
        if not failed:
            failed.append(True)
            raise WorkspaceException("The disk is busy.")
        return read()

    monkeypatch.setattr(run, "get_status", get_status)
    run.on_end(lambda ended: told.append(ended.id))
    eventually(lambda: "The disk is busy." in caplog.text)
    run.complete()
    eventually(lambda: told == [run.id])


def test_a_record_that_is_gone_is_told_and_waited_for_no_longer(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    run: Run = experiment.start_logging()
    run.on_end(lambda ended: None)
    with caplog.at_level(logging.WARNING, logger="runwatch"):
        experiment.workspace._record.paths.database.unlink()
        eventually(lambda: "on_end() calls nothing for it" in caplog.text)
