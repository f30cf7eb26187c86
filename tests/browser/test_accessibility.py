"""The widget for everybody: axe-core in each state and theme, keys, words, motion, languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from runwatch.core import Experiment, Run, Workspace
from tests.browser import jupyter_server
from tests.browser.notebook_page import NotebookPage
from tests.browser.scripts import IMPORTS

pytestmark = pytest.mark.one_page

AXE = Path(__file__).parents[2] / "js/node_modules/axe-core/axe.min.js"
_FINDINGS = """async () => {
    const found = await window.axe.run('.rw-root', { resultTypes: ['violations'] });
    return found.violations.map((one) =>
        `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(' ').slice(0, 400)}`);
}"""


@pytest.fixture
def run(lab_record: Workspace) -> Run:
    """A run with everything that the view can show."""
    run = Experiment(lab_record, "accessible").start_logging(display_name="whole")
    run.tag("quality", "good")
    run.log_parameters({"rate": 0.1})
    run.set_progress(3, 12, "training")
    for step in range(30):
        run.log("loss", 1 / (step + 1), step=step)
    run.log_table("results", {"fold": [1, 2], "accuracy": [0.9, 0.8]})
    matrix = {"class_labels": ["cat", "dog"], "matrix": [[5, 1], [2, 7]]}
    run.log_confusion_matrix(
        "confusion",
        {"schema_type": "confusion_matrix", "schema_version": "v1", "data": matrix},
    )
    paths = run._record.paths.run(run.id)
    (paths.files / "outputs").mkdir(parents=True)
    (paths.files / "outputs/points.csv").write_text("a,b\n1,2\n")
    paths.std_log.parent.mkdir(parents=True, exist_ok=True)
    paths.std_log.write_text("\x1b[31mred\x1b[0m and \x1b[32mgreen\x1b[0m\nsecond line\n")
    for name in ("first", "second"):
        child = run.child_run(name)
        child.log("loss", 0.5)
        child.tag("kept")
    child.child_run("fold").fail("out of memory")
    return run


def found_by_axe(page: Page, state: str) -> list[str]:
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_FINDINGS)
    return [f"{state}: {one}" for one in found]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_any_state(lab_notebook: NotebookPage, run: Run, theme: str) -> None:
    lab_notebook.open(
        f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))",
    )
    page = lab_notebook.page
    page.evaluate(
        "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    lab_notebook.run_all()
    found: list[str] = []
    grid = page.get_by_role("treegrid", name="Child runs")
    expect(grid.get_by_role("row", name="second")).to_be_visible()
    grid.get_by_role("button", name="Expand").click()
    expect(grid.get_by_role("row", name="fold")).to_be_visible()
    found += found_by_axe(page, "tree")
    grid.get_by_role("checkbox", name="Select first").check()
    page.get_by_role("button", name="Tag selected runs").click()
    found += found_by_axe(page, "selection")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("tab", name="Children").click()
    page.get_by_role("button", name="Columns").click()
    found += found_by_axe(page, "columns")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Filter runs").fill("odd:thing")
    expect(page.get_by_role("alert")).to_be_visible()
    found += found_by_axe(page, "wrong filter")
    page.get_by_role("searchbox", name="Filter runs").fill("")
    page.get_by_role("textbox", name="Add tag").focus()
    found += found_by_axe(page, "tags")
    for tab in ("Metrics", "Logs", "Files", "Details"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Metrics":
            expect(page.get_by_role("table", name="confusion")).to_be_visible()
            page.get_by_role("img", name="loss by step").hover()
        if tab == "Files":
            page.get_by_role("button", name="outputs/points.csv", exact=True).click()
            expect(page.get_by_role("region", name="Preview")).to_contain_text("2")
        found += found_by_axe(page, tab)
    page.get_by_role("button", name="Cancel run", exact=True).click()
    found += found_by_axe(page, "asked whether to cancel")
    page.get_by_role("button", name="Keep running", exact=True).click()
    run.fail("too bad")
    expect(lab_notebook.widget().get_by_role("alert")).to_contain_text("too bad")
    found += found_by_axe(page, "failed")
    page.get_by_role("button", name="Hide details").click()
    found += found_by_axe(page, "card")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_the_table_of_an_experiment(
    lab_notebook: NotebookPage, run: Run
) -> None:
    lab_notebook.open(
        "from runwatch import Experiment, Workspace\n"
        "Experiment(Workspace.from_config(), 'accessible')"
    )
    lab_notebook.run_all()
    page = lab_notebook.page
    expect(page.get_by_role("treegrid", name="Runs")).to_be_visible()
    assert not found_by_axe(page, "experiment")
    run.complete()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_the_runs_panel(
    lab_notebook: NotebookPage, run: Run, theme: str
) -> None:
    lab_notebook.open("1")
    page = lab_notebook.page
    page.evaluate(
        "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    page.evaluate("() => { void window.jupyterapp.commands.execute('runwatch:open'); }")
    panel = page.get_by_role("region", name="Training runs")
    panel.get_by_role("list", name="Live runs").get_by_text("whole").first.click()
    expect(panel.get_by_role("region", name="Run whole").get_by_role("treegrid")).to_be_visible()
    found = []
    for width in (2000, 1400, 760):
        page.set_viewport_size({"width": width, "height": 900})
        found += found_by_axe(page, f"panel, {width} pixels")
    assert not found, "\n".join(found)
    run.complete()


def test_a_status_is_told_once_and_motion_can_be_had_reduced(
    lab_notebook: NotebookPage, run: Run
) -> None:
    page = lab_notebook.page
    page.emulate_media(reduced_motion="reduce")
    lab_notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
    lab_notebook.run_all()
    status = lab_notebook.widget().get_by_role("status").first
    expect(status).to_have_text("Running")
    page.evaluate(
        """() => {
            window.told = [];
            const spoken = '[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]';
            const root = document.querySelector('.rw-root');
            new MutationObserver((changes) => {
                // What changes at once is spoken once.
                const places = changes.map(({ target }) =>
                    (target instanceof Element ? target : target.parentElement)?.closest(spoken));
                for (const place of new Set(places)) if (place) window.told.push(place.textContent);
            }).observe(root, { childList: true, subtree: true, characterData: true });
        }"""
    )
    child = next(iter(run.get_children()))
    child.log("loss", 0.25)
    child.complete()
    expect(page.get_by_role("list", name="Child runs by status")).to_contain_text("Completed")
    run.complete()
    expect(lab_notebook.widget().get_by_role("status").first).to_have_text("Completed")
    assert page.evaluate("() => window.told") == ["Completed"]
    moving = page.evaluate(
        "() => document.getAnimations().filter((one) =>"
        " one.effect?.target?.closest?.('.rw-root')).map((one) => one.effect.target.outerHTML)"
    )
    assert moving == []


def test_everything_is_reached_by_keyboard(lab_notebook: NotebookPage, run: Run) -> None:
    page = lab_notebook.page
    lab_notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
    lab_notebook.run_all()
    expect(page.get_by_role("treegrid")).to_be_visible()
    page.get_by_role("button", name="Hide details").focus()
    page.keyboard.press("Shift+Tab")  # what comes by a key has a ring
    page.keyboard.press("Tab")
    seen: list[dict[str, Any]] = []
    for _ in range(40):
        seen.append(
            page.evaluate(
                """() => {
                    const at = document.activeElement;
                    const style = getComputedStyle(at);
                    return { inside: Boolean(at.closest('.rw-root')),
                             name: at.getAttribute('aria-label') ?? at.textContent,
                             role: at.role ?? at.tagName,
                             ring: style.outlineStyle !== 'none' || style.boxShadow !== 'none' };
                }"""
            )
        )
        if not seen[-1]["inside"]:
            break
        page.keyboard.press("Tab")
    names = [one["name"] for one in seen if one["inside"]]
    for name in ("Edit name", "Cancel run", "Edit tag quality", "Remove tag quality", "Add tag"):
        assert name in names, f"{name} is not reached: {names}"
    assert any(one["role"] == "row" for one in seen), "the tree is not reached"
    unseen = [one for one in seen if one["inside"] and not one["ring"]]
    assert not unseen, f"no ring around {json.dumps(unseen)}"
    page.get_by_role("tab", name="Children").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Metrics")).to_be_focused()
    run.complete()


def test_the_words_follow_the_language_of_jupyterlab(page: Page, tmp_path: Path) -> None:
    with jupyter_server.running("lab", tmp_path / "lab", locale="pt_BR") as server:
        experiment = Experiment(Workspace(path=server.root), "accessible")
        run = experiment.start_logging(display_name="whole")
        notebook = NotebookPage(page, server)
        notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
        notebook.run_all()
        expect(page.get_by_role("region", name="Execução whole")).to_be_visible()
        expect(page.get_by_role("button", name="Cancelar execução", exact=True)).to_be_visible()
        # The status is the SDK's word in every language: it is what a script compares with.
        expect(notebook.widget().get_by_role("status").first).to_have_text("Running")
        page.get_by_role("button", name="1 execução em curso").click()
        expect(page.get_by_role("region", name="Execuções de treino")).to_be_visible()
        run.complete()
