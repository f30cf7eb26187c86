"""Takes the pictures for the README: ``python -m tests.browser.screenshots FOLDER``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium, jupyter_server
from tests.browser.notebook_page import NotebookPage
from tests.browser.scripts import FAILING, submit

SWEEP = """
import math, random, time
from runwatch import Run

random.seed(1)
run = Run.get_context()
run.set_tags({"data": "digits", "worth another look": None})
best = 0.0
for number, (rate, width) in enumerate((r, w) for r in (0.1, 0.03, 0.01, 0.003) for w in (32, 128)):
    with run.child_run(f"rate={rate} width={width}") as child:
        for epoch in range(24):
            time.sleep(0.02 if number < 5 else 0.3)
            noise = random.uniform(-0.02, 0.02)
            loss = 1.8 * math.exp(-epoch * (0.1 + rate)) + 0.08 + noise
            accuracy = 0.97 - 0.8 * math.exp(-epoch * (0.12 + width / 900)) + noise / 2
            child.log("loss", loss, step=epoch)
            child.log("accuracy", accuracy, step=epoch)
            best = max(best, accuracy)
            run.log("best accuracy", best)
            run.log("loss", loss)
            print(f"rate {rate} width {width:3d} epoch {epoch:2d}  loss {loss:.4f}", flush=True)
        if number == 3:
            child.tag("quality", "good")
"""


def main() -> None:
    """Take every picture, in both themes."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.environ["XDG_STATE_HOME"] = scratch
        with (
            jupyter_server.running("lab", Path(scratch) / "lab") as server,
            chromium.launched(playwright) as browser,
        ):
            for name, text in (("sweep.py", SWEEP), ("failing.py", FAILING)):
                (server.root / name).write_text(text, encoding="utf-8")
            for theme in ("light", "dark"):
                _pictures(browser, server, theme, target)


def _pictures(
    browser: Browser, server: jupyter_server.JupyterServer, theme: str, target: Path
) -> None:
    page = browser.new_page(viewport={"width": 1180, "height": 1000}, device_scale_factor=2)
    notebook = NotebookPage(page, server)
    notebook.open(f"{submit('sweep.py')}\nrun.wait_for_completion();", submit("failing.py"))
    if theme == "dark":
        page.evaluate(
            "() => window.jupyterapp.commands.execute('apputils:change-theme',"
            " { theme: 'JupyterLab Dark' })"
        )
    notebook.run_all()
    widget = notebook.widget()
    expect(page.get_by_role("row", name="rate=0.01 width=128")).to_contain_text("Running")
    page.wait_for_function("document.querySelectorAll('.rw-row').length > 6")
    widget.screenshot(path=target / f"widget-{theme}.png")
    page.get_by_role("tab", name="Metrics").click()
    expect(page.get_by_role("img", name="loss by step")).to_be_visible()
    _settle(page)
    widget.screenshot(path=target / f"metrics-{theme}.png")
    _panel(page, target / f"panel-{theme}.png")
    page.get_by_role("tab", name="Children").click()
    page.get_by_role("button", name="Cancel run", exact=True).click()
    page.get_by_role("button", name="Confirm cancel", exact=True).click()
    expect(widget.get_by_role("status")).to_have_text("Canceled")
    widget.screenshot(path=target / f"canceled-{theme}.png")
    failed = page.locator(".rw-root").nth(1)
    expect(failed.get_by_role("alert")).to_be_visible()
    # Not the log: its traceback shows a path of the machine that took the picture.
    failed.get_by_role("tab", name="Metrics").click()
    failed.screenshot(path=target / f"failed-{theme}.png")
    page.close()


def _panel(page: Page, file: Path) -> None:
    """Take the Runs panel as it is, beside the notebook's tab, and go back to that."""
    page.set_viewport_size({"width": 1700, "height": 760})
    page.evaluate("() => window.jupyterapp.commands.execute('runwatch:open')")
    panel = page.get_by_role("region", name="Training runs")
    panel.get_by_role("list", name="Live runs").get_by_role("button").first.click()
    expect(panel.get_by_role("row", name="rate=0.01 width=128")).to_be_visible()
    page.get_by_role("tab", name="Metrics").last.click()
    expect(panel.get_by_role("img", name="loss by step")).to_be_visible()
    _settle(page)
    panel.screenshot(path=file)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")
    page.set_viewport_size({"width": 1180, "height": 1000})


def _settle(page: Page) -> None:
    """Wait until what was drawn last is on the screen."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200)))")


if __name__ == "__main__":
    main()
