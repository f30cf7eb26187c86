"""The oldest JupyterLab that it is to work with, in an environment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from runwatch.core import Experiment, Workspace
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.browser.notebook_page import NotebookPage, reaches
from tests.browser.scripts import IMPORTS, TALKING
from tests.browser.test_blocked_cell import cancel
from tests.conftest import eventually

PYTHON = Path(__file__).parents[2] / ".venv-oldest/bin/python"


@pytest.fixture
def oldest(tmp_path: Path) -> Iterator[JupyterServer]:
    """JupyterLab 4.0 with ipykernel 6, which has no subshells."""
    with jupyter_server.running("lab", tmp_path / "oldest", python=str(PYTHON)) as server:
        yield server


def test_a_run_is_watched_tagged_and_cancelled_while_the_cell_is_blocked(
    page: Page, oldest: JupyterServer
) -> None:
    (oldest.root / "talking.py").write_text(TALKING)
    notebook = NotebookPage(page, oldest)
    notebook.open(
        f"{IMPORTS}\nrun = experiment.submit(ScriptRunConfig('.', 'talking.py'), run_id='oldest')\n"
        "RunDetails(run).show()\ntime.sleep(90)"
    )
    notebook.run_all()
    region = page.get_by_role("region", name="Run talking.py")
    expect(region.get_by_role("status").first).to_have_text("Running")
    expect(region.get_by_role("list", name="Tags")).to_contain_text("digits")
    region.get_by_role("tab", name="Logs").click()
    reaches(region.get_by_role("log"), "step", 20)
    region.get_by_role("textbox", name="Add tag").fill("seen=here")
    region.get_by_role("textbox", name="Add tag").press("Enter")
    run = Workspace(path=oldest.root).get_run("oldest")
    eventually(lambda: run.get_tags().get("seen") == "here")
    cancel(page)
    expect(region.get_by_role("status").first).to_have_text("Canceled")
    assert notebook.is_running(0), "the cell was not blocked"


def test_the_extension_works_in_it(page: Page, oldest: JupyterServer) -> None:
    run = Experiment(Workspace(path=oldest.root), "old").start_logging(display_name="of old")
    page.goto(f"{oldest.url}lab?reset&token={oldest.token}")
    page.get_by_role("button", name="1 live run").click()
    panel = page.get_by_role("region", name="Training runs")
    panel.get_by_role("list", name="Live runs").get_by_text("of old").click()
    shown = panel.get_by_role("region", name="Run of old")
    expect(shown.get_by_role("status").first).to_have_text("Running")
    page.evaluate("() => { void window.jupyterapp.shell.activateById('jp-running-sessions'); }")
    item = page.locator(".jp-RunningSessions .rw-running-item")
    expect(item).to_contain_text("Running")
    run.complete()
    expect(shown.get_by_role("status").first).to_have_text("Completed")
    expect(item).to_have_count(0)
