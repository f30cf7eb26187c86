"""What a person waits for when she watches, and what watching costs: a real JupyterLab."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

from tests.browser.notebook_page import PANEL
from tests.browser.scripts import IMPORTS, submit
from tests.conftest import eventually

import runwatch.widgets
from benchmarks import lab
from benchmarks.figure import Figure, command, environment, median, shown_time
from benchmarks.lab import WatchedNotebook
from runwatch import Workspace

PAINTS = 7
SECONDS = 10.0
LIVE = 10_000
CHANGED_EACH_SECOND = 100

_CLOCK = """
import sys, time
from runwatch import Run
run, told = Run.get_context(), open(sys.argv[1], "w")
time.sleep(4)
for number in range(1, 61):
    told.write(f"{time.time()}\\n")
    told.flush()
    run.log("clock", number)
    time.sleep(0.37)
"""
_FAST = """
import time
from runwatch import Run
run, begun = Run.get_context(), time.monotonic()
for step in range(60_000):
    run.log("loss", 1 / (step + 1), step=step)
    if step % 10 == 0:
        time.sleep(max(0, begun + step / 1000 - time.monotonic()))
"""

# Runs the active cell; milliseconds from its execute_reply to the frame after that with rows.
_PAINT = f"""async () => {{
    const panel = {PANEL};
    const kernel = panel.sessionContext.session.kernel;
    const before = document.querySelector('.rw-root');
    let replied = null;
    const listen = (_, {{ direction, msg }}) => {{
        if (direction === 'recv' && msg.header.msg_type === 'execute_reply') {{
            replied = performance.now();
        }}
    }};
    kernel.anyMessage.connect(listen);
    panel.content.activeCellIndex = 0;
    void window.jupyterapp.commands.execute('notebook:run-cell');
    const painted = await new Promise((done) => {{
        const look = () => {{
            const root = document.querySelector('.rw-root');
            if (replied !== null && root !== before && root?.querySelector('[data-index]')) {{
                const channel = new MessageChannel(); // answered after the frame is painted
                channel.port1.onmessage = () => done(performance.now());
                channel.port2.postMessage(null);
            }} else requestAnimationFrame(look);
        }};
        look();
    }});
    kernel.anyMessage.disconnect(listen);
    return painted - replied;
}}"""

# Notes when each number is first in the DOM, then on the screen.
_NOTE_NUMBERS = """() => {
    window.seen = {};
    const look = () => {
        const text = document.querySelector(
            '.rw-tile-value .rw-number, .rw-chart figcaption .rw-number')?.textContent;
        if (text && !(text in window.seen)) {
            window.seen[text] = 0;
            const channel = new MessageChannel();
            channel.port1.onmessage = () => { window.seen[text] = Date.now(); };
            requestAnimationFrame(() => channel.port2.postMessage(null));
        }
    };
    new MutationObserver(look).observe(document.body, {
        childList: true, subtree: true, characterData: true,
    });
}"""

# Milliseconds from the click on "Confirm cancel" to the kernel's acknowledgement.
_ACKNOWLEDGED = f"""() => {{
    window.acknowledged = [];
    let clicked = null;
    document.addEventListener('click', (event) => {{
        const label = event.target.closest('button')?.getAttribute('aria-label');
        if (label === 'Confirm cancel') clicked = performance.now();
    }}, true);
    {PANEL}.sessionContext.session.kernel.anyMessage.connect((_, {{ direction, msg }}) => {{
        const said = msg.content?.data?.content;
        if (direction === 'recv' && said?.type === 'ack' && clicked !== null) {{
            window.acknowledged.push(performance.now() - clicked);
            clicked = null;
        }}
    }});
}}"""

# Scrolls the tree down from its top, some pixels in each frame; without a number, so many that
# it comes to the last row.
_SCROLL = """([seconds, pixels]) => new Promise((done) => {
    const body = document.querySelector('.rw-body');
    const length = body.scrollHeight - body.clientHeight;
    const frames = [];
    const start = performance.now();
    let before = start;
    body.scrollTop = 0;
    const step = (now) => {
        frames.push(now - before);
        before = now;
        const part = (now - start) / 1000 / seconds;
        body.scrollTop = pixels ? body.scrollTop + pixels : length * part;
        if (part < 1) requestAnimationFrame(step);
        else done(frames.slice(1));
    };
    requestAnimationFrame(step);
})"""
# The machine's own frames, with nothing to draw.
_FLOOR = """(seconds) => new Promise((done) => {
    const frames = [];
    let before = performance.now();
    const end = before + seconds * 1000;
    const step = (now) => {
        frames.push(now - before);
        before = now;
        if (now < end) requestAnimationFrame(step);
        else done(frames.slice(1));
    };
    requestAnimationFrame(step);
})"""


def _in_lab(measured: Callable[[WatchedNotebook], list[Figure]]) -> Callable[[Path], list[Figure]]:
    @wraps(measured)
    def part(_: Path) -> list[Figure]:
        with lab.scratch() as folder, lab.opened(folder) as watched:
            return measured(watched)

    return part


def bundle(_: Path) -> list[Figure]:
    """The size of what a notebook loads."""
    static = Path(runwatch.widgets.__file__).parent / "static"
    said = [(static / name).read_bytes() for name in ("widget.js", "widget.css")]
    plain = sum(map(len, said)) / 1e3
    packed = sum(len(gzip.compress(one, 9)) for one in said) / 1e3
    return [
        Figure(
            work="the widget's bundle, script and styles",
            measured=f"{plain:.1f} kB, {packed:.1f} kB gzipped",
            beside="",
            ratio="",
            reach="<= 150 kB, <= 55 kB",
            reached=plain <= 150 and packed <= 55,
        )
    ]


@_in_lab
def paint(watched: WatchedNotebook) -> list[Figure]:
    """From the kernel's reply to the rows on the screen."""
    figures = []
    for children, reach in ((20, 0.15), (LIVE, 0.4)):
        with _family(watched, children) as run_id:
            watched.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run_id!r}))")
            took = [watched.page.evaluate(_PAINT) / 1000 for _ in range(PAINTS)]
        figures.append(
            Figure(
                work=f"run with {children:,} children: kernel's reply to first paint of its rows",
                measured=shown_time(max(median(took), 0.001)),
                beside=f"slowest of {PAINTS}: {shown_time(max(took))}",
                ratio="",
                reach=f"< {reach * 1000:.0f} ms",
                reached=median(took) < reach,
                samples=took,
            )
        )
    return figures


