"""The notebook extension: runs in the panels, the status bar and the commands of JupyterLab."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from playwright.sync_api import Browser, Locator, Page, expect

from runwatch.core import Experiment, Run, Workspace
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.browser.notebook_page import NotebookPage, reaches
from tests.browser.scripts import IMPORTS, STUBBORN, TALKING
from tests.conftest import eventually
from tests.integration.api_client import new_workspace

OPEN = "(args) => { void window.jupyterapp.commands.execute('runwatch:open', args); }"
EXECUTE = "async ([id, args]) => { await window.jupyterapp.commands.execute(id, args); }"
REFUSED = (
    "([id, args]) => window.jupyterapp.commands.execute(id, args)"
    ".then(() => 'it was done', (error) => error.message)"
)


def open_panel(page: Page, run: Run | None = None) -> Locator:
    args: dict[str, Any] = {}
    if run is not None:
        workspace_id = run._record.database.workspace_id
        args = {"workspace": workspace_id, "experiment": run.experiment.name, "run": run.id}
    page.evaluate(OPEN, args)
    return page.get_by_role("region", name="Training runs")


def test_the_panel_is_live_and_cancels_after_the_kernel_was_shut_down(
    notebook: NotebookPage, record: Workspace
) -> None:
    (notebook.server.root / "talking.py").write_text(TALKING)
    run_id = f"alone-{uuid.uuid4().hex[:8]}"
    notebook.open(
        f"{IMPORTS}\nrun = experiment.submit(ScriptRunConfig('.', 'talking.py'), "
        f"run_id={run_id!r})\nprint('submitted')"
    )
    notebook.run_all()
    expect(notebook.cell_output(0)).to_contain_text("submitted")
    run = record.get_run(run_id)
    page = notebook.page
    page.evaluate("async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }")
    shown = open_panel(page, run).get_by_role("region", name="Run talking.py")
    expect(shown.get_by_role("status").first).to_have_text("Running")
    shown.get_by_role("tab", name="Logs").click()
    log = shown.get_by_role("log")
    reaches(log, "step", reaches(log, "step", 0) + 20)
    shown.get_by_role("button", name="Cancel run", exact=True).click()
    shown.get_by_role("button", name="Confirm cancel", exact=True).click()
    expect(shown.get_by_role("status").first).to_have_text("Canceled")
    assert run.get_status() == "Canceled"


def test_experiments_and_runs_come_as_they_are_made(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    lab_notebook.open("1")
    panel = open_panel(lab_notebook.page)
    experiment = Experiment(lab_record, "made-while-watched")
    run = experiment.start_logging(display_name="first of them")
    live = panel.get_by_role("list", name="Live runs")
    expect(live.get_by_role("button", name="first of them")).to_be_visible()
    panel.get_by_role("list", name="Experiments").get_by_text("made-while-watched").click()
    table = panel.get_by_role("treegrid", name="Runs")
    expect(table.get_by_role("row", name="first of them")).to_be_visible()
    second = experiment.start_logging(display_name="second of them")
    table.get_by_text("second of them").dblclick()
    beside = panel.get_by_role("region", name="Run second of them")
    expect(beside.get_by_role("status").first).to_have_text("Running")
    second.complete()
    run.complete()
    expect(beside.get_by_role("status").first).to_have_text("Completed")
    expect(live.get_by_role("button", name="first of them")).to_have_count(0)


def test_the_layout_is_restored_on_reload(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    run = Experiment(lab_record, "restored").start_logging(display_name="looked at")
    lab_notebook.open("1")
    page = lab_notebook.page
    shown = open_panel(page, run).get_by_role("region", name="Run looked at")
    expect(shown).to_be_visible()
    # The layout is kept a moment after it has changed: `restored` tells when all of it is.
    saved = lambda: any(  # noqa: E731
        "runwatch:runs" in text and run.id in text
        for file in (lab_notebook.server.root.parent / "workspaces").rglob("*")
        if file.is_file()
        for text in [file.read_text()]
    )
    eventually(saved)
    page.goto(f"{lab_notebook.server.url}lab?token={lab_notebook.server.token}")
    expect(shown.get_by_role("status").first).to_have_text("Running")
    run.complete()


def test_the_running_panel_shows_opens_and_cancels(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    experiment = Experiment(lab_record, "running")
    first, second, third = (experiment.start_logging(display_name=f"job {n}") for n in range(3))
    lab_notebook.open("1")
    page = lab_notebook.page
    expect(page.get_by_role("button", name="3 live runs")).to_be_visible()
    page.evaluate("() => { void window.jupyterapp.commands.execute('running:show-panel'); }")
    section = page.get_by_role("region", name="Training runs Section")
    expect(section.locator(".rw-running-item")).to_have_count(3)
    item = section.locator(".rw-running-item").filter(has_text="job 0")
    expect(item).to_contain_text("Running")
    item.get_by_text("job 0").click()
    expect(page.get_by_role("region", name="Run job 0")).to_be_visible()
    item.hover()
    item.get_by_title("Cancel run").click()
    eventually(lambda: first.get_status() in ("CancelRequested", "Canceled"))
    page.locator(".jp-RunningSessions").get_by_text("Cancel all", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel all").click()
    eventually(lambda: {r.get_status() for r in (second, third)} <= {"CancelRequested", "Canceled"})
    for run in (first, second, third):
        run.complete()
    expect(section.locator(".rw-running-item")).to_have_count(0)


def test_commands_take_arguments_for_other_extensions(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    run = Experiment(lab_record, "commands").start_logging(display_name="by command")
    workspace = lab_record._record.database.workspace_id
    lab_notebook.open("1")
    page = lab_notebook.page
    tag = {"workspace": workspace, "run": run.id, "key": "quality", "value": "good"}
    page.evaluate(EXECUTE, ["runwatch:tag", tag])
    assert run.get_tags() == {"quality": "good"}
    open_panel(page, run)
    expect(page.get_by_role("region", name="Run by command")).to_be_visible()
    page.evaluate(EXECUTE, ["runwatch:tag", {"key": "shown"}])
    assert run.get_tags() == {"quality": "good", "shown": None}
    page.evaluate(EXECUTE, ["runwatch:cancel", {"workspace": workspace, "run": run.id}])
    eventually(lambda: run.get_status() in ("CancelRequested", "Canceled"))
    nobody = {"workspace": workspace, "run": "nobody"}
    refused = page.evaluate(REFUSED, ["runwatch:cancel", nobody])
    assert "nobody" in refused
    run.complete()


def test_a_command_that_names_a_run_alone_finds_its_workspace_or_says_that_it_can_not(
    page: Page, tmp_path: Path
) -> None:
    with jupyter_server.running("lab", tmp_path / "lab") as server:
        first, second = (new_workspace(server.root / name) for name in ("first", "second"))
        run = Experiment(second, "elsewhere").start_logging(display_name="by its id")
        run.complete()
        experiments = [Experiment(place, "copied") for place in (first, second)]
        twins = [one.start_logging(run_id="twin", outputs=False) for one in experiments]
        page.goto(f"{server.url}lab?reset&token={server.token}")
        page.wait_for_function("() => window.jupyterapp?.commands?.hasCommand('runwatch:tag')")

        page.evaluate(EXECUTE, ["runwatch:tag", {"run": run.id, "key": "found"}])
        assert run.get_tags() == {"found": None}
        page.evaluate(OPEN, {"run": run.id})
        panel = page.get_by_role("region", name="Training runs")
        expect(panel.get_by_role("region", name="Run by its id")).to_contain_text("found")
        expect(panel.get_by_role("button", name="Back to elsewhere")).to_be_visible()

        for command in ("runwatch:open", "runwatch:tag", "runwatch:cancel"):
            said = page.evaluate(REFUSED, [command, {"run": "twin", "key": "which"}])
            assert "twin in several workspaces" in said, command
            assert "nobody was not found" in page.evaluate(REFUSED, [command, {"run": "nobody"}])
        assert [one.get_tags() for one in twins] == [{}, {}]
        assert [one.get_status() for one in twins] == ["Running", "Running"]
        expect(panel.get_by_role("region", name="Run by its id")).to_be_visible()
        for one in twins:
            one.complete()


def test_it_is_in_the_launcher_and_the_palette(lab_notebook: NotebookPage) -> None:
    lab_notebook.open("1")
    page = lab_notebook.page
    page.evaluate("() => { void window.jupyterapp.commands.execute('launcher:create'); }")
    page.locator(".jp-LauncherCard").filter(has_text="Training runs").click()
    expect(page.get_by_role("region", name="Training runs")).to_be_visible()
    page.evaluate(
        "() => { void window.jupyterapp.commands.execute('apputils:activate-command-palette'); }"
    )
    page.get_by_role("textbox", name="SEARCH").fill("Training runs")
    expect(page.locator("[data-command='runwatch:open']")).to_be_visible()


def test_a_double_click_on_a_view_opens_its_run_in_the_panel(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    run = Experiment(lab_record, "doubled").start_logging(display_name="in a cell")
    lab_notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
    lab_notebook.run_all()
    widget = lab_notebook.widget()
    widget.locator(".rw-origin").dblclick()
    panel = lab_notebook.page.get_by_role("region", name="Training runs")
    expect(panel.get_by_role("region", name="Run in a cell")).to_be_visible()
    run.complete()


def test_settings_are_in_the_editor_and_hold(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    (lab_notebook.server.root / "stubborn.py").write_text(STUBBORN)
    lab_notebook.open("1")
    page = lab_notebook.page
    save = "(raw) => window.jupyterapp.serviceManager.settings.save('runwatch:settings', raw)"
    chosen = {"defaultTab": "details", "refresh": 200, "grace": 0.5}
    page.evaluate(save, json.dumps(chosen))
    try:
        page.goto("about:blank")  # so that the next notebook loads JupyterLab with these settings
        run = Experiment(lab_record, "settings").start_logging(display_name="as set")
        run_id = f"stubborn-{uuid.uuid4().hex[:8]}"
        lab_notebook.open(
            f"{IMPORTS}\nimport os\nos.environ['RUNWATCH_GRACE_SECONDS'] = '600'\n"
            f"run = experiment.submit(ScriptRunConfig('.', 'stubborn.py'), run_id={run_id!r})\n"
            "RunDetails(run)"
        )
        lab_notebook.run_all()
        # In a cell, where the widget belongs to the kernel: the run has 0.5 s, not ten minutes.
        widget = lab_notebook.widget()
        expect(widget.get_by_role("tab", name="Details")).to_have_attribute("aria-selected", "true")
        eventually(lambda: "deaf" in lab_record.get_run(run_id).get_tags())
        widget.get_by_role("button", name="Cancel run", exact=True).click()
        widget.get_by_role("button", name="Confirm cancel", exact=True).click()
        expect(widget.get_by_role("status").first).to_have_text("Canceled")
        panel = open_panel(page, run)
        expect(panel.get_by_role("tab", name="Details")).to_have_attribute("aria-selected", "true")
        page.evaluate(
            "() => { void window.jupyterapp.commands.execute("
            "'settingeditor:open', { query: 'Training runs' }); }"
        )
        editor = page.locator(".jp-SettingsPanel")
        for title in ("Refresh", "Default tab", "Notifications", "Grace"):
            expect(editor.get_by_text(title, exact=True).first).to_be_visible()
        run.complete()
    finally:
        page.evaluate(save, "{}")


def test_the_end_of_a_run_is_told_if_that_is_set(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    lab_notebook.open("1")
    page = lab_notebook.page
    save = "(raw) => window.jupyterapp.serviceManager.settings.save('runwatch:settings', raw)"
    page.evaluate(save, json.dumps({"notifications": True}))
    try:
        lab_notebook.reload()
        experiment = Experiment(lab_record, "told")
        good, bad = (experiment.start_logging(display_name=name) for name in ("good", "bad"))
        expect(page.get_by_role("button", name="2 live runs")).to_be_visible()
        good.complete()
        bad.fail("out of memory")
        page.evaluate(
            "() => { void window.jupyterapp.commands.execute('apputils:display-notifications'); }"
        )
        expect(page.get_by_text("good: Completed")).to_be_visible()
        told = page.get_by_text("bad: Failed")
        expect(told).to_be_visible()
        page.locator(".jp-Notification-List-Item").filter(has=told).get_by_text("Open").click()
        expect(page.get_by_role("region", name="Run bad")).to_contain_text("out of memory")
    finally:
        page.evaluate(save, "{}")


def test_a_script_in_an_output_file_does_not_run(
    page: Page, lab: JupyterServer, lab_record: Workspace
) -> None:
    run = Experiment(lab_record, "files").start_logging()
    evil = run._record.paths.run(run.id).files / "outputs/evil.html"
    evil.parent.mkdir(parents=True)
    evil.write_text("<script>document.title = 'taken'; window.taken = true</script>taken")
    page.goto(f"{lab.url}lab?reset&token={lab.token}")
    address = f"{lab.url}runwatch/api/runs/{run.id}/files/{quote('outputs/evil.html')}"
    with page.expect_download() as download:
        page.evaluate("(address) => { window.location.assign(address); }", address)
    assert download.value.suggested_filename == "evil.html"
    page.set_content(f"<iframe src='{address}'></iframe>")
    framed = page.frames[-1]
    assert framed.evaluate("() => Boolean(window.taken)") is False
    assert "taken" not in page.title()
    run.complete()


@pytest.fixture
def certificate(tmp_path: Path) -> list[str]:
    """What a server needs to be reached over https."""
    files = {name: tmp_path / f"{name}.pem" for name in ("certfile", "keyfile")}
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(files["keyfile"])
    issued.cert_chain_pems[0].write_to_path(files["certfile"])
    return [f"--ServerApp.{name}={path}" for name, path in files.items()]


def test_it_works_below_a_hubs_prefix_over_https(
    browser: Browser, tmp_path: Path, certificate: list[str]
) -> None:
    place = {"base_url": "/hub/user/ada/", "scheme": "https"}
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    with jupyter_server.running("lab", tmp_path / "lab", options=certificate, **place) as server:
        run = Experiment(Workspace(path=server.root), "prefixed").start_logging(display_name="far")
        page.goto(f"{server.url}lab?reset&token={server.token}")
        expect(page.get_by_role("button", name="1 live run")).to_be_visible()
        shown = open_panel(page, run).get_by_role("region", name="Run far")
        shown.get_by_role("textbox", name="Add tag").fill("seen")
        shown.get_by_role("textbox", name="Add tag").press("Enter")
        eventually(lambda: run.get_tags() == {"seen": None})
        run.complete()
        expect(shown.get_by_role("status").first).to_have_text("Completed")
    context.close()


def test_notebook_7_shows_opens_and_cancels_live_runs_where_it_shows_what_runs(
    page: Page, notebook7: JupyterServer
) -> None:
    run = Experiment(Workspace(path=notebook7.root), "tree").start_logging(display_name="listed")
    page.goto(f"{notebook7.url}tree?token={notebook7.token}")
    page.get_by_role("tab", name="Running").click()
    item = page.locator(".rw-running-item").filter(has_text="listed")
    expect(item).to_contain_text("Running")
    item.get_by_text("listed").click()
    shown = page.get_by_role("region", name="Run listed")
    expect(shown.get_by_role("status").first).to_have_text("Running")
    item.hover()
    item.get_by_title("Cancel run").click()
    expect(item).to_have_count(0)
    expect(shown.get_by_role("status").first).to_have_text("Canceled")
    assert run.get_status() == "Canceled"
