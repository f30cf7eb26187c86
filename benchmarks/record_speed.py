"""Writing to the record: log(), child runs, and what that costs a script."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.figure import (
    PEERS,
    ROUNDS,
    Figure,
    command,
    environment,
    median,
    rounds,
    run,
    shown_time,
)
from runwatch import Experiment, ScriptRunConfig, Workspace

POINTS = 1_000_000
PROCESSES = 32
CROWD_POINTS = 20_000
CALLS_S = 5
PEER_POINTS = {"sqlite": 50_000, "mlflow": 300, "trackio": 20_000, "aim": 2_000, "wandb": 5_000}
_SUBMITTED = """
import json, sys
sys.path.insert(0, {root!r})
from benchmarks import programs
print(json.dumps(getattr(programs, {name!r})(*sys.argv[1:])))
"""


def log(folder: Path) -> list[Figure]:
    """One point at a time, each outliving a SIGKILL when the call returns."""

    def peer(name: str) -> Any:
        python = sys.executable if name in ("sqlite", "write") else PEERS
        count = PEER_POINTS.get(name, POINTS)
        return lambda where: run(where, f"log_{name}", count, python=python) / count

    found = rounds(
        folder,
        notebook=lambda where: run(where, "log_runwatch", POINTS) / POINTS,
        script=lambda where: submitted(where, "log_submitted", POINTS) / POINTS,
        write=peer("write"),
        **{name: peer(name) for name in PEER_POINTS},
    )
    times = {name: median(samples) for name, samples in found.items()}
    figures = []
    beside = {
        "sqlite": ("SQLite, a commit for each", 4.0),
        "trackio": ("trackio, until stored", 8.0),
        "mlflow": ("MLflow", 1000.0),
        "aim": ("aim, until stored", 0.0),
        "wandb": ("wandb offline, until stored", 0.0),
        "write": ("the floor, one bare write(2)", 0.0),
    }
    for where in ("notebook", "script"):
        for name, (label, reach) in beside.items():
            ratio = times[name] / times[where]
            figures.append(
                Figure(
                    work=f"log(), in a {where}",
                    measured=f"{1 / times[where]:,.0f} points/s",
                    beside=f"{label}: {1 / times[name]:,.0f}/s",
                    ratio=f"{ratio:,.2f} x" if ratio < 10 else f"{ratio:,.0f} x",
                    reach=f">= {reach:,.0f} x" if reach else "",
                    reached=ratio >= reach,
                    samples=[1 / sample for sample in found[where]],
                )
            )
    return figures


def submitted(folder: Path, name: str, *arguments: object) -> Any:
    """Run a program as a submitted script and return what it found."""
    source = folder / "source"
    source.mkdir(parents=True)
    root = str(Path(__file__).parent.parent)
    (source / "script.py").write_text(_SUBMITTED.format(root=root, name=name), encoding="utf-8")
    config = ScriptRunConfig(source, "script.py", arguments=list(arguments))
    one = Experiment(Workspace(path=folder), "bench").submit(config)
    one.wait_for_completion()
    return json.loads(one._paths.std_log.read_text(encoding="utf-8").splitlines()[-1])


def crowd(folder: Path) -> list[Figure]:
    """32 processes at once on one workspace."""
    ours, bare, p99s, longest, calls = [], [], [], [], []
    for number in range(ROUNDS):
        where = folder / f"crowd-{number}"
        took, said = together(where, "crowd_runwatch", CROWD_POINTS)
        ours.append(PROCESSES * CROWD_POINTS / took)
        p99s.append(max(p99 for p99, _ in said))
        longest.append(max(most for _, most in said))
        took, _ = together(where, "crowd_sqlite", CROWD_POINTS)
        bare.append(PROCESSES * CROWD_POINTS / took)
        _, said = together(where, "crowd_calls", CALLS_S)
        calls.append(max(said))
    ratio = median(ours) / median(bare)
    work = f"{PROCESSES} processes on one workspace"
    return [
        Figure(
            work=f"{work}: 99 % of calls of log()",
            measured=f"< {shown_time(median(p99s))}",
            beside=f"longest: {shown_time(median(longest))}",
            ratio="",
            reach="< 1 ms",
            reached=median(p99s) < 1e-3,
            samples=p99s,
        ),
        Figure(
            work=f"{work}: all together",
            measured=f"{median(ours):,.0f} points/s",
            beside=f"SQLite, batches of 200: {median(bare):,.0f}/s",
            ratio=f"{ratio:.2f} x",
            reach=">= 0.5 x",
            reached=ratio >= 0.5,
            samples=ours,
        ),
        Figure(
            work=f"{work}: longest call, 100 log() a second, a tag and a read",
            measured=shown_time(max(calls)),
            beside=f"of all calls in {ROUNDS} rounds",
            ratio="",
            reach="< 1 s",
            reached=max(calls) < 1.0,
            samples=calls,
        ),
    ]


def together(folder: Path, name: str, amount: int) -> tuple[float, list[Any]]:
    """Run a program in many processes that begin at once; return seconds and what they found."""
    folder.mkdir(parents=True, exist_ok=True)
    started = [
        subprocess.Popen(
            command(name, amount, number, folder),
            cwd=folder,
            env=environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for number in range(PROCESSES)
    ]
    for process in started:
        while process.stdout.readline() != "ready\n":  # type: ignore[union-attr]
            assert process.poll() is None, f"{name} failed"
    begun = time.perf_counter()
    for process in started:
        process.stdin.write("go\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    said = [process.stdout.readline() for process in started]  # type: ignore[union-attr]
    took = time.perf_counter() - begun
    for process in started:
        process.communicate()
    return took, [json.loads(line) for line in said]


def train(folder: Path) -> list[Figure]:
    """A training script that logs 1,000 points a second."""
    found = [submitted(folder / f"train-{number}", "train", 3) for number in range(ROUNDS)]
    shares = [share for share, _, _ in found]
    floor = median([writing for _, writing, _ in found])
    rate = median([per_second for _, _, per_second in found])
    return [
        Figure(
            work=f"a script that logs {rate:,.0f} points/s: its time in log()",
            measured=f"{median(shares):.2%}",
            beside=f"as many bare write(2): {floor:.2%}",
            ratio=f"{median(shares) / floor:.1f} x",
            reach="< 1 %",
            reached=median(shares) < 0.01,
            samples=shares,
        )
    ]


def children(folder: Path) -> list[Figure]:
    """1,000 child runs."""
    few = 100  # of MLflow, whose loop takes the same time for each
    found = rounds(
        folder,
        ours=lambda where: run(where, "children_runwatch", 1000),
        bare=lambda where: run(where, "children_sqlite", 1000),
        mlflow=lambda where: run(where, "children_mlflow", few, python=PEERS) * 1000 / few,
    )
    ours, bare, mlflow = (median(found[name]) for name in ("ours", "bare", "mlflow"))
    return [
        Figure(
            work="create_children(count=1000)",
            measured=shown_time(ours),
            beside=f"{label}: {shown_time(other)}",
            ratio=f"{ratio:,.1f} x",
            reach=reach,
            reached=reached,
            samples=found["ours"],
        )
        for label, other, ratio, reach, reached in (
            (f"MLflow's loop (of {few})", mlflow, mlflow / ours, ">= 100 x", mlflow / ours >= 100),
            ("bare SQLite insert", bare, ours / bare, "<= 10 x", ours / bare <= 10),
        )
    ]