@_in_lab
def screen(watched: WatchedNotebook) -> list[Figure]:
    """From `run.log()` in a script to the number on the screen."""
    told = watched.notebook.server.root / "told"
    (watched.notebook.server.root / "clock.py").write_text(_CLOCK)
    watched.open(submit("clock.py", str(told)))
    watched.page.evaluate(_NOTE_NUMBERS)
    watched.notebook.run_all()
    eventually(lambda: told.exists() and len(told.read_text().splitlines()) == 60, within_s=60)
    watched.wait(1)
    seen: dict[str, float] = watched.page.evaluate("() => window.seen")
    logged = [float(line) for line in told.read_text().splitlines()]
    took = sorted(
        seen[str(number)] / 1000 - at
        for number, at in enumerate(logged, start=1)
        if seen.get(str(number))
    )
    p95 = took[int(0.95 * len(took))]
    return [
        Figure(
            work="run.log() in a submitted script to the number on the screen",
            measured=f"{median(took) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms",
            beside=f"{len(took)} of {len(logged)} numbers were seen",
            ratio="",
            reach="median < 150 ms, p95 < 300 ms",
            reached=median(took) < 0.15 and p95 < 0.3 and len(took) >= 0.95 * len(logged),
            samples=took,
        )
    ]


@_in_lab
def answer(watched: WatchedNotebook) -> list[Figure]:
    """From the click on cancel to its acknowledgement."""
    rounds = 10
    (watched.notebook.server.root / "nap.py").write_text("import time; time.sleep(600)")
    loop = f"for _ in range({rounds}):\n    run = experiment.submit(ScriptRunConfig('.', 'nap.py'))"
    watched.open(f"{IMPORTS}\n{loop}\n    RunDetails(run).show()\ntime.sleep(600)")
    watched.notebook.run_all()
    widgets = watched.page.locator(".rw-root")
    widgets.nth(rounds - 1).get_by_text("Running", exact=True).first.wait_for()
    watched.page.evaluate(_ACKNOWLEDGED)
    for number in range(rounds):
        widget = widgets.nth(number)
        widget.get_by_role("button", name="Cancel run", exact=True).click()
        widget.get_by_role("button", name="Confirm cancel", exact=True).click()
        watched.page.wait_for_function(f"() => window.acknowledged.length > {number}")
    took = [ms / 1000 for ms in watched.page.evaluate("() => window.acknowledged")]
    assert watched.notebook.is_running(0), "the cell was not blocked"
    return [
        Figure(
            work="click on cancel, cell blocked: acknowledgement in the browser",
            measured=shown_time(median(took)),
            beside=f"slowest of {rounds}: {shown_time(max(took))}",
            ratio="",
            reach="< 100 ms",
            reached=median(took) < 0.1,
            samples=took,
        )
    ]


