"""The widget in marimo, as any anywidget."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from runwatch.core import Experiment, Run, Workspace
from tests.browser.jupyter_server import held_port
from tests.conftest import eventually

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    from runwatch import Workspace
    from runwatch.widgets import RunDetails

    shown = RunDetails(Workspace.from_config().get_run("{run_id}"))
    shown
    return
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of this process."""
    return Experiment(Workspace(path=tmp_path), "marimo").start_logging(display_name="in marimo")


@pytest.fixture
def address(run: Run, tmp_path: Path) -> Iterator[str]:
    """Where marimo serves a notebook that shows the run."""
    (tmp_path / "notebook.py").write_text(NOTEBOOK.format(run_id=run.id), encoding="utf-8")
    with held_port() as port, open(tmp_path / "marimo.log", "wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "marimo", "run", "notebook.py", "--headless"),
                *("--port", str(port), "--no-token"),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "XDG_CONFIG_HOME": str(tmp_path / "config"),
                "MARIMO_SKIP_UPDATE_CHECK": "1",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        url = f"http://127.0.0.1:{port}/"
        try:
            eventually(lambda: process.poll() is None and _answers(url), within_s=60)
            yield url
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def test_a_run_is_watched_tagged_and_seen_to_end(page: Page, address: str, run: Run) -> None:
    page.goto(address)
    region = page.get_by_role("region", name="Run in marimo")
    expect(region.get_by_role("status").first).to_have_text("Running")
    run.log("loss", 0.125)
    run.child_run("a child").complete()
    expect(region).to_contain_text("0.125")
    expect(region.get_by_role("treegrid", name="Child runs")).to_contain_text("a child")
    field = region.get_by_role("textbox", name="Add tag")
    field.fill("seen=here")
    field.press("Enter")
    eventually(lambda: run.get_tags() == {"seen": "here"})
    region.get_by_role("button", name="Cancel run", exact=True).click()
    region.get_by_role("button", name="Confirm cancel", exact=True).click()
    eventually(lambda: run.get_status() in ("CancelRequested", "Canceled"))
    run.complete()
    expect(region.get_by_role("status").first).to_have_text("Canceled")
