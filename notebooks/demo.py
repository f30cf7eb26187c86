"""Runs the example in the terminal: submits train.py and shows its tree of runs as it grows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from runwatch import Experiment, ScriptRunConfig, Workspace
from runwatch.cli import watch


def main() -> int:
    """Submit, watch, and say how it ended; a second Ctrl-C is not needed, the first cancels."""
    os.chdir(Path(__file__).parent)
    workspace = Workspace.from_config()
    experiment = Experiment(workspace, "digits-sweep")
    run = experiment.submit(ScriptRunConfig(".", "train.py", arguments=sys.argv[1:]))
    try:
        status = watch(run)
    except KeyboardInterrupt:
        run.cancel()
        status = run.wait_for_completion(raise_on_error=False)["status"]
    children = list(run.get_children())
    print(f"\nRun {run.id}: {status}, {len(children)} child runs.")
    if status == "Completed":
        accuracy = run.get_metrics("best accuracy")["best accuracy"]
        best = max(accuracy) if isinstance(accuracy, list) else accuracy
        print(
            f"Best accuracy {best:.4f}. Later: runwatch --workspace {Path.cwd().name} show {run.id}"
        )
    return 0 if status == "Completed" else 1


if __name__ == "__main__":
    sys.exit(main())
