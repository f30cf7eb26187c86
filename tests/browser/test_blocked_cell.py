"""The widget lives, and its buttons work, while the cell below which it stands is busy."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from runwatch.core import Workspace
from tests.browser.notebook_page import NotebookPage, reaches
from tests.browser.scripts import FAMILY, IMPORTS, TALKING, submit
from tests.conftest import eventually, is_running, numbers_in

pytestmark = pytest.mark.one_page

WAYS_TO_BLOCK = {"wait": "run.wait_for_completion()", "sleep": "time.sleep(90)"}

InRoot = Callable[[str, str], None]


@pytest.fixture(params=list(WAYS_TO_BLOCK))
def blocking(request: pytest.FixtureRequest) -> str:
    """Each way in which a cell is busy."""
    return WAYS_TO_BLOCK[request.param]


def cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel run", exact=True).click()
    page.get_by_role("button", name="Confirm cancel", exact=True).click()


def test_the_widget_appears_and_updates_while_the_cell_is_blocked(
    notebook: NotebookPage, in_root: InRoot, blocking: str
) -> None:
    in_root("talking.py", TALKING)
    notebook.open(f"{submit('talking.py')}\n{blocking}")
    notebook.run_all()
    page = notebook.page
    expect(page.get_by_role("region", name="Run talking.py")).to_be_visible()
    expect(notebook.widget().get_by_role("status")).to_have_text("Running")
    page.get_by_role("tab", name="Children").click()
    expect(page.get_by_role("treegrid", name="Child runs")).to_contain_text("first child")
    page.get_by_role("tab", name="Logs").click()
    log = page.get_by_role("log")
    reaches(log, "step", reaches(log, "step", 5) + 20)
    page.get_by_role("tab", name="Metrics").click()
    expect(page.get_by_role("img", name="loss by step")).to_be_visible()
    expect(page.get_by_role("list", name="Tags")).to_contain_text("digits")
    assert notebook.is_running(0), "the cell was not blocked"
    cancel(page)
    expect(notebook.widget().get_by_role("status")).to_have_text("Canceled")


def test_cancel_ends_the_whole_process_tree_while_the_cell_is_blocked(
    notebook: NotebookPage, in_root: InRoot, blocking: str, tmp_path: Path
) -> None:
    in_root("family.py", FAMILY)
    notebook.open(f"{submit('family.py', str(tmp_path / 'pids'))}\n{blocking}")
    notebook.run_all()
    expect(notebook.widget().get_by_role("status")).to_have_text("Running")
    pids = eventually(lambda: len(n := numbers_in(tmp_path / "pids")) == 3 and n)
    assert all(is_running(pid) for pid in pids)
    cancel(notebook.page)
    expect(notebook.widget().get_by_role("status")).to_have_text("Canceled")
    assert not [pid for pid in pids if is_running(pid)]
    if "sleep" in blocking:
        assert notebook.is_running(0), "the cell was not blocked"


def test_keep_running_takes_the_question_back(notebook: NotebookPage, in_root: InRoot) -> None:
    in_root("talking.py", TALKING)
    notebook.open(f"{submit('talking.py')}\ntime.sleep(60)")
    notebook.run_all()
    page = notebook.page
    page.get_by_role("button", name="Cancel run", exact=True).click()
    page.get_by_role("button", name="Keep running", exact=True).click()
    expect(page.get_by_role("button", name="Cancel run", exact=True)).to_be_focused()
    expect(notebook.widget().get_by_role("status")).to_have_text("Running")
    cancel(page)
    expect(notebook.widget().get_by_role("status")).to_have_text("Canceled")


def test_a_row_of_the_tree_is_cancelled_alone(
    notebook: NotebookPage, in_root: InRoot, record: Workspace
) -> None:
    in_root(
        "two.py",
        """
        import time
        from runwatch import Run
        for name in ("slow", "next"):
            with Run.get_context().child_run(name) as child:
                child.log("begun", 1)
                time.sleep(600)
        """,
    )
    notebook.open(f"{submit('two.py')}\nrun.wait_for_completion()")
    notebook.run_all()
    page = notebook.page
    page.get_by_role("tab", name="Children").click()
    page.get_by_role("button", name="Cancel run slow").click()
    page.get_by_role("button", name="Confirm cancel slow").click()
    expect(page.get_by_role("row", name="slow")).to_contain_text("Canceled")
    expect(page.get_by_role("row", name="next")).to_contain_text("Running")
    expect(notebook.widget().get_by_role("status")).to_have_text("Running")
    cancel(page)
    expect(notebook.widget().get_by_role("status")).to_have_text("Canceled")


def test_cancel_interrupts_the_cell_that_logs_inside_a_with_block(
    notebook: NotebookPage, record: Workspace
) -> None:
    run_id = f"inline-{uuid.uuid4().hex[:8]}"
    notebook.open(
        f"{IMPORTS}\n"
        f"with experiment.start_logging(run_id={run_id!r}, display_name='inline') as run:\n"
        "    RunDetails(run).show()\n"
        "    for step in range(10**6):\n"
        "        run.log('loss', 1 / (step + 1), step=step)\n"
        "        time.sleep(0.05)\n"
    )
    notebook.run_all()
    expect(notebook.page.get_by_role("region", name="Run inline")).to_be_visible()
    cancel(notebook.page)
    expect(notebook.cell_output(0)).to_contain_text("KeyboardInterrupt")
    expect(notebook.widget().get_by_role("status")).to_have_text("Canceled")
    run = record.get_run(run_id)
    assert run.get_status() == "Canceled"
    assert run.get_metrics()["loss"][0] == 1.0


def test_tags_are_edited_while_the_cell_is_blocked(
    notebook: NotebookPage, in_root: InRoot, record: Workspace
) -> None:
    in_root("talking.py", TALKING)
    run_id = f"tagged-{os.urandom(4).hex()}"
    notebook.open(
        f"{IMPORTS}\nconfig = ScriptRunConfig('.', 'talking.py')\n"
        f"run = experiment.submit(config, run_id={run_id!r})\n"
        "RunDetails(run).show()\ntime.sleep(90)"
    )
    notebook.run_all()
    page = notebook.page
    tags = page.get_by_role("list", name="Tags")
    expect(tags).to_contain_text("digits")
    run = record.get_run(run_id)

    page.get_by_role("textbox", name="Add tag").fill("quality=great run")
    page.get_by_role("textbox", name="Add tag").press("Enter")
    expect(tags).to_contain_text("great run")
    eventually(lambda: run.get_tags() == {"data": "digits", "quality": "great run"})

    page.get_by_role("textbox", name="Add tag").fill("worth another look")
    page.get_by_role("textbox", name="Add tag").press("Enter")
    eventually(lambda: run.get_tags().get("worth another look", "missing") is None)

    page.get_by_role("button", name="Edit tag quality").click()
    page.get_by_role("textbox", name="Value of tag quality").fill("fantastic run")
    page.get_by_role("textbox", name="Value of tag quality").press("Enter")
    expect(tags).to_contain_text("fantastic run")
    eventually(lambda: run.get_tags()["quality"] == "fantastic run")

    page.get_by_role("button", name="Remove tag data").click()
    expect(tags).not_to_contain_text("digits")
    eventually(lambda: "data" not in run.get_tags())

    run.tag("from", "python")
    expect(tags).to_contain_text("python")
    run.remove_tags(["from"])
    expect(tags).not_to_contain_text("python")
    assert notebook.is_running(0), "the cell was not blocked"
    run.cancel()


def test_a_cell_that_waits_lets_messages_through_where_there_are_no_subshells(
    notebook: NotebookPage, in_root: InRoot, record: Workspace
) -> None:
    in_root("talking.py", TALKING)
    run_id = f"waited-{os.urandom(4).hex()}"
    notebook.open(
        f"{IMPORTS}\nrun = experiment.submit(ScriptRunConfig('.', 'talking.py'), "
        f"run_id={run_id!r})\nRunDetails(run).show()\nrun.wait_for_completion()",
        "print('the second cell')",
        "print('the third cell')",
    )
    notebook.switch_subshells_off()
    notebook.run_all()
    page = notebook.page
    page.get_by_role("tab", name="Children").click()
    grid = page.get_by_role("treegrid", name="Child runs")
    expect(grid).to_contain_text("first child")
    page.get_by_role("searchbox", name="Filter runs").fill("status:failed")
    expect(page.get_by_text("No run matches the filter.")).to_be_visible()
    page.get_by_role("textbox", name="Add tag").fill("while=waiting")
    page.get_by_role("textbox", name="Add tag").press("Enter")
    eventually(lambda: record.get_run(run_id).get_tags().get("while") == "waiting")
    assert notebook.is_running(0), "the cell was not blocked"
    cancel(page)
    expect(notebook.cell_output(1)).to_contain_text("the second cell")
    expect(notebook.cell_output(2)).to_contain_text("the third cell")
