"""Charts, logs, files, progress and texts of a run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from runwatch.core import Experiment, Run, Workspace
from tests.browser.notebook_page import NotebookPage, reaches
from tests.browser.scripts import IMPORTS, submit
from tests.browser.test_accessibility import found_by_axe
from tests.conftest import eventually

pytestmark = pytest.mark.one_page

InLab = Callable[[str, str], None]


@pytest.fixture
def run(lab_record: Workspace) -> Run:
    """A run of this process."""
    return Experiment(lab_record, "browser").start_logging(display_name="paneled")


@pytest.fixture
def show(lab_notebook: NotebookPage) -> Callable[[Run], Page]:
    """Show a run in a notebook."""

    def shown(run: Run) -> Page:
        lab_notebook.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run.id!r}))")
        lab_notebook.run_to_the_end()
        expect(lab_notebook.page.get_by_role("tab").first).to_be_visible()
        return lab_notebook.page

    return shown


def saved(page: Page, button: Locator) -> Path:
    with page.expect_download() as download:
        button.click()
    return Path(download.value.path())


def box_of(thing: Locator) -> FloatRect:
    box = thing.bounding_box()
    assert box is not None
    return box


def test_a_chart_is_exact_on_zoom_and_goes_out_as_csv_and_plotly(
    run: Run, show: Callable[[Run], Page]
) -> None:
    for step in range(5_000):
        run.log("loss", 1 / (step + 1), step=step)
    run.flush()
    page = show(run)
    page.get_by_role("tab", name="Metrics").click()
    chart = page.get_by_role("img", name="loss by step")
    box = box_of(chart)
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.50, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.56, middle, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle)
    tip = page.locator(".rw-chart .rw-reading")
    expect(tip).to_be_visible()
    step, value = map(float, tip.inner_text().split())
    assert step == int(step)
    assert value == pytest.approx(1 / (step + 1), rel=1e-3)

    table = saved(page, page.get_by_role("button", name="Download loss as CSV")).read_text()
    assert len(table.splitlines()) == 5_001
    figure = saved(page, page.get_by_role("button", name="Download loss as Plotly figure"))
    assert json.loads(figure.read_text())["data"][0]["name"] == "paneled"
    run.complete()


def test_axis_scale_and_smoothing(run: Run, show: Callable[[Run], Page]) -> None:
    for step in range(50):
        run.log("loss", 10.0 ** -(step / 10), step=step)
    page = show(run)
    page.get_by_role("tab", name="Metrics").click()
    chart = page.locator(".rw-chart")
    line = chart.locator("path.rw-line").first
    plain = line.get_attribute("d")
    page.get_by_role("checkbox", name="Log scale").check()
    expect(line).not_to_have_attribute("d", str(plain))
    page.get_by_role("slider", name="Smoothing").fill("0.9")
    expect(chart.locator("path.rw-line")).to_have_count(2)
    page.get_by_role("combobox", name="x axis").select_option("relative")
    expect(chart.locator("svg")).to_contain_text("s")
    run.complete()


def test_structures_are_shown_as_what_they_are(run: Run, show: Callable[[Run], Page]) -> None:
    run.log_confusion_matrix(
        "confusion",
        {
            "schema_type": "confusion_matrix",
            "schema_version": "v1",
            "data": {"class_labels": ["cat", "dog"], "matrix": [[5, 1], [2, 7]]},
        },
    )
    run.log_table("results", {"fold": [1, 2], "accuracy": [0.9, 0.8]})
    run.log_list("weights", [1, 2, 3])
    page = show(run)
    page.get_by_role("tab", name="Metrics").click()
    expect(page.get_by_role("table", name="confusion")).to_contain_text("dog")
    expect(page.get_by_role("table", name="results")).to_contain_text("0.8")
    expect(page.locator(".rw-structures")).to_contain_text("weights")
    run.complete()


def test_a_log_follows_until_the_person_scrolls_up(
    lab_notebook: NotebookPage, in_lab: InLab, lab_record: Workspace
) -> None:
    in_lab(
        "lines.py",
        """
        import itertools, os, sys, time
        flag = sys.argv[1]
        print("\\x1b[31mred\\x1b[0m \\x1b[42mon green\\x1b[0m")
        for n in range(60):
            print(f"\\rpart {n}", end="")
        print(flush=True)
        while not os.path.exists(flag + ".seen"):
            time.sleep(0.02)
        for n in itertools.count():
            print(f"line {n}", flush=True)
            time.sleep(0.02)
            if os.path.exists(flag):
                break
        print("that was all")
        """,
    )
    flag = lab_notebook.server.root / "lines.flag"
    lab_notebook.open(submit("lines.py", str(flag)))
    lab_notebook.run_all()
    page = lab_notebook.page
    log = page.get_by_role("log")
    expect(log).to_contain_text("part 59")
    expect(log).not_to_contain_text("part 58")
    expect(log.get_by_text("red", exact=True)).to_have_class(re.compile("rw-ansi"))
    green = log.get_by_text("on green", exact=True)
    expect(green).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    flag.with_name(f"{flag.name}.seen").touch()  # from here on lines push it out of sight
    follow = page.get_by_role("checkbox", name="Follow")
    reaches(log, "line", 100)
    expect(follow).to_be_checked()
    log.hover()
    page.mouse.wheel(0, -400)
    expect(follow).not_to_be_checked()
    stays = log.evaluate("element => element.scrollTop")
    text = log.inner_text()
    news = page.get_by_role("button", name=re.compile(r"\d\d new lines"))
    expect(news).to_be_visible()
    assert log.evaluate("element => element.scrollTop") == stays
    assert log.inner_text() == text
    news.click()
    expect(follow).to_be_checked()
    log.hover()
    page.mouse.wheel(0, -400)
    expect(follow).not_to_be_checked()
    follow.check()
    flag.touch()
    expect(lab_notebook.widget().get_by_role("status").first).to_have_text("Completed")
    expect(log.get_by_text("that was all")).to_be_in_viewport()


def test_a_log_of_a_hundred_megabytes_is_read_in_part(
    run: Run, show: Callable[[Run], Page], lab_notebook: NotebookPage
) -> None:
    log = run._record.paths.run(run.id).std_log
    log.parent.mkdir(parents=True, exist_ok=True)
    line = b"step %07d  loss 0.12345678901234567890\n"
    with open(log, "wb") as file:
        for start in range(0, 2_400_000, 100_000):
            file.write(b"".join(line % n for n in range(start, start + 100_000)))
        file.write(b"the needle\n")
        file.write(b"".join(line % n for n in range(2_400_000, 2_500_000)))
    assert os.path.getsize(log) > 100_000_000
    page = show(run)
    page.get_by_role("tab", name="Logs").click()
    shown = page.get_by_role("log")
    expect(shown).to_contain_text("step 2499999")
    assert shown.locator(".rw-log-line").count() < 200
    field = page.get_by_role("searchbox", name="Find in log")
    said = page.get_by_role("status", name="Find in log")
    field.fill("LOSS")
    expect(shown.locator(".rw-here")).to_contain_text("step 2499999")
    expect(said).to_have_text("1 of 1,000+ in the last 42 kB")
    field.fill("the needle")
    expect(shown.locator(".rw-here")).to_have_text("the needle")
    expect(said).to_have_text("1 of 1")
    expect(shown).to_contain_text("step 2400000")
    shown.evaluate("element => { element.scrollTop = 0; }")
    expect(shown).to_contain_text("step 2399200")  # what was in sight stays there
    shown.evaluate("element => { element.scrollTop -= 3_400; }")
    expect(shown).to_contain_text("step 2399000")
    run.complete()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_log_of_all_colours_can_be_read(
    run: Run, show: Callable[[Run], Page], theme: str
) -> None:
    codes = [*range(30, 38), *range(40, 48), 7, "31;42", "38;5;226", "48;2;255;255;0"]
    link = "\x1b]8;;https://example.org\x1b\\a link\x1b]8;;\x1b\\"
    log = run._record.paths.run(run.id).std_log
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"\x1b[{code}mcolour {code}\x1b[0m {link}\n" for code in codes))
    page = show(run)
    page.evaluate(
        "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("log")).to_contain_text("colour 30")
    page.get_by_role("checkbox", name="Follow").uncheck()
    with open(log, "a") as file:
        file.write("more\nmore\n")
    expect(page.get_by_role("button", name="2 new lines")).to_be_visible()
    page.get_by_role("log").evaluate("element => { element.style.maxHeight = 'none'; }")
    assert not found_by_axe(page, theme)
    run.complete()


def test_the_scripts_own_logs_can_be_chosen_and_searched(
    run: Run, show: Callable[[Run], Page]
) -> None:
    paths = run._record.paths.run(run.id)
    paths.std_log.parent.mkdir(parents=True)
    paths.std_log.write_text("printed an error\n")
    (paths.work / "logs").mkdir(parents=True)
    (paths.work / "logs" / "train.txt").write_text("no error\none more error\n" + "line\n" * 100)
    page = show(run)
    page.get_by_role("tab", name="Logs").click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("printed")
    page.get_by_role("searchbox", name="Find in log").fill("error")
    said = page.get_by_role("status", name="Find in log")
    expect(said).to_have_text("1 of 1")
    page.get_by_role("combobox", name="Log file").select_option("logs/train.txt")
    expect(said).to_have_text("1 of 2")
    page.get_by_role("button", name="Previous match").click()
    expect(log.locator(".rw-here")).to_have_text("one more error")
    page.get_by_role("button", name="Previous match").click()
    expect(said).to_have_text("2 of 2")
    expect(log.locator(".rw-here")).to_have_text("no error")
    run.complete()


def test_files_appear_and_open_and_are_downloaded(run: Run, show: Callable[[Run], Page]) -> None:
    page = show(run)
    page.get_by_role("tab", name="Files").click()
    expect(page.get_by_text("No files yet")).to_be_visible()
    made = {
        "notes.txt": b"learned\n",
        "points.csv": b"a,b\n1,<script>\n",
        "best.json": b'{"rate": 0.1}',
        "dot.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    }
    folder = run._record.paths.run(run.id).files / "outputs"
    folder.mkdir(parents=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    expect(page.get_by_role("button", name="outputs/notes.txt", exact=True)).to_be_visible()
    seen = {"notes.txt": "learned", "points.csv": "<script>", "best.json": '"rate": 0.1'}
    for name, text in seen.items():
        page.get_by_role("button", name=f"outputs/{name}", exact=True).click()
        expect(page.get_by_role("region", name=f"Preview outputs/{name}")).to_contain_text(text)
    page.get_by_role("button", name="outputs/dot.svg", exact=True).click()
    picture = page.get_by_role("img", name="outputs/dot.svg")
    expect(picture).to_be_visible()
    width = "async image => { await image.decode(); return image.naturalWidth; }"
    assert picture.evaluate(width) == 9
    file = saved(page, page.get_by_role("button", name="Download outputs/points.csv"))
    assert file.read_bytes() == made["points.csv"]
    run.complete()


@pytest.mark.parametrize("width", [900, 1280])
def test_on_little_room_values_tags_and_the_cancel_button_keep_their_place(
    run: Run, lab_notebook: NotebookPage, show: Callable[[Run], Page], width: int
) -> None:
    lab_notebook.page.set_viewport_size({"width": width, "height": 900})
    for step in range(20):
        for name in ("loss", "val_loss", "accuracy", "val_accuracy", "f1"):
            run.log(name, -1.234567e-5 * (step + 1), step=step)
    child = run.child_run("small")
    child.set_tags({"quality": "good", "worth another look": None, "reviewer": "somebody else"})
    child.complete()
    page = show(run)
    expect(page.locator(".rw-tile")).to_have_count(5)
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.rw-tile-value .rw-number')]"
        ".filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    )
    assert cut == []
    status = box_of(page.get_by_role("status"))
    cancel = box_of(page.get_by_role("button", name="Cancel run", exact=True))
    header = box_of(page.locator(".rw-header"))
    assert cancel["y"] < status["y"] + status["height"]
    assert cancel["x"] + cancel["width"] > header["x"] + header["width"] - 20
    if width == 1280:
        page.wait_for_function(
            "() => [...document.querySelectorAll('.rw-chip')].some((one) =>"
            " one.textContent === 'quality=good' && one.scrollWidth <= one.clientWidth)"
        )


def test_progress_is_what_the_script_says(run: Run, show: Callable[[Run], Page]) -> None:
    page = show(run)
    run.set_progress(3, 12, "training")
    bar = page.get_by_role("progressbar", name="training")
    expect(bar).to_have_attribute("aria-valuenow", "25")
    expect(page.locator(".rw-progress")).to_contain_text("3/12")
    run.set_progress(12, 12, "training")
    expect(bar).to_have_attribute("aria-valuenow", "100")
    run.complete()


def test_the_bar_of_tqdm_is_noticed(
    lab_notebook: NotebookPage, in_lab: InLab, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    in_lab(
        "bar.py",
        f"""
        import os, time
        from tqdm import tqdm
        for done in tqdm(range(400), desc="epochs"):
            time.sleep(0.005)
            while done == 300 and not os.path.exists({str(flag)!r}):
                time.sleep(0.02)
        """,
    )
    lab_notebook.open(submit("bar.py"))
    lab_notebook.run_all()
    expect(lab_notebook.page.locator(".rw-progress")).to_contain_text("epochs")
    expect(lab_notebook.page.locator(".rw-progress")).to_contain_text("/400")
    flag.touch()
    expect(lab_notebook.widget().get_by_role("status")).to_have_text("Completed")


def test_name_and_description_are_edited_in_place_with_undo(
    run: Run, show: Callable[[Run], Page]
) -> None:
    page = show(run)
    page.get_by_role("button", name="Edit name").click()
    page.get_by_role("textbox", name="Edit name").fill("better name")
    page.keyboard.press("Enter")
    eventually(lambda: run.display_name == "better name")
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: run.display_name == "paneled")
    page.get_by_role("tab", name="Details").click()
    page.get_by_role("button", name="Add description").click()
    page.get_by_role("textbox", name="Edit description").fill("why this run is")
    page.keyboard.press("Enter")
    eventually(lambda: run.description == "why this run is")
    run.complete()


def test_what_was_typed_is_kept_by_a_click_elsewhere(run: Run, show: Callable[[Run], Page]) -> None:
    page = show(run)
    page.get_by_role("tab", name="Details").click()
    page.get_by_role("button", name="Add description").click()
    page.get_by_role("textbox", name="Edit description").fill("never kept")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add description").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    page.get_by_role("textbox", name="Edit description").fill("why this run is")
    page.get_by_role("tab", name="Files").click()
    eventually(lambda: run.description == "why this run is")
    run.complete()


def test_tags_are_suggested_from_the_experiments_other_runs(
    run: Run, show: Callable[[Run], Page], lab_record: Workspace
) -> None:
    with Experiment(lab_record, "browser").start_logging() as other:
        other.tag("season", "autumn")
    page = show(run)
    page.get_by_role("textbox", name="Add tag").fill("seas")
    suggested = page.get_by_role("list", name="Suggestions")
    expect(suggested).to_contain_text("season=autumn")
    suggested.get_by_role("button", name="season=autumn").click()
    eventually(lambda: run.get_tags() == {"season": "autumn"})
    run.complete()


def test_the_end_is_notified_if_asked_for(run: Run, show: Callable[[Run], Page]) -> None:
    page = show(run)
    page.evaluate(
        "() => { window.told = []; window.Notification = class { constructor(title) {"
        " window.told.push(title); } static permission = 'granted';"
        " static requestPermission() { return Promise.resolve('granted'); } }; }"
    )
    page.get_by_role("button", name="Notify me when it ends").click()
    run.complete()
    page.wait_for_function("() => window.told.length === 1")
    assert page.evaluate("() => window.told") == ["paneled: Completed"]


def test_what_a_cancel_waits_for_is_told(
    lab_notebook: NotebookPage, in_lab: InLab, lab_record: Workspace
) -> None:
    in_lab(
        "deaf.py",
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('deaf', flush=True)\n"
        "while True:\n    time.sleep(1)\n",
    )
    lab_notebook.open(submit("deaf.py"))
    lab_notebook.run_all()
    page = lab_notebook.page
    expect(page.get_by_role("log")).to_contain_text("deaf")
    page.get_by_role("button", name="Cancel run", exact=True).click()
    page.get_by_role("button", name="Confirm cancel", exact=True).click()
    expect(lab_notebook.widget()).to_contain_text(
        re.compile(r"asked to stop \d+ s ago, will be forced in \d+ s")
    )
    expect(lab_notebook.widget().get_by_role("status").first).to_have_text("Canceled")
