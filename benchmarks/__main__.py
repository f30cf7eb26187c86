"""Runs every measurement, prints a table, and writes results.json beside this file."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import cancel_latency


def main() -> int:
    """Return 1 if a figure misses what it is to reach."""
    figures = cancel_latency.measure()
    table = Table("work", "measured", "floor or peer", "ratio", "to reach", "", box=None)
    for figure in figures:
        mark = "[green]✔[/]" if figure.reached else "[red]✘[/]"
        table.add_row(figure.work, figure.measured, figure.beside, figure.ratio, figure.reach, mark)
    Console(width=150).print(table)
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": psutil.cpu_count(),
    }
    results = {"machine": machine, "figures": [asdict(figure) for figure in figures]}
    path = Path(__file__).with_name("results.json")
    path.write_text(json.dumps(results, indent=2), encoding="utf-8")
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
