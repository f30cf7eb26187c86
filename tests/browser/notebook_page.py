"""A notebook in a browser, as a person uses it."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.jupyter_server import JupyterServer
from tests.conftest import eventually

PATIENCE_MS = 30_000

# The panel of the open notebook, in JupyterLab and in Notebook 7.
PANEL = "window.jupyterapp?.shell?.currentWidget"

# What was open before is closed, and nobody is asked whether to save it.
_OPEN_IN_PLACE = """async (path) => {
    const { commands, shell } = window.jupyterapp;
    for (const widget of [...shell.widgets('main')]) {
        if (widget.context?.model) widget.context.model.dirty = false;
        widget.close();
    }
    const opened = await commands.execute('docmanager:open', { path });
    await opened.context.ready;
}"""


class NotebookPage:
    """One open notebook."""

    def __init__(self, page: Page, server: JupyterServer) -> None:
        self.page = page
        self.server = server
        page.set_default_timeout(PATIENCE_MS)

    def open(self, *cells: str) -> None:
        """Write a notebook with these cells, open it, and wait for its kernel."""
        name = f"{uuid.uuid4().hex[:8]}.ipynb"
        (self.server.root / name).write_text(json.dumps(_notebook(cells)), encoding="utf-8")
        if self._is_in_lab():
            self.page.evaluate(_OPEN_IN_PLACE, name)
        else:
            self.page.goto(self.server.address_of(name))
        self._wait_for_kernel()

    def save(self) -> str:
        """Save the notebook and return its name."""
        name = self.page.evaluate(
            f"async () => {{ await {PANEL}.context.save(); return {PANEL}.context.path; }}"
        )
        return str(name)

    def kept_html(self) -> str:
        """Save the notebook and return the HTML of its first cell's only output."""
        saved = json.loads((self.server.root / self.save()).read_text(encoding="utf-8"))
        (output,) = saved["cells"][0]["outputs"]
        return "".join(output["data"]["text/html"])

    def reload(self) -> None:
        """Load the page anew."""
        self.page.reload()
        self._wait_for_kernel()

    def _is_in_lab(self) -> bool:
        """Return whether the page has this server's JupyterLab, with no dialog over it."""
        if self.server.front != "lab" or not self.page.url.startswith(f"{self.server.url}lab"):
            return False
        return self.page.locator(".jp-Dialog").count() == 0

    def _wait_for_kernel(self) -> None:
        self.page.wait_for_function(
            f"() => {PANEL}?.context?.isReady && {PANEL}.sessionContext?.session?.kernel"
            f"?.connectionStatus === 'connected'"
        )
        self.page.evaluate(f"async () => {{ await {PANEL}.sessionContext.ready; }}")

    def run_all(self) -> None:
        """Run all cells, without waiting for them."""
        self.page.evaluate(
            "() => { void window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
        )

    def run_to_the_end(self) -> None:
        """Run all cells and wait for them; JupyterLab then takes the focus to the notebook."""
        self.page.evaluate(
            "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
        )

    def run_hidden(self, code: str) -> str:
        """Run code that no cell shows, in an idle kernel; return what it prints."""
        result: dict[str, Any] = self.page.evaluate(
            f"""async (code) => {{
                const kernel = {PANEL}.sessionContext.session.kernel;
                const future = kernel.requestExecute({{ code, store_history: false }});
                let printed = '';
                future.onIOPub = (message) => {{
                    if (message.header.msg_type === 'stream') printed += message.content.text;
                }};
                const reply = await future.done;
                return {{ printed, status: reply.content.status, error: reply.content.evalue }};
            }}""",
            code,
        )
        assert result["status"] == "ok", result["error"]
        return str(result["printed"])

    def restart_kernel(self) -> None:
        """Restart the kernel and wait until it is there again."""
        self.page.evaluate(
            f"async () => {{ await {PANEL}.sessionContext.session.kernel.restart(); }}"
        )

    def switch_subshells_off(self) -> None:
        """Do what the setting "Kernel Comms over subshells: Disabled" does to an open kernel."""
        self.page.evaluate(
            f"() => {{ const kernel = {PANEL}.sessionContext.session.kernel;"
            " kernel.commsOverSubshells = 'disabled'; }"
        )

    def cell_output(self, index: int) -> Locator:
        """Return what is below a cell."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index).locator(".jp-OutputArea")

    def is_running(self, index: int) -> bool:
        """Return whether a cell has not ended: its prompt is a star."""
        prompt = self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)
        return "[*]" in (prompt.locator(".jp-InputPrompt").first.text_content() or "")

    def widget(self) -> Locator:
        """Return the first widget of a run."""
        return self.page.locator(".rw-root").first


def reaches(log: Locator, word: str, number: int) -> int:
    """Wait until a log shows a line such as "step 7" with this number or a later one; return it.

    Which lines are drawn is a matter of the moment: one line alone may never be seen.
    """

    def last() -> int:
        return max(map(int, re.findall(rf"\b{word} (\d+)", log.inner_text())), default=-1)

    eventually(lambda: last() >= number, within_s=PATIENCE_MS / 1000)
    return last()


def _notebook(cells: tuple[str, ...]) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
    }
