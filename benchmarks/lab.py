"""A notebook in a real JupyterLab, and what is measured of it: bytes, and its kernel's time."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, WebSocket, sync_playwright
from tests.browser import chromium, jupyter_server
from tests.browser.notebook_page import NotebookPage


class WatchedNotebook:
    """An open notebook, its kernel's process, and what the browser is sent."""

    def __init__(self, page: Page, notebook: NotebookPage) -> None:
        self.page = page
        self.notebook = notebook
        self.frames: list[bytes] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, frame: bytes | str) -> None:
        # Other frames are of cells and their prompts.
        if isinstance(frame, bytes) and b'"comm_' in frame:
            self.frames.append(frame)

    def open(self, *cells: str) -> psutil.Process:
        """Open a notebook with these cells and return its kernel."""
        self.notebook.open(*cells)
        return psutil.Process(int(self.notebook.run_hidden("import os; print(os.getpid())")))

    def wait(self, seconds: float) -> None:
        """Let time pass in which the page lives."""
        self.page.wait_for_timeout(seconds * 1000)

    def cpu_share(self, kernel: psutil.Process, seconds: float) -> float:
        """Return how much of a core the kernel's process takes."""
        before = kernel.cpu_times()
        self.wait(seconds)
        after = kernel.cpu_times()
        return (after.user - before.user + after.system - before.system) / seconds

    def received(self, seconds: float) -> list[bytes]:
        """Return the frames of widgets that come in some seconds."""
        self.frames.clear()
        self.wait(seconds)
        return list(self.frames)


@contextmanager
def opened(folder: Path, *, python: str = sys.executable) -> Iterator[WatchedNotebook]:
    """Start JupyterLab in `folder`, with a kernel of `python`, and a browser."""
    spec = folder / "share" / "kernels" / "python3"
    spec.mkdir(parents=True)
    arguments = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": arguments, "display_name": "Python 3", "language": "python"})
    )
    os.environ["JUPYTER_PATH"] = str(folder / "share")
    with (
        sync_playwright() as playwright,
        jupyter_server.running("lab", folder / "server") as server,
        chromium.launched(playwright) as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        yield WatchedNotebook(page, NotebookPage(page, server))


def said_by_runwatch(frame: bytes) -> int:
    """Return the bytes of a frame that are runwatch's own: without Jupyter's headers and ids."""
    parts = parts_of(frame)
    content: dict[str, Any] = json.loads(parts[4])
    own = content["data"].get("content", content["data"].get("state", {}))
    return len(json.dumps(own, separators=(",", ":"))) + sum(map(len, parts[5:]))


def parts_of(frame: bytes) -> list[bytes]:
    """Return channel, header, parent header, metadata, content and buffers of a frame.

    As in Jupyter's websocket protocol v1: the number of offsets, the offsets, the parts.
    """
    count = int.from_bytes(frame[:8], "little")
    places = [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, count + 1)]
    return [frame[a:b] for a, b in pairwise(places)]


@contextmanager
def scratch() -> Iterator[Path]:
    """Return a folder of a part's own, which holds the state of its server too."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        yield Path(name)