@_in_lab
def costs(watched: WatchedNotebook) -> list[Figure]:
    """An idle run with twenty children, one that logs a thousand points a second."""
    figures = []
    kernel = watched.open("import time")
    bare = watched.cpu_share(kernel, SECONDS)
    with _family(watched, 20) as run_id:
        kernel = watched.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run_id!r}))")
        watched.notebook.run_all()
        watched.page.locator("[data-index]").first.wait_for()
        watched.wait(3)
        figures.append(_share("an idle run", watched.cpu_share(kernel, SECONDS), bare, 0.005))
        run = Workspace(path=watched.notebook.server.root).get_run(run_id)
        children = list(run.get_children())
        watched.frames.clear()
        for child in children:
            child.complete()
            watched.wait(0.5)
        figures.append(_bytes("one child's change of status", watched.frames, 20, 500))
    (watched.notebook.server.root / "fast.py").write_text(_FAST)
    kernel = watched.open(submit("fast.py"))
    watched.notebook.run_all()
    watched.page.locator(".rw-chart").first.wait_for()
    watched.wait(3)
    figures.append(_share("1,000 points a second", watched.cpu_share(kernel, SECONDS), bare, 0.05))
    frames = watched.received(SECONDS)
    figures.append(_bytes("1,000 new points", frames, int(SECONDS), 20_000))
    return figures


@_in_lab
def live(watched: WatchedNotebook) -> list[Figure]:
    """Ten thousand children that live and change."""
    with _family(watched, LIVE) as run_id, _stirred(watched, run_id):
        kernel = watched.open(f"{IMPORTS}\nRunDetails(experiment.workspace.get_run({run_id!r}))")
        floor = watched.page.evaluate(_FLOOR, 3)
        watched.notebook.run_all()
        watched.page.locator("[data-index]").first.wait_for()
        watched.wait(5)
        share = watched.cpu_share(kernel, SECONDS)
        by_rows = watched.page.evaluate(_SCROLL, [SECONDS, 40])
        through = watched.page.evaluate(_SCROLL, [SECONDS, None])
        watched.page.locator(f"[aria-rowindex='{LIVE + 1}']").wait_for()
    return [
        _share(f"{LIVE:,} live children, {CHANGED_EACH_SECOND} changes a second", share, 0.0, 0.1),
        _scroll("by a row and a half a frame", by_rows, floor),
        _scroll("from the first to the last", through, floor),
    ]


def _scroll(how: str, frames: list[float], floor: list[float]) -> Figure:
    fps = 1000 / median(frames)
    return Figure(
        work=f"scroll {LIVE:,} children {how}, {CHANGED_EACH_SECOND} change each second",
        measured=f"{fps:.0f} fps, longest frame {max(frames):.0f} ms",
        beside=f"empty page: {1000 / median(floor):.0f} fps, longest {max(floor):.0f} ms",
        ratio=f"{max(frames) / max(floor):.1f} x",
        reach="60 fps, no frame > 50 ms",
        reached=fps > 58 and max(frames) <= 50,
        samples=frames,
    )


def _share(what: str, share: float, bare: float, reach: float) -> Figure:
    return Figure(
        work=f"kernel process that watches {what}",
        measured=f"{share:.2%} of a core",
        beside=f"kernel without a widget: {bare:.2%}" if bare else "",
        ratio="",
        reach=f"< {reach:.1%}",
        reached=share < reach,
    )


def _bytes(what: str, frames: list[bytes], count: int, reach: int) -> Figure:
    own = sum(map(lab.said_by_runwatch, frames)) / count
    whole = sum(map(len, frames)) / count
    return Figure(
        work=f"bytes to the browser for {what}",
        measured=f"{own:,.0f} B",
        beside=f"with Jupyter's envelopes: {whole:,.0f} B in {len(frames) / count:.1f} messages",
        ratio="",
        reach=f"< {reach:,} B",
        reached=own < reach,
    )


@contextmanager
def _family(watched: WatchedNotebook, children: int) -> Iterator[str]:
    """Have a run with live children in another process."""
    with _program(watched, "family", children, watched.notebook.server.root) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())


@contextmanager
def _stirred(watched: WatchedNotebook, run_id: str) -> Iterator[None]:
    with _program(watched, "stir", run_id, CHANGED_EACH_SECOND, watched.notebook.server.root):
        yield


@contextmanager
def _program(
    watched: WatchedNotebook, name: str, *arguments: object
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(name, *arguments),
        cwd=watched.notebook.server.root,
        env=environment(),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
