"""The tree of runs: found, put in order, chosen from, opened, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from runwatch.core import Experiment, Run, Workspace
from tests.browser.notebook_page import NotebookPage
from tests.browser.scripts import IMPORTS
from tests.conftest import eventually

pytestmark = pytest.mark.one_page

RATES = (0.1, 0.03, 0.01, 0.003)


@pytest.fixture
def sweep(lab_record: Workspace) -> Run:
    """Four children with a parameter, a metric and a tag; the last has failed."""
    run = Experiment(lab_record, "browser").start_logging(display_name="sweep")
    for number, rate in enumerate(RATES):
        child = run.child_run(f"rate {rate}")
        child.log_parameters({"rate": rate})
        for step in range(5):
            child.log("loss", rate * (number + 1) / (step + 1), step=step)
        if number == 1:
            child.tag("quality", "good")
            child.child_run("fold").complete()
        if number == 3:
            child.fail("out of memory")
    run.flush()
    return run


@pytest.fixture
def tree(lab_notebook: NotebookPage, sweep: Run) -> Locator:
    """The tree of the sweep, shown."""
    lab_notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({sweep.id!r}))")
    lab_notebook.run_all()
    grid = lab_notebook.page.get_by_role("treegrid", name="Child runs")
    expect(rows(grid)).to_have_count(4)
    return grid


def rows(grid: Locator) -> Locator:
    return grid.locator("[data-index]")


def names(grid: Locator) -> list[str]:
    return [text.split("\n")[0] for text in rows(grid).all_inner_texts()]


def field(tree: Locator) -> Locator:
    return tree.page.get_by_role("searchbox", name="Filter runs")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("0.03", ["rate 0.03"]),
        ("status:failed", ["rate 0.003"]),
        ("tag:quality=good", ["rate 0.03"]),
        ("param:rate>=0.01 -status:failed", ["rate 0.1", "rate 0.03", "rate 0.01"]),
        ("metric:loss<0.01", ["rate 0.01", "rate 0.003"]),
    ],
)
def test_a_filter_finds(tree: Locator, wanted: str, found: list[str]) -> None:
    field(tree).fill(wanted)
    expect(rows(tree)).to_have_count(len(found))
    assert names(tree) == found
    field(tree).fill("")
    expect(rows(tree)).to_have_count(4)


def test_a_filter_that_is_wrong_says_how_to_write_it(tree: Locator) -> None:
    field(tree).fill("status:sleeping")
    expect(tree.page.get_by_role("alert")).to_contain_text("Completed")
    field(tree).fill("nothing has this name")
    expect(tree.page.get_by_text("No run matches the filter.")).to_be_visible()


def test_a_sort_keeps_its_order_while_values_change(tree: Locator, sweep: Run) -> None:
    tree.get_by_role("button", name="loss").click()
    by_loss = ["rate 0.003", "rate 0.01", "rate 0.03", "rate 0.1"]
    expect(rows(tree).first).to_contain_text("rate 0.003")
    assert names(tree) == by_loss
    live = next(child for child in sweep.get_children() if child.display_name == "rate 0.1")
    live.log("loss", 0.0001)
    expect(tree.get_by_role("row", name="rate 0.1")).to_contain_text("1.00e-4")
    assert names(tree) == by_loss
    tree.page.get_by_role("button", name="Sort again").click()
    expect(rows(tree).first).to_contain_text("rate 0.1")
    tree.get_by_role("button", name="loss").click()
    expect(rows(tree).last).to_contain_text("rate 0.1")
    expect(tree.get_by_role("columnheader", name="loss")).to_have_attribute(
        "aria-sort", "descending"
    )


def test_columns_are_the_persons_choice(tree: Locator) -> None:
    page = tree.page
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="rate", exact=True).uncheck()
    expect(tree.get_by_role("columnheader", name="rate", exact=True)).to_have_count(0)
    page.get_by_role("checkbox", name="loss (trend)").check()
    expect(tree.get_by_role("columnheader", name="loss (trend)")).to_be_visible()
    expect(rows(tree).first.locator("svg.rw-sparkline")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Columns")).to_be_focused()


def test_several_are_compared_tagged_and_cancelled(tree: Locator, sweep: Run) -> None:
    page = tree.page
    tree.get_by_role("checkbox", name="Select rate 0.1").check()
    tree.get_by_role("checkbox", name="Select rate 0.01").click(modifiers=["Shift"])
    chosen = page.get_by_role("toolbar", name="Selected runs")
    expect(chosen).to_contain_text("3 selected")

    chosen.get_by_role("button", name="Tag selected runs").click()
    page.get_by_role("textbox", name="Tag selected runs").fill("kept=yes")
    page.keyboard.press("Enter")
    of = {child.display_name: child for child in sweep.get_children()}
    three = [of[f"rate {rate}"] for rate in RATES[:3]]
    eventually(lambda: [one.get_tags().get("kept") for one in three] == ["yes"] * 3)
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: all("kept" not in one.get_tags() for one in three))

    chosen.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("tab", name="Metrics")).to_be_focused()
    expect(page.locator(".rw-chart").get_by_role("listitem")).to_have_text(
        [re.compile(rf"^rate {rate} [\d.]+$") for rate in RATES[:3]]
    )
    page.get_by_role("tab", name="Children").click()
    tree.get_by_role("checkbox", name="Select rate 0.01").uncheck()
    chosen.get_by_role("button", name="Cancel selected").click()
    page.get_by_role("button", name="Confirm cancel of 2").click()
    # The process that logs them may have heard of it already.
    asked = {"CancelRequested", "Canceled"}
    eventually(lambda: all(one.get_status() in asked for one in three[:2]))
    assert three[2].get_status() == "Running"


def test_a_child_opens_in_place_and_leads_back(tree: Locator) -> None:
    page = tree.page
    tree.get_by_role("button", name="Open rate 0.003").click()
    expect(page.get_by_role("alert")).to_contain_text("out of memory")
    expect(page.get_by_role("tab", name="Metrics")).to_be_visible()
    page.get_by_role("button", name="Back to sweep").click()
    expect(rows(tree)).to_have_count(4)


def test_the_keyboard_does_what_the_treegrid_pattern_says(tree: Locator) -> None:
    page = tree.page
    rows(tree).first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows(tree).nth(1)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(rows(tree)).to_have_count(5)
    expect(rows(tree).nth(1)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowRight")
    expect(rows(tree).nth(2)).to_be_focused()
    expect(rows(tree).nth(2)).to_have_attribute("aria-level", "2")
    page.keyboard.press("ArrowLeft")
    expect(rows(tree).nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(rows(tree)).to_have_count(4)
    page.keyboard.press("End")
    expect(rows(tree).last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(rows(tree).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Back to sweep")).to_be_focused()
    expect(page.get_by_role("tab", name="Metrics")).to_be_visible()
    page.keyboard.press("Enter")
    expect(rows(tree).first).to_be_focused()
    expect(rows(tree).first).to_have_attribute("aria-selected", "true")


def test_tab_passes_the_tree_in_two_steps(tree: Locator) -> None:
    page = tree.page
    rows(tree).first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(tree.get_by_role("button", name="Cancel run rate 0.03")).to_be_focused()
    page.keyboard.press("Tab")
    expect(tree.locator(":focus")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(rows(tree).nth(1)).to_be_focused()


def test_ten_thousand_children_are_read_by_window(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    run = Experiment(lab_record, "browser").start_logging(display_name="many")
    run.create_children(count=10_000)
    lab_notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
    lab_notebook.run_all()
    page = lab_notebook.page
    grid = page.get_by_role("treegrid", name="Child runs")
    expect(grid).to_have_attribute("aria-rowcount", "10001")
    rows(grid).first.focus()
    page.keyboard.press("End")
    expect(grid.get_by_role("row", name="child 9999")).to_be_focused()
    assert rows(grid).count() < 100
    grid.locator(".rw-body").evaluate("(body) => (body.scrollTop = 0)")
    expect(grid).to_be_focused()
    page.keyboard.press("Control+a")
    chosen = page.get_by_role("toolbar", name="Selected runs")
    expect(chosen).to_contain_text("1,000 selected, not all 10,000")
    chosen.get_by_role("button", name="Clear selection").click()
    grid.get_by_role("checkbox", name="Select child 3", exact=True).check()
    grid.locator(".rw-body").evaluate("(body) => (body.scrollTop = 28 * 400)")
    grid.get_by_role("checkbox", name="Select child 402").click(modifiers=["Shift"])
    expect(chosen).to_contain_text("400 selected")
    field(grid).fill("name:7777")
    expect(rows(grid)).to_have_count(1)
    expect(rows(grid).first).to_contain_text("child 7777")
    run.cancel()


def test_an_experiment_is_a_live_table_whose_rows_open(
    lab_notebook: NotebookPage, lab_record: Workspace
) -> None:
    experiment = Experiment(lab_record, "table")
    first = experiment.start_logging(display_name="first")
    lab_notebook.open(
        "from runwatch import Experiment, Workspace\nExperiment(Workspace.from_config(), 'table')"
    )
    lab_notebook.run_all()
    page = lab_notebook.page
    region = page.get_by_role("region", name="Experiment table")
    grid = region.get_by_role("treegrid", name="Runs")
    expect(rows(grid)).to_have_count(1)
    second = experiment.start_logging(display_name="second")
    second.log("accuracy", 0.75)
    expect(rows(grid)).to_have_count(2)
    expect(grid.get_by_role("row", name="second")).to_contain_text("0.75")
    first.complete()
    expect(grid.get_by_role("row", name="first")).to_contain_text("Completed")
    grid.get_by_role("button", name="Open second").click()
    expect(region.get_by_role("status")).to_have_text("Running")
    second.log("accuracy", 0.875)
    expect(region).to_contain_text("0.875")
    second.complete()
    expect(region.get_by_role("status")).to_have_text("Completed")
    region.get_by_role("button", name="Back to table").click()
    expect(grid.get_by_role("row", name="second")).to_contain_text("Completed")
