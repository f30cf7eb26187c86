"""What a widget leaves behind, and what it says when nobody answers."""

from __future__ import annotations

import json
import re

import psutil
import pytest
from playwright.sync_api import WebSocket, WebSocketRoute, expect

from runwatch.core import Experiment, Run, Workspace
from tests.browser.notebook_page import PATIENCE_MS, NotebookPage
from tests.browser.scripts import IMPORTS
from tests.conftest import eventually

MANY_MS = 3 * PATIENCE_MS
"""What fifty widgets may take to be drawn."""

# Counts what the widget's module, which is loaded from a blob, keeps of the page.
_COUNTING = """() => {
    const own = () => new Error().stack.includes('blob:');
    const timers = new Set();
    const listeners = new Map();
    window.kept = () => [timers.size, [...listeners.values()].reduce((a, b) => a + b, 0)];
    for (const kind of ['Timeout', 'Interval']) {
        const set = window[`set${kind}`];
        const clear = window[`clear${kind}`];
        window[`set${kind}`] = (run, ...rest) => {
            const mine = own();
            const id = set.call(window, (...given) => {
                if (kind === 'Timeout') timers.delete(id);
                run(...given);
            }, ...rest);
            if (mine) timers.add(id);
            return id;
        };
        window[`clear${kind}`] = (id) => { timers.delete(id); clear.call(window, id); };
    }
    for (const target of [window, document]) {
        const add = target.addEventListener;
        const remove = target.removeEventListener;
        const named = (type) => `${target === window}${type}`;
        target.addEventListener = (type, ...rest) => {
            if (own()) listeners.set(named(type), (listeners.get(named(type)) ?? 0) + 1);
            add.call(target, type, ...rest);
        };
        target.removeEventListener = (type, ...rest) => {
            if (own()) listeners.set(named(type), (listeners.get(named(type)) ?? 0) - 1);
            remove.call(target, type, ...rest);
        };
    }
}"""
_KEPT_BY_KERNEL = """
import comm, gc, json, threading
from ipywidgets.widgets.widget import _instances
gc.collect()
print(json.dumps([len(comm.get_comm_manager().comms), len(_instances),
                  sorted(t.name for t in threading.enumerate() if "runwatch" in t.name)]))
"""


@pytest.fixture
def run(lab_record: Workspace) -> Run:
    """A run of this process."""
    return Experiment(lab_record, "browser").start_logging(display_name="lasting")


def shows(run: Run) -> str:
    return f"RunDetails(experiment.workspace.get_run({run.id!r}))"


def test_running_the_cell_again_leaves_nothing_behind(lab_notebook: NotebookPage, run: Run) -> None:
    page = lab_notebook.page
    page.add_init_script(f"({_COUNTING})()")
    child = run.child_run("child")
    lab_notebook.open(f"{IMPORTS}\n{shows(run)}")

    def once(number: int) -> tuple[list[int], list[object]]:
        lab_notebook.run_all()
        child.log("round", number)
        row = page.get_by_role("row", name="child")
        expect(row).to_contain_text(str(number))
        # The first counts what the page and the kernel need from then on.
        page.get_by_role("tab", name="Metrics").click()
        page.get_by_role("tab", name="Children").click()
        kept = json.loads(lab_notebook.run_hidden(_KEPT_BY_KERNEL))
        return page.evaluate("() => window.kept()"), kept

    once(1)
    first = once(2)
    for number in range(3, 8):
        last = once(number)
    assert last[1] == first[1]
    assert first[1][2].count("runwatch-watcher") == 1
    timers, listeners = last[0]
    assert timers <= first[0][0] + 1  # one that has not come to its end differs from round to round
    assert listeners == first[0][1]

    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(page.locator(".rw-root")).to_have_count(0)
    page.wait_for_function("() => window.kept()[0] === 0 && window.kept()[1] === 0")
    run.complete()


