"""What a notebook keeps of its views: shown at once when it is reopened, and kept up to date."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from runwatch.core import Experiment, Workspace
from tests.browser import jupyter_server
from tests.browser.notebook_page import NotebookPage
from tests.browser.scripts import IMPORTS
from tests.conftest import eventually


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_a_saved_notebook_shows_its_last_state_at_once_and_goes_live_after_a_restart(
    page: Page, tmp_path: Path, front: str
) -> None:
    with jupyter_server.running(front, tmp_path / "jupyter") as server:
        record = Workspace(path=server.root)
        run = Experiment(record, "browser").start_logging(display_name="outlives all")
        run.tag("quality", "good")
        run.child_run("its child").complete()
        for step in range(20):
            run.log("loss", 1 / (step + 1), step=step)
        run.flush()
        notebook = NotebookPage(page, server)
        notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
        notebook.run_all()
        region = page.get_by_role("region", name="Run outlives all")
        expect(region.get_by_role("status").first).to_have_text("Running")
        name = notebook.save()
        page.goto("about:blank")
    output = json.loads((server.root / name).read_text())["cells"][0]["outputs"][0]
    assert len(json.dumps(output)) <= 40_000

    held = True
    waiting: list[Any] = []
    page.route_web_socket(
        "**/runwatch/api/feed*",
        lambda socket: waiting.append(socket) if held else socket.connect_to_server(),
    )
    with jupyter_server.running(front, tmp_path / "jupyter") as server:
        notebook = NotebookPage(page, server)
        page.goto(server.address_of(name))
        # Nothing answers yet: what is shown is what the notebook keeps.
        expect(region.get_by_role("status").first).to_have_text("Running")
        expect(region.get_by_role("treegrid")).to_contain_text("its child")
        expect(region.get_by_role("list", name="Tags")).to_contain_text("good")
        assert page.get_by_text("model not found").locator("visible=true").count() == 0
        held = False
        for socket in waiting:
            socket.close()
        run.tag("after", "the restart")
        expect(region.get_by_role("list", name="Tags")).to_contain_text("the restart")
        region.get_by_role("textbox", name="Add tag").fill("from=the notebook")
        region.get_by_role("textbox", name="Add tag").press("Enter")
        eventually(lambda: run.get_tags().get("from") == "the notebook")
        run.complete()
        expect(region.get_by_role("status").first).to_have_text("Completed")


def test_what_a_notebook_keeps_follows_a_live_run_and_leaves_the_person_where_she_is(
    notebook: NotebookPage, record: Workspace
) -> None:
    run = Experiment(record, "browser").start_logging(display_name="kept up to date")
    notebook.open(
        f"{IMPORTS}\nfrom runwatch.widgets import live_view\nlive_view.PAGE_EVERY_S = 0.2\n"
        f"RunDetails(experiment.workspace.get_run({run.id!r}))"
    )
    notebook.run_all()
    page = notebook.page
    region = page.get_by_role("region", name="Run kept up to date")
    region.get_by_role("tab", name="Files").click()
    field = region.get_by_role("textbox", name="Add tag")
    field.fill("half a wo")
    run.child_run("made after the cell").complete()
    run.log("loss", 0.125)
    run.flush()

    def follows() -> bool:
        run.tag("touched", str(uuid.uuid4()))
        kept = notebook.kept_html()
        return all(text in kept for text in ("made after the cell", "0.125"))

    eventually(follows)
    expect(field).to_be_focused()
    expect(field).to_have_value("half a wo")
    expect(region.get_by_role("tab", name="Files")).to_have_attribute("aria-selected", "true")
    run.complete()
    expect(region.get_by_role("status").first).to_have_text("Completed")
    eventually(lambda: "Completed" in notebook.kept_html())
    expect(field).to_have_value("half a wo")


@pytest.fixture
def scriptless(browser: Browser) -> Callable[[str], Page]:
    """Open a file where no script runs."""

    def opened(address: str) -> Page:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(address)
        return page

    return opened


def test_a_saved_notebook_shows_the_last_state_where_nothing_runs(
    lab_notebook: NotebookPage, lab_record: Workspace, scriptless: Callable[[str], Page]
) -> None:
    run = Experiment(lab_record, "browser").start_logging(display_name="lasting")
    lab_notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
    lab_notebook.run_all()
    widget = lab_notebook.widget()
    expect(widget.get_by_role("status").first).to_have_text("Running")
    run.tag("quality", "good")
    for step in range(20):
        run.log("loss", 1 / (step + 1), step=step)
    run.child_run("first child").complete()
    page = lab_notebook.page
    page.get_by_role("tab", name="Files").click()
    run.complete()
    expect(widget.get_by_role("status").first).to_have_text("Completed")
    # The view that comes with the last state is as the person left the one before.
    expect(page.get_by_role("tab", name="Files")).to_have_attribute("aria-selected", "true")
    eventually(lambda: "Completed" in lab_notebook.kept_html())
    name = lab_notebook.save()
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", name],
        cwd=lab_notebook.server.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    html = (lab_notebook.server.root / name).with_suffix(".html")
    saved = scriptless(html.as_uri())
    for text in ("Completed", "quality", "good", "first child", "loss"):
        expect(saved.locator("body")).to_contain_text(text)
    expect(saved.locator("svg").first).to_be_visible()
