"""One row of the table, and how the programs that it is made from are run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS = 5
ROOT = Path(__file__).parent.parent
PEERS = str(ROOT / ".venv-bench/bin/python")
"""The interpreter of the environment with mlflow, trackio, aim and wandb."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was measured, beside what it is to be compared with."""

    work: str
    measured: str
    beside: str
    ratio: str
    reach: str
    reached: bool
    samples: list[float] = field(default_factory=list)
    """What the median was taken of, in the unit of `measured` without its prefix."""


def command(name: str, *arguments: object, python: str = sys.executable) -> list[str]:
    """Return the command that runs a program of `programs.py`."""
    return [python, "-m", "benchmarks.programs", name, *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return the variables of such a program."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(folder: Path, name: str, *arguments: object, python: str = sys.executable) -> Any:
    """Run a program in a folder and return what it found."""
    folder.mkdir(parents=True, exist_ok=True)
    finished = subprocess.run(
        command(name, *arguments, python=python),
        cwd=folder,
        env=environment(),
        text=True,
        capture_output=True,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(f"{name} failed:\n{finished.stderr}")
    return json.loads(finished.stdout.splitlines()[-1])


def rounds(folder: Path, **programs: Callable[[Path], float]) -> dict[str, list[float]]:
    """Run programs in turns, each in a new folder, so that all meet the same weather."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(ROUNDS):
        for name, program in programs.items():
            found[name].append(program(folder / f"{name}-{number}"))
    return found


def median(samples: list[float]) -> float:
    """Return the median."""
    return statistics.median(samples)


def shown_time(seconds: float) -> str:
    """Return a time with its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
