"""Servers and a browser that all browser tests share."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Error, Page, ViewportSize, expect, sync_playwright

from runwatch.core import Workspace
from runwatch.store.status import LIVE
from tests.browser import chromium, jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.browser.notebook_page import PATIENCE_MS, NotebookPage


@pytest.fixture(scope="session", autouse=True)
def _browser_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One registry of workspaces for the servers, their kernels and the test process."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("browser-state"))
    yield
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before


@pytest.fixture(autouse=True)
def _own_state() -> None:
    """Stand in for the fixture of the other tests: the servers' state is the session's."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright, chromium.launched(playwright) as started:
        yield started


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A JupyterLab server."""
    with jupyter_server.running("lab", tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A Notebook 7 server."""
    with jupyter_server.running("notebook", tmp_path_factory.mktemp("notebook")) as server:
        yield server


# Of the session, so that pytest runs the tests of one front together.
@pytest.fixture(scope="session", params=["lab", "notebook7"])
def server(request: pytest.FixtureRequest) -> JupyterServer:
    """Each front in turn."""
    found: JupyterServer = request.getfixturevalue(request.param)
    return found


WIDE_ENOUGH: ViewportSize = {"width": 1280, "height": 1000}


@contextmanager
def _new_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE_ENOUGH)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page wide enough to see a widget whole; its own, unless the test is marked one_page."""
    shared = request.node.get_closest_marker("one_page") is not None
    opened: Page = request.getfixturevalue("page_of_the_module" if shared else "own_page")
    yield opened
    opened.set_viewport_size(WIDE_ENOUGH)
    opened.emulate_media(reduced_motion="no-preference")
    _shut_down_kernels(opened)


@pytest.fixture
def own_page(browser: Browser) -> Iterator[Page]:
    """A page that only one test has."""
    with _new_page(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def page_of_the_module(browser: Browser) -> Iterator[Page]:
    """A page that stays open from test to test: to load JupyterLab takes longer than most tests."""
    with _new_page(browser) as opened:
        yield opened


def _shut_down_kernels(page: Page) -> None:
    """End the notebook's kernel: the next test wants the machine for itself."""
    try:
        page.evaluate(
            "async () => { await window.jupyterapp?.serviceManager?.sessions?.shutdownAll(); }"
        )
    except Error:
        return  # the page is at no notebook


@pytest.fixture
def notebook(page: Page, server: JupyterServer) -> NotebookPage:
    """A page at a front, ready to open a notebook."""
    return NotebookPage(page, server)


@pytest.fixture
def in_root(server: JupyterServer) -> Callable[[str, str], None]:
    """Write a file beside the notebooks."""
    return _writing_to(server)


@pytest.fixture
def record(server: JupyterServer) -> Iterator[Workspace]:
    """The workspace that the notebooks use, opened in the test process."""
    with _ended_with_the_test(Workspace(path=server.root)) as workspace:
        yield workspace


# The same for what is no different in Notebook 7.


@pytest.fixture
def lab_notebook(page: Page, lab: JupyterServer) -> NotebookPage:
    """A page at JupyterLab."""
    return NotebookPage(page, lab)


@pytest.fixture
def in_lab(lab: JupyterServer) -> Callable[[str, str], None]:
    """Write a file beside JupyterLab's notebooks."""
    return _writing_to(lab)


@pytest.fixture
def lab_record(lab: JupyterServer) -> Iterator[Workspace]:
    """The workspace of JupyterLab's notebooks."""
    with _ended_with_the_test(Workspace(path=lab.root)) as workspace:
        yield workspace


@contextmanager
def _ended_with_the_test(workspace: Workspace) -> Iterator[Workspace]:
    """Leave no run live: the panels of the next test show all that are."""
    yield workspace
    for experiment in workspace.experiments.values():
        for run in experiment.get_runs(include_children=True, status=LIVE):
            run.complete()


def _writing_to(server: JupyterServer) -> Callable[[str, str], None]:
    def write(name: str, text: str) -> None:
        (server.root / name).write_text(textwrap.dedent(text), encoding="utf-8")

    return write
