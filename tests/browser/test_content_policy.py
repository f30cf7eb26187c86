"""What the view asks of a page: no code made of text, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from runwatch.core import Experiment, Workspace
from tests.browser import jupyter_server
from tests.browser.notebook_page import NotebookPage
from tests.browser.scripts import IMPORTS

# anywidget hands the front end a module as text, which is imported as a blob.
POLICY = (
    "default-src 'self'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; font-src 'self' data:; connect-src 'self' ws: blob:"
)
NOTE = """
window.against = [];
document.addEventListener('securitypolicyviolation', (event) => {
    const { violatedDirective, blockedURI, sourceFile } = event;
    window.against.push([violatedDirective, blockedURI, sourceFile, document.readyState]);
});
"""


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_a_strict_content_policy_is_kept(page: Page, tmp_path: Path, front: str) -> None:
    headers = {"headers": {"Content-Security-Policy-Report-Only": POLICY}}
    options = [f"--ServerApp.tornado_settings={headers!r}"]
    page.add_init_script(NOTE)
    with jupyter_server.running(front, tmp_path / "jupyter", options=options) as server:
        look_at_all(NotebookPage(page, server), Workspace(path=server.root))
        page.evaluate("() => { try { new Function('return 1')(); } catch {} }")
        page.wait_for_function("() => window.against.at(-1)?.[1] === 'eval'")  # it is watched
        *against, _own = page.evaluate("() => window.against")
    # Jupyter's page has a script in it, and makes code of text in its own files.
    theirs = [one for one in against if one[1] == "eval" and "/static/" in one[2]]
    theirs += [one for one in against if one[1] == "inline" and one[3] == "loading"]
    assert [one for one in against if one not in theirs] == []


def look_at_all(notebook: NotebookPage, record: Workspace) -> None:
    """Show a run that has something of all kinds, with all panels of its view."""
    run = Experiment(record, "browser").start_logging(display_name="strictly kept")
    for step in range(10):
        run.log("loss", 1 / (step + 1), step=step)
    matrix = {"class_labels": ["a", "b"], "matrix": [[1, 2], [3, 4]]}
    run.log_confusion_matrix(
        "matrix", {"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": matrix}
    )
    run.child_run("its child").complete()
    notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
    notebook.run_all()
    widget = notebook.widget()
    expect(widget.get_by_role("treegrid")).to_contain_text("its child")
    for tab in ("Metrics", "Logs", "Files", "Details"):
        widget.get_by_role("tab", name=tab).click()
        expect(widget.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    run.complete()
    expect(widget.get_by_role("status").first).to_have_text("Completed")
