"""The widget after a restart, without subshells, with hostile names, and twice."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import expect

from runwatch.core import Workspace
from tests.browser.notebook_page import NotebookPage, reaches
from tests.browser.scripts import FAILING, IMPORTS, TALKING, submit
from tests.browser.test_blocked_cell import cancel
from tests.conftest import eventually

pytestmark = pytest.mark.one_page

InRoot = Callable[[str, str], None]


def test_a_submitted_run_outlives_the_kernel_and_a_new_widget_shows_it_live(
    notebook: NotebookPage, in_root: InRoot, record: Workspace
) -> None:
    in_root(
        "until.py",
        """
        import os, sys, time
        from runwatch import Run
        run, step = Run.get_context(), 0
        while not os.path.exists(sys.argv[1]):
            run.log("loss", 1 / (step + 1), step=step)
            step += 1
            print(f"step {step}", flush=True)
            time.sleep(0.05)
        """,
    )
    run_id = f"lasting-{uuid.uuid4().hex[:8]}"
    flag = notebook.server.root / f"{run_id}.flag"
    notebook.open(
        f"{IMPORTS}\nrun = experiment.submit(ScriptRunConfig('.', 'until.py', "
        f"arguments=[{str(flag)!r}]), run_id={run_id!r})\nRunDetails(run).show()"
    )
    notebook.run_all()
    status = notebook.widget().get_by_role("status")
    expect(status).to_have_text("Running")
    notebook.restart_kernel()
    assert record.get_run(run_id).get_status() == "Running"

    notebook.open(f"{IMPORTS}\nRunDetails(Run(experiment, {run_id!r})).show()\ntime.sleep(60)")
    notebook.run_all()
    expect(status).to_have_text("Running")
    notebook.page.get_by_role("tab", name="Logs").click()
    log = notebook.page.get_by_role("log")
    reaches(log, "step", reaches(log, "step", 1) + 10)
    flag.touch()
    expect(status).to_have_text("Completed")
    assert record.get_run(run_id).get_status() == "Completed"


def test_the_next_reader_sees_a_killed_notebooks_run_failed_with_all_its_points(
    notebook: NotebookPage, record: Workspace
) -> None:
    run_id = f"killed-{uuid.uuid4().hex[:8]}"
    notebook.open(
        f"{IMPORTS}\nimport os\nrun = experiment.start_logging(run_id={run_id!r})\n"
        "for step in range(500):\n    run.log('count', step)\n"
        "print('pid', os.getpid())\ntime.sleep(60)"
    )
    notebook.run_all()
    expect(notebook.cell_output(0)).to_contain_text("pid")
    said = notebook.cell_output(0).inner_text()
    pid = int(re.search(r"pid (\d+)", said)[1])  # type: ignore[index]
    psutil.Process(pid).kill()
    run = record.get_run(run_id)
    eventually(lambda: run.get_status() == "Failed")
    assert f"pid {pid}" in run.get_details()["error"]["error"]["message"]
    assert run.get_metrics()["count"] == list(range(500))


def test_hostile_names_are_text(notebook: NotebookPage, in_root: InRoot) -> None:
    hostile = "<img src=x onerror=\"document.title='taken'\">"
    waits = (
        "import time\nfrom runwatch import Run\n"
        "while 'fail' not in Run.get_context().get_tags(): time.sleep(0.05)\n"
    )
    in_root("hostile.py", f"{waits}print({hostile!r})\nraise ValueError({hostile!r})")
    notebook.open(
        f"{submit('hostile.py')}\nrun.display_name = {hostile!r}\n"
        f"run.tag({hostile!r}, {hostile!r})\n"
        f"run.child_run({hostile!r}).log({hostile!r}, {hostile!r})\nrun.tag('fail')\n"
        "time.sleep(60)"
    )
    notebook.run_all()
    page = notebook.page
    expect(notebook.widget().get_by_role("status")).to_have_text("Failed")
    region = page.get_by_role("region", name=f"Run {hostile}")
    expect(region).to_be_visible()
    expect(region.get_by_role("list", name="Tags")).to_contain_text("onerror")
    expect(region.get_by_role("alert")).to_contain_text("onerror")
    for tab in ("Children", "Metrics", "Logs", "Files", "Details"):
        page.get_by_role("tab", name=tab).click()
        expect(region.get_by_role("tabpanel")).to_be_visible()
    assert page.locator(".rw-root img[src]").count() == 0
    assert "taken" not in page.title()


def test_a_failed_run_shows_why_with_the_traceback_folded(
    notebook: NotebookPage, in_root: InRoot
) -> None:
    in_root("failing.py", FAILING)
    notebook.open(submit("failing.py"))
    notebook.run_all()
    alert = notebook.page.get_by_role("alert")
    expect(alert).to_contain_text("ValueError: the learning rate must be positive")
    expect(alert.get_by_text("Traceback (most recent call last)")).to_be_hidden()
    alert.get_by_text("Traceback", exact=True).click()
    expect(alert.get_by_text("Traceback (most recent call last)")).to_be_visible()


def test_a_refused_command_is_taken_back_and_told(notebook: NotebookPage, in_root: InRoot) -> None:
    in_root("talking.py", TALKING)
    notebook.open(f"{submit('talking.py')}\ntime.sleep(60)")
    notebook.run_all()
    page = notebook.page
    expect(page.get_by_role("list", name="Tags")).to_contain_text("digits")
    page.get_by_role("textbox", name="Add tag").fill(
        "half\udc00pair".encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "\0"
    )
    page.get_by_role("textbox", name="Add tag").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("NUL")
    expect(page.get_by_role("list", name="Tags").get_by_role("listitem")).to_have_count(1)
    cancel(page)


def test_a_run_as_the_last_expression_is_a_card_that_opens(
    notebook: NotebookPage, in_root: InRoot
) -> None:
    notebook.open(
        f"{IMPORTS}\nwith experiment.start_logging(display_name='small') as run:\n"
        "    run.log('accuracy', 0.75)\nrun"
    )
    notebook.run_all()
    region = notebook.page.get_by_role("region", name="Run small")
    expect(region).to_contain_text("0.75")
    expect(region.get_by_role("tab")).to_have_count(0)
    region.get_by_role("button", name="Show details").click()
    expect(region.get_by_role("tab", name="Details")).to_be_visible()


def test_two_views_of_one_run_agree(notebook: NotebookPage, in_root: InRoot) -> None:
    in_root("talking.py", TALKING)
    notebook.open(f"{submit('talking.py')}\nRunDetails(run).show()\ntime.sleep(60)")
    notebook.run_all()
    views = notebook.page.locator(".rw-root")
    expect(views).to_have_count(2)
    views.first.get_by_role("textbox", name="Add tag").fill("seen=twice")
    views.first.get_by_role("textbox", name="Add tag").press("Enter")
    expect(views.last.get_by_role("list", name="Tags")).to_contain_text("twice")
    views.last.get_by_role("button", name="Cancel run", exact=True).click()
    views.last.get_by_role("button", name="Confirm cancel", exact=True).click()
    expect(views.first.get_by_role("status")).to_have_text("Canceled")


def test_without_subshells_cancel_goes_through_the_server_while_the_cell_is_blocked(
    notebook: NotebookPage, in_root: InRoot, record: Workspace
) -> None:
    in_root("talking.py", TALKING)
    run_id = f"served-{os.urandom(4).hex()}"
    notebook.open(
        f"{IMPORTS}\nrun = experiment.submit(ScriptRunConfig('.', 'talking.py'), "
        f"run_id={run_id!r})\nRunDetails(run).show()\ntime.sleep(90)"
    )
    notebook.switch_subshells_off()
    page = notebook.page
    with page.expect_response("**/runwatch/api/commands") as answer:
        notebook.run_all()
        expect(notebook.widget().get_by_role("status")).to_have_text("Running")
        cancel(page)
    assert answer.value.status == 200
    assert answer.value.json()["type"] == "ack"
    eventually(lambda: record.get_run(run_id).get_status() == "Canceled")
    expect(notebook.widget().get_by_role("status")).to_have_text("Canceled")
    assert notebook.is_running(0), "the cell was not blocked"
