"""What the tests share: a workspace of their own, and scripts run as real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from runwatch.core import Experiment, ScriptRunConfig, Workspace
from runwatch.core.script_run import ScriptRun


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the registry of workspaces away from the user's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    """A new workspace in the current folder."""
    made = Workspace.from_config()
    assert made._record.database.last_change() == 0
    yield made
    made._record.recorder.stop()  # else it looks after runs that a test leaves live
    made._record.database.close()


@pytest.fixture
def experiment(workspace: Workspace) -> Experiment:
    """A new experiment."""
    return Experiment(workspace, "explore-runs")


@pytest.fixture
def submit(experiment: Experiment, folder: Path) -> Iterator[Callable[..., ScriptRun]]:
    """Submit the text of a script as a run; whatever is left of it at the end is cancelled."""
    runs: list[ScriptRun] = []

    def _submit(text: str, **options: object) -> ScriptRun:
        source = folder / "source"
        source.mkdir(exist_ok=True)
        (source / "train.py").write_text(textwrap.dedent(text), encoding="utf-8")
        run = experiment.submit(ScriptRunConfig(source, "train.py", **options))
        runs.append(run)
        return run

    yield _submit
    for run in runs:
        run.cancel()
        run.wait_for_completion(raise_on_error=False)


@pytest.fixture
def python(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a Python process in the current folder that runs the text of a program."""
    started: list[subprocess.Popen[str]] = []

    def _python(text: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(text)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **variables},
        )
        started.append(process)
        return process

    yield _python
    for process in started:
        with process:  # closes its pipes and waits for it
            process.kill()


def eventually(look: Callable[[], object], *, within_s: float = 60.0) -> object:
    """Look again and again until what is seen is true; fail with what was seen last."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {within_s} s"
        time.sleep(0.02)
    return seen


def is_running(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def numbers_in(file: Path) -> list[int]:
    """Return the numbers that a script has written to a file, one a line."""
    try:
        return [int(line) for line in file.read_text(encoding="utf-8").split()]
    except FileNotFoundError:
        return []
