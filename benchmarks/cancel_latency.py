"""From the click on "Confirm cancel", below a blocked cell, to the record and to the last process.

The time of the click itself is in it: Playwright moves the mouse and waits for the button.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.browser import chromium, jupyter_server
from tests.browser.notebook_page import NotebookPage
from tests.browser.scripts import FAMILY, IMPORTS
from tests.conftest import eventually, is_running, numbers_in

from benchmarks.figure import Figure
from runwatch import Workspace

ROUNDS = 10
ACKNOWLEDGED_S = 0.25
GONE_S = 1.0

_CELL = """
for number in range({rounds}):
    config = ScriptRunConfig(".", "family.py", arguments=[f"{folder}/{{number}}"])
    run = experiment.submit(config, run_id=f"{front}-{{number}}")
    RunDetails(run).show()
time.sleep(600)
"""
_POST = """async () => {
    const page = JSON.parse(document.getElementById('jupyter-config-data').textContent);
    const begun = performance.now();
    await fetch(page.baseUrl + 'api/status', { headers: { Authorization: 'token ' + page.token } });
    return performance.now() - begun;
}"""


def measure() -> list[Figure]:
    """Return the medians in JupyterLab and in Notebook 7."""
    figures = []
    for front in ("lab", "notebook"):
        acknowledged, gone, floor = _of(front)
        ack, end, request = (statistics.median(times) for times in (acknowledged, gone, floor))
        beside = f"a request to the server: {request * 1000:.0f} ms"
        for work, value, limit in (
            ("record says CancelRequested", ack, ACKNOWLEDGED_S),
            ("process tree gone", end, GONE_S),
        ):
            figures.append(
                Figure(
                    work=f"click on cancel, cell blocked, {front}: {work}",
                    measured=f"{value * 1000:.0f} ms",
                    beside=beside,
                    ratio=f"{value / request:.0f} x",
                    reach=f"< {limit * 1000:.0f} ms, median of {ROUNDS}",
                    reached=value < limit,
                )
            )
    return figures


def _of(front: str) -> tuple[list[float], list[float], list[float]]:
    acknowledged, gone, floor = [], [], []
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.environ["XDG_STATE_HOME"] = scratch
        with (
            jupyter_server.running(front, Path(scratch) / "server") as server,
            chromium.launched(playwright) as browser,
        ):
            (server.root / "family.py").write_text(FAMILY, encoding="utf-8")
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            notebook = NotebookPage(page, server)
            notebook.open(IMPORTS + _CELL.format(rounds=ROUNDS, folder=scratch, front=front))
            notebook.run_all()
            workspace = Workspace(path=server.root)
            for number in range(ROUNDS):
                file = Path(scratch) / str(number)
                pids = eventually(lambda f=file: len(n := numbers_in(f)) == 3 and n)
                run = workspace.get_run(f"{front}-{number}")
                eventually(lambda r=run: r.get_status() == "Running")
                widget = page.locator(".rw-root").nth(number)
                widget.get_by_role("button", name="Cancel run", exact=True).click()
                confirm = widget.get_by_role("button", name="Confirm cancel", exact=True)
                floor.append(page.evaluate(_POST) / 1000)
                begun = time.perf_counter()
                confirm.click()
                _until(lambda r=run: r._row().cancel_requested_us is not None)
                acknowledged.append(time.perf_counter() - begun)
                _until(lambda p=pids: not any(is_running(pid) for pid in p))
                gone.append(time.perf_counter() - begun)
            assert notebook.is_running(0), "the cell was not blocked"
    return acknowledged, gone, floor


def _until(look: object) -> None:
    """Look as often as can be: what is waited for is what is measured."""
    deadline = time.perf_counter() + 30
    while not look():  # type: ignore[operator]
        assert time.perf_counter() < deadline, "nothing happened in 30 s"


if __name__ == "__main__":
    for figure in measure():
        print(f"{figure.work}: {figure.measured} ({figure.beside})")
