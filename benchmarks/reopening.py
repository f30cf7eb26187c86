"""How soon a notebook that is opened again shows its runs as they were, with nobody to answer."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.browser import chromium, jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.browser.notebook_page import NotebookPage
from tests.browser.scripts import IMPORTS

from benchmarks.figure import Figure, median, shown_time
from runwatch import Experiment, Run, Workspace

ROUNDS = 7
CHILDREN = 20
POINTS = 1000

# Notes when the page first has the notebook's cells, the place of the output, and on the screen the
# run's rows; in milliseconds since the address was asked for.
_NOTE = """
window.reopened = {};
const note = (what, there) => {
    if (there && !(what in window.reopened)) window.reopened[what] = performance.now();
};
const look = () => {
    note('cells', document.querySelector('.jp-Notebook .jp-CodeCell'));
    note('output', document.querySelector('.jp-Notebook .jp-OutputArea-output'));
    const row = document.querySelector('.jp-Notebook .rw-root [data-index]');
    if (!row?.checkVisibility()) return;
    observer.disconnect();
    const channel = new MessageChannel(); // answered after the frame is painted
    channel.port1.onmessage = () => note('shown', true);
    requestAnimationFrame(() => channel.port2.postMessage(null));
};
const observer = new MutationObserver(look);
observer.observe(document, { childList: true, subtree: true, attributes: true });
"""


def reopen(_: Path) -> list[Figure]:
    """From the notebook's cells in the page to the last state on the screen, in both fronts."""
    return [_figure(front, _of(front)) for front in ("lab", "notebook")]


def _figure(front: str, noted: list[dict[str, float]]) -> Figure:
    took, after_output, whole = (
        [(one["shown"] - since(one)) / 1000 for one in noted]
        for since in (lambda one: one["cells"], lambda one: one["output"], lambda _: 0.0)
    )
    return Figure(
        work=f"saved notebook, {front}, server silent: its cells to the run's last state",
        measured=f"{shown_time(median(took))}, slowest of {ROUNDS} {shown_time(max(took))}",
        beside=f"from the output's place: {shown_time(median(after_output))}; "
        f"the whole page: {shown_time(median(whole))}",
        ratio="",
        reach="< 1 s, the slowest too",
        reached=max(took) < 1,
        samples=took,
    )


def _of(front: str) -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.environ["XDG_STATE_HOME"] = scratch
        with (
            jupyter_server.running(front, Path(scratch) / "server") as server,
            chromium.launched(playwright) as browser,
        ):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            address = server.address_of(_saved(page, server))
            page.add_init_script(_NOTE)
            page.route_web_socket("**/runwatch/api/feed*", lambda _: None)
            return [_reopened(page, address) for _ in range(ROUNDS)]


def _saved(page: Page, server: JupyterServer) -> str:
    """Return the name of a notebook with a live run, whose kernel is gone."""
    run = Experiment(Workspace(path=server.root), "reopened").start_logging()
    _fill(run)
    notebook = NotebookPage(page, server)
    notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
    notebook.run_to_the_end()
    page.locator(".rw-root [data-index]").first.wait_for()
    name = notebook.save()
    page.evaluate("async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }")
    return name


def _fill(run: Run) -> None:
    for step in range(POINTS):
        run.log("loss", 1 / (step + 1), step=step)
    run.create_children(CHILDREN)
    run.flush()


def _reopened(page: Page, address: str) -> dict[str, float]:
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function("() => 'shown' in window.reopened")
    noted: dict[str, float] = page.evaluate("() => window.reopened")
    return noted
