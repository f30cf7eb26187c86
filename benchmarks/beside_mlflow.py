"""runwatch's widget beside the chart and the table of mlflow-widgets, over the same runs.

Twenty runs of 2,000 points; to one of them ten points a second are logged. Each is watched in a
notebook of its own, with the defaults of its maker.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

import psutil
from tests.browser.notebook_page import PANEL
from tests.browser.scripts import IMPORTS

from benchmarks import lab
from benchmarks.figure import PEERS, Figure, command, environment, median, run, shown_time
from benchmarks.lab import WatchedNotebook

RUNS = 20
POINTS = 2_000
TICKS = 200
LEAST_GAIN = {"bytes": 20, "CPU": 20, "latency": 10}

_PEER = """
from mlflow_widgets import MlflowChart, MlflowRunTable
from IPython.display import display
store = "sqlite:///{folder}/mlflow.sqlite"
display(MlflowChart(tracking_uri=store, experiment_id="{experiment}", metric_key="loss"))
display(MlflowRunTable(tracking_uri=store, experiment_id="{experiment}", poll_seconds=5))
"""
# Notes when the newest number is in the page: on the screen here, in a message there, which is
# before mlflow-widgets draws it.
_NOTE_ON_SCREEN = """() => {
    window.seen = [];
    const look = () => {
        const text = document.querySelector('.rw-chart .rw-lines .rw-number')?.textContent;
        const number = Number(text);
        if (number > (window.seen.at(-1)?.[0] ?? 0)) window.seen.push([number, Date.now()]);
    };
    new MutationObserver(look).observe(document.body, {
        childList: true, subtree: true, characterData: true,
    });
}"""
_NOTE_IN_MESSAGE = f"""() => {{
    window.seen = [];
    {PANEL}.sessionContext.session.kernel.anyMessage.connect((_, {{ direction, msg }}) => {{
        const series = msg.content?.data?.state?._series_data;
        if (direction !== 'recv' || !series) return;
        const number = Math.max(...series.map((one) => one.points.at(-1)?.value ?? 0));
        if (number > (window.seen.at(-1)?.[0] ?? 0)) window.seen.push([number, Date.now()]);
    }});
}}"""


class Watched(NamedTuple):
    """What watching the ticks has taken."""

    sent_bytes: int
    cpu_s: float
    latencies_s: list[float]


def compare(folder: Path) -> list[Figure]:
    """Bytes to the browser, time of the kernel, and latency of a point."""
    with lab.scratch() as scratch, lab.opened(scratch, python=PEERS) as watched:
        ours = _runwatch(watched)
        theirs = _mlflow(watched, folder)
    sizes = (ours.sent_bytes, theirs.sent_bytes)
    times = (ours.cpu_s, theirs.cpu_s)
    late = (median(ours.latencies_s), median(theirs.latencies_s))
    what = f"watch {RUNS} runs of {POINTS:,} points while {TICKS} come"
    return [
        _figure(what, "bytes", sizes, [f"{size / 1e3:,.0f} kB" for size in sizes]),
        _figure(what, "CPU", times, [f"{shown_time(time)} of the kernel" for time in times]),
        _figure(what, "latency", late, [shown_time(time) for time in late]),
    ]


def _figure(what: str, kind: str, values: tuple[float, float], shown: list[str]) -> Figure:
    gain = values[1] / max(values[0], 1e-9)
    return Figure(
        work=f"{what}: {kind}",
        measured=shown[0],
        beside=f"mlflow-widgets: {shown[1]}",
        ratio=f"{gain:.0f} x less",
        reach=f">= {LEAST_GAIN[kind]} x less",
        reached=gain >= LEAST_GAIN[kind],
    )


def _runwatch(watched: WatchedNotebook) -> Watched:
    root = watched.notebook.server.root
    holder = subprocess.Popen(
        command("family_with_history", RUNS, POINTS, root, python=PEERS),
        cwd=root,
        env=environment(),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    try:
        run_id = json.loads(holder.stdout.readline())
        kernel = watched.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run_id!r}))")
        watched.notebook.run_all()
        page = watched.page
        page.get_by_role("checkbox", name="Select child 0").check()
        page.get_by_role("checkbox", name="Select child 9").click(modifiers=["Shift"])
        page.get_by_role("button", name="Compare").click()
        page.get_by_role("tab", name="Metrics").click()
        page.locator(".rw-chart").first.wait_for()
        return _watch(watched, kernel, _NOTE_ON_SCREEN, ["tick", run_id])
    finally:
        holder.kill()
        holder.wait()


def _mlflow(watched: WatchedNotebook, folder: Path) -> Watched:
    root = watched.notebook.server.root
    experiment = run(folder, "mlflow_with_history", RUNS, POINTS, root, python=PEERS)
    kernel = watched.open(_PEER.format(folder=root, experiment=experiment))
    watched.notebook.run_all()
    watched.page.locator("canvas").first.wait_for()
    return _watch(watched, kernel, _NOTE_IN_MESSAGE, ["tick_mlflow", experiment])


def _watch(
    watched: WatchedNotebook, kernel: psutil.Process, note: str, program: list[str]
) -> Watched:
    watched.wait(6)  # what is sent at first is over
    watched.page.evaluate(note)
    watched.frames.clear()
    before = kernel.cpu_times()
    root = watched.notebook.server.root
    ticking = subprocess.Popen(
        command(program[0], program[1], POINTS, TICKS, root, python=PEERS),
        cwd=root,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
    )
    while ticking.poll() is None:
        watched.wait(0.5)
    watched.wait(6)
    after = kernel.cpu_times()
    assert ticking.stdout is not None
    told = json.loads(ticking.stdout.read().splitlines()[-1])
    seen: list[list[float]] = watched.page.evaluate("() => window.seen")
    assert seen, "nothing was seen"
    latencies = []
    for number, at in enumerate(told, start=1):
        shown = next((ms for newest, ms in seen if newest >= number), None)
        if shown is not None:
            latencies.append(shown / 1000 - at)
    return Watched(
        sum(map(len, watched.frames)),
        after.user + after.system - before.user - before.system,
        latencies,
    )
