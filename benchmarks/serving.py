"""What a Jupyter server takes to tell many pages of many runs, and how soon they hear."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer

from benchmarks.figure import Figure, command, environment, median

PAGES = 100
RUNS = 50
EACH_SECOND = 2
"""Points of each run."""
SECONDS = 20.0


def crowd(folder: Path) -> list[Figure]:
    """A hundred pages that watch fifty live runs; beside it one page that watches the same."""
    with jupyter_server.running("server", folder) as server, _live_runs(server) as record:
        alone = _heard(server, record, 1)
        heard = _heard(server, record, PAGES)
    took, p95 = median(heard["took"]), _p95(heard["took"])
    share, lost = heard["server_share"], heard["lost"] + alone["lost"]
    what = f"{PAGES} pages that watch {RUNS} live runs"
    return [
        Figure(
            work=f"{what}: run.log() to the page",
            measured=f"{took * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms",
            beside=f"one page: {median(alone['took']) * 1000:.0f} ms, "
            f"p95 {_p95(alone['took']) * 1000:.0f} ms",
            ratio=f"{took / median(alone['took']):.2f} x",
            reach="median < 300 ms",
            reached=took < 0.3,
            samples=heard["took"][::40],
        ),
        Figure(
            work=f"{what}: the server's process",
            measured=f"{share:.0%} of a core",
            beside=f"one page: {alone['server_share']:.0%}; "
            f"the pages' process: {heard['share']:.0%}",
            ratio="",
            reach="< 50%",
            reached=share < 0.5,
        ),
        Figure(
            work=f"{what}: messages lost",
            measured=f"{lost}",
            beside=f"{heard['messages'] / SECONDS:,.0f} messages, "
            f"{heard['size_bytes'] / SECONDS / 1e6:.2f} MB a second",
            ratio="",
            reach="0",
            reached=lost == 0,
        ),
    ]


def _p95(took: list[float]) -> float:
    return sorted(took)[int(0.95 * len(took))]


@contextmanager
def _live_runs(server: JupyterServer) -> Iterator[str]:
    """Have runs in another process; gives the workspace's id and theirs as JSON."""
    folder = server.root / "served"
    folder.mkdir()
    with _program("live_runs", RUNS, EACH_SECOND, folder) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


def _heard(server: JupyterServer, record: str, count: int) -> dict[str, Any]:
    """Return what so many pages have heard, and the server's share of a core meanwhile."""
    url = f"{server.url.replace('http', 'ws', 1)}runwatch/api/feed"
    process = _process_of(server)
    with _program("pages", url, server.token, record, count, SECONDS) as listening:
        said = listening.stdout
        assert said is not None
        assert said.readline() == "begun\n", "the pages could not listen"
        before = process.cpu_times()
        assert said.readline() == "ended\n"
        after = process.cpu_times()
        heard: dict[str, Any] = json.loads(said.readline())
    share = (after.user - before.user + after.system - before.system) / SECONDS
    return {**heard, "server_share": share}


def _process_of(server: JupyterServer) -> psutil.Process:
    port = f"--ServerApp.port={urlsplit(server.url).port}"
    return next(one for one in psutil.Process().children() if port in one.cmdline())


@contextmanager
def _program(name: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(name, *arguments), env=environment(), text=True, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
