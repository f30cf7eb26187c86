"""What runwatch costs the process that uses it, and how soon a script begins and ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.figure import ROUNDS, Figure, median, run, shown_time
from runwatch import Experiment, ScriptRunConfig, Workspace

MANY = 10_000_000


def start(folder: Path) -> list[Figure]:
    """``import runwatch``."""
    said = [run(folder, "start") for _ in range(ROUNDS)]
    heavy = said[0][1]
    times = [took for took, _ in said]
    return [
        Figure(
            work="import runwatch",
            measured=shown_time(median(times)),
            beside=f"heavy modules loaded: {', '.join(heavy) or 'none'}",
            ratio="",
            reach="< 0.25 s, none",
            reached=median(times) < 0.25 and not heavy,
            samples=times,
        )
    ]


def endure(folder: Path) -> list[Figure]:
    """A process that logs ten million points, and what they take on disk."""
    said = [run(folder / f"endure-{number}", "endure", MANY) for number in range(ROUNDS)]
    growth = [mb for mb, _ in said]
    sizes = [size for _, size in said]
    return [
        Figure(
            work=f"memory of a process that logged {MANY:,} points",
            measured=f"+{median(growth):.0f} MB",
            beside="after its first 1,000 points",
            ratio="",
            reach="< 60 MB",
            reached=median(growth) < 60,
            samples=growth,
        ),
        Figure(
            work="disk, after shipping",
            measured=f"{median(sizes):.1f} bytes/point",
            beside="step, time and value bare: 24",
            ratio=f"{median(sizes) / 24:.2f} x",
            reach="<= 40 bytes",
            reached=median(sizes) <= 40,
            samples=sizes,
        ),
    ]


def submit(folder: Path) -> list[Figure]:
    """From submit() to the script's first line, over a bare Popen of the same script."""
    source = folder / "source"
    source.mkdir(parents=True)
    script = source / "script.py"
    script.write_text("import time; print(time.time(), flush=True)", encoding="utf-8")
    experiment = Experiment(Workspace(path=folder), "bench")
    config = ScriptRunConfig(source, "script.py")
    experiment.submit(config).wait_for_completion()
    ours, bare = [], []
    for _ in range(ROUNDS):
        begun = time.time()
        one = experiment.submit(config)
        one.wait_for_completion()
        ours.append(float(one._paths.std_log.read_text(encoding="utf-8")) - begun)
        begun = time.time()
        said = subprocess.run([sys.executable, script], capture_output=True, check=True).stdout
        bare.append(float(said) - begun)
    over = median(ours) - median(bare)
    return [
        Figure(
            work="submit() to the script's first line",
            measured=shown_time(median(ours)),
            beside=f"bare Popen: {shown_time(median(bare))}",
            ratio=f"+{shown_time(over)}",
            reach="< 0.4 s over it",
            reached=over < 0.4,
            samples=ours,
        )
    ]


def cancel(folder: Path) -> list[Figure]:
    """From cancel() to the last process's end and the status Canceled; SIGTERM is obeyed."""
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "script.py").write_text(
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid}.')\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    experiment = Experiment(Workspace(path=folder), "bench")
    gone, canceled, bare = [], [], []
    for number in range(ROUNDS):
        note = folder / f"pids-{number}"
        one = experiment.submit(ScriptRunConfig(source, "script.py", arguments=[note]))
        processes = _noted(note)
        while one.get_status() != "Running":
            time.sleep(0.01)
        begun = time.perf_counter()
        one.cancel()
        _wait_until_gone(processes)
        gone.append(time.perf_counter() - begun)
        while one.get_status() != "Canceled":
            time.sleep(0.001)
        canceled.append(time.perf_counter() - begun)
        note.unlink()
        alone = subprocess.Popen([sys.executable, source / "script.py", note])
        processes = _noted(note)
        begun = time.perf_counter()
        for process in processes:
            process.terminate()
        alone.wait()
        _wait_until_gone(processes)
        bare.append(time.perf_counter() - begun)
    beside = f"bare SIGTERM: {shown_time(median(bare))}"
    return [
        Figure(
            work=f"cancel(): {what}",
            measured=shown_time(median(samples)),
            beside=beside,
            ratio=f"{median(samples) / median(bare):.0f} x",
            reach=f"< {reach} s",
            reached=median(samples) < reach,
            samples=samples,
        )
        for what, samples, reach in (
            ("last process gone", gone, 0.3),
            ("status Canceled", canceled, 0.5),
        )
    ]


def _noted(note: Path) -> list[psutil.Process]:
    while not (note.exists() and note.read_text(encoding="utf-8").endswith(".")):
        time.sleep(0.01)
    return [psutil.Process(int(n)) for n in note.read_text(encoding="utf-8").rstrip(".").split()]


def _wait_until_gone(processes: list[psutil.Process]) -> None:
    """Wait for the end of processes that are no children of this one."""
    while any(map(_runs, processes)):
        time.sleep(0.0005)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
