"""Runs the measurements, prints a table, and writes results.json beside this file."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import (
    beside_mlflow,
    cancel_latency,
    process_costs,
    reading,
    record_speed,
    reopening,
    serving,
    watching,
)
from benchmarks.figure import Figure

PARTS = {
    "log": record_speed.log,
    "crowd": record_speed.crowd,
    "train": record_speed.train,
    "children": record_speed.children,
    "find": reading.find,
    "metrics": reading.metrics,
    "import": process_costs.start,
    "submit": process_costs.submit,
    "cancel": process_costs.cancel,
    "endure": process_costs.endure,
    "click": lambda _: cancel_latency.measure(),
    "bundle": watching.bundle,
    "paint": watching.paint,
    "screen": watching.screen,
    "answer": watching.answer,
    "watch": watching.costs,
    "live": watching.live,
    "reopen": reopening.reopen,
    "serve": serving.crowd,
    "beside": beside_mlflow.compare,
}


def main(chosen: list[str]) -> int:
    """Return 1 if a figure misses what it is to reach."""
    unknown = set(chosen) - set(PARTS)
    if unknown:
        print(f"There is no {', '.join(unknown)}. Parts: {' '.join(PARTS)}", file=sys.stderr)
        return 2
    console = Console(width=170)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="runwatch-bench-") as scratch:
        os.environ["XDG_STATE_HOME"] = scratch
        for part in chosen or PARTS:
            with console.status(f"Measuring {part}…"):
                figures += PARTS[part](Path(scratch) / part)
    table = Table("work", "measured", "floor or peer", "ratio", "to reach", "", box=None)
    for figure in figures:
        mark = "[green]✔[/]" if figure.reached else "[red]✘[/]"
        mark = mark if figure.reach else ""
        table.add_row(figure.work, figure.measured, figure.beside, figure.ratio, figure.reach, mark)
    console.print(table)
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": psutil.cpu_count(),
    }
    path = Path(__file__).with_name("results.json")
    measured = [asdict(figure) for figure in figures]
    if chosen and path.exists():  # the other parts stay as they were measured
        anew = {figure.work for figure in figures}
        before = json.loads(path.read_text(encoding="utf-8"))["figures"]
        measured = [one for one in before if one["work"] not in anew] + measured
    results = {"machine": machine, "figures": measured}
    path.write_text(json.dumps(results, indent=2), encoding="utf-8")
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
