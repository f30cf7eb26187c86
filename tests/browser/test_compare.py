"""Runs of an experiment, compared in one chart below their table."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from runwatch.core import Experiment, Run, Workspace
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_accessibility import found_by_axe

pytestmark = pytest.mark.one_page

RATES = (0.1, 0.03, 0.01)


@pytest.fixture
def experiment(lab_record: Workspace, request: pytest.FixtureRequest) -> Experiment:
    """An experiment of the test's own."""
    return Experiment(lab_record, request.node.name)


@pytest.fixture
def runs(experiment: Experiment) -> list[Run]:
    """Three runs, each with a loss."""
    runs = [experiment.start_logging(display_name=f"rate {rate}") for rate in RATES]
    for run, rate in zip(runs, RATES, strict=True):
        for step in range(5):
            run.log("loss", rate / (step + 1), step=step)
        run.flush()
    return runs


def compare_two(view: Locator) -> Locator:
    """Choose two of the runs and return where they are drawn."""
    view.get_by_role("checkbox", name="Select rate 0.1").check()
    view.get_by_role("checkbox", name="Select rate 0.01").check()
    view.get_by_role("button", name="Compare", exact=True).click()
    return view.get_by_role("region", name="Compared runs")


def test_runs_are_compared_below_the_table_of_their_experiment(
    lab_notebook: NotebookPage, experiment: Experiment, runs: list[Run]
) -> None:
    lab_notebook.open(
        "from runwatch import Experiment, Workspace\n"
        f"Experiment(Workspace.from_config(), {experiment.name!r})"
    )
    lab_notebook.run_all()
    page = lab_notebook.page
    compared = compare_two(lab_notebook.widget())
    expect(compared.get_by_role("listitem")).to_have_text(["rate 0.1 0.02", "rate 0.01 0.002"])
    expect(compared.locator("path.rw-line")).to_have_count(2)
    assert not found_by_axe(page, "compared")

    table = compared.get_by_text("Show as table")
    expect(table).to_contain_text("10 points")
    runs[0].log("loss", 0.01, step=5)
    expect(table).to_contain_text("11 points")

    compared.get_by_role("button", name="Stop comparing").click()
    expect(compared).to_have_count(0)
    for run in runs:
        run.complete()


def test_runs_are_compared_in_the_runs_panel(
    page: Page, lab_notebook: NotebookPage, experiment: Experiment, runs: list[Run]
) -> None:
    lab_notebook.open("1")
    page.evaluate("() => { void window.jupyterapp.commands.execute('runwatch:open'); }")
    panel = page.get_by_role("region", name="Training runs")
    panel.get_by_role("list", name="Experiments").get_by_title(experiment.name).click()
    compared = compare_two(panel)
    expect(compared.get_by_role("img", name="loss by step")).to_be_visible()
    expect(compared.get_by_role("listitem")).to_have_text(["rate 0.1 0.02", "rate 0.01 0.002"])
    for run in runs:
        run.complete()