def test_nothing_is_asked_of_other_hosts_and_no_global_is_left(
    lab_notebook: NotebookPage, run: Run
) -> None:
    page = lab_notebook.page
    lab_notebook.open(f"{IMPORTS}\n{shows(run)}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    before = set(page.evaluate("() => Object.keys(window)"))
    lab_notebook.run_all()
    for tab in ("Metrics", "Logs", "Files", "Details"):
        page.get_by_role("tab", name=tab).click()
    own = (lab_notebook.server.url, "blob:", "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    left = set(page.evaluate("() => Object.keys(window)")) - before
    assert not [name for name in left if not name.startswith("webpackChunk")]
    run.complete()


@pytest.mark.timeout(240)
def test_a_widget_displayed_twice_and_fifty_in_one_notebook(
    lab_notebook: NotebookPage, run: Run
) -> None:
    lab_notebook.open(
        f"{IMPORTS}\nshown = {shows(run)}\nshown.show()\nshown.show()",
        f"for _ in range(48):\n    {shows(run)}.show()",
    )
    lab_notebook.run_all()
    page = lab_notebook.page
    expect(lab_notebook.cell_output(0).locator(".rw-root")).to_have_count(2)
    run.tag("seen", "everywhere")
    for cell, count in ((0, 2), (1, 48)):
        tags = lab_notebook.cell_output(cell).get_by_role("list", name="Tags")
        expect(tags.get_by_text("everywhere")).to_have_count(count, timeout=MANY_MS)
    kept = json.loads(lab_notebook.run_hidden(_KEPT_BY_KERNEL))
    assert kept[2].count("runwatch-watcher") == 1
    run.complete()
    completed = page.locator(".rw-root").get_by_text("Completed", exact=True)
    expect(completed).to_have_count(50, timeout=MANY_MS)


def test_when_the_kernel_is_dead_the_widget_goes_on_by_the_one_connection_of_its_page(
    lab_notebook: NotebookPage, run: Run
) -> None:
    sockets: list[WebSocket] = []
    lab_notebook.page.on("websocket", lambda socket: sockets.append(socket))
    lab_notebook.open(f"{IMPORTS}\n{shows(run)}")
    lab_notebook.run_all()
    widget = lab_notebook.widget()
    expect(widget.get_by_role("status").first).to_have_text("Running")
    pid = int(lab_notebook.run_hidden("import os; print(os.getpid())"))
    psutil.Process(pid).kill()
    lab_notebook.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    run.tag("while", "dead")
    expect(widget.get_by_role("list", name="Tags")).to_contain_text("dead")
    expect(widget.get_by_role("note")).to_have_count(0)
    feeds = [socket for socket in sockets if "/runwatch/api/feed" in socket.url]
    assert len([feed for feed in feeds if not feed.is_closed()]) == 1
    widget.get_by_role("textbox", name="Add tag").fill("from=the view")
    widget.get_by_role("textbox", name="Add tag").press("Enter")
    eventually(lambda: run.get_tags().get("from") == "the view")
    widget.get_by_role("tab", name="Details").click()
    run.complete()
    expect(widget.get_by_role("status").first).to_have_text("Completed")
    expect(widget.get_by_role("tab", name="Details")).to_have_attribute("aria-selected", "true")


def test_when_nobody_answers_that_is_told_and_the_view_comes_back_by_itself(
    lab_notebook: NotebookPage, run: Run
) -> None:
    page = lab_notebook.page
    sockets: list[WebSocketRoute] = []
    lost = False

    def carry(socket: WebSocketRoute) -> None:
        if lost:
            socket.close()
        else:
            socket.connect_to_server()
            sockets.append(socket)

    page.route_web_socket(re.compile("/channels|/runwatch/api/feed"), carry)
    lab_notebook.open(f"{IMPORTS}\n{shows(run)}")
    lab_notebook.run_all()
    status = lab_notebook.widget().get_by_role("status").first
    expect(status).to_have_text("Running")
    lost = True
    for socket in sockets:
        socket.close()
    told = lab_notebook.widget().get_by_role("note")
    expect(told).to_contain_text(re.compile(r"Last known state, \d"))
    expect(status).to_have_text("Running")
    run.tag("while", "away")
    lost = False
    expect(told).to_have_count(0)
    expect(lab_notebook.widget().get_by_role("list", name="Tags")).to_contain_text("away")
    run.complete()
    expect(status).to_have_text("Completed")


def test_a_laptop_that_slept_shows_the_present(lab_notebook: NotebookPage, run: Run) -> None:
    lab_notebook.open(f"{IMPORTS}\n{shows(run)}")
    lab_notebook.run_all()
    status = lab_notebook.widget().get_by_role("status").first
    expect(status).to_have_text("Running")
    devtools = lab_notebook.page.context.new_cdp_session(lab_notebook.page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    run.tag("while", "asleep")
    run.complete()
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    expect(status).to_have_text("Completed")
    expect(lab_notebook.widget().get_by_role("list", name="Tags")).to_contain_text("asleep")
