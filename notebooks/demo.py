"""Runs the example in the terminal, then opens it in JupyterLab (with ``--serve``).

Further arguments go to train.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runwatch import Experiment, ScriptRunConfig, Workspace
from runwatch.cli import watch


def main(arguments: list[str]) -> int:
    """Run the demo; Ctrl-C ends it, and every process that it has started."""
    os.chdir(Path(__file__).parent)
    workspace = Workspace.from_config()
    serve = "--serve" in arguments
    try:
        done = sweep(workspace, [a for a in arguments if a != "--serve"])
        if serve:
            serve_quickstart()
    except KeyboardInterrupt:
        done = False
    finally:
        end_live_runs(workspace)
    return 0 if done else 1


def sweep(workspace: Workspace, arguments: list[str]) -> bool:
    """Submit train.py, show its tree of runs as it grows, and say how it ended."""
    experiment = Experiment(workspace, "digits-sweep")
    run = experiment.submit(ScriptRunConfig(".", "train.py", arguments=arguments))
    status = watch(run)
    children = list(run.get_children())
    print(f"\nRun {run.id}: {status}, {len(children)} child runs.")
    if status != "Completed":
        print(run.get_details()["error"]["error"]["message"])
        return False
    accuracy = run.get_metrics("best accuracy")["best accuracy"]
    print(f"Best accuracy {max(accuracy) if isinstance(accuracy, list) else accuracy:.4f}.")
    print(f"Look again: runwatch --workspace notebooks show {run.id}")
    return True


def serve_quickstart() -> None:
    """Open the quickstart in JupyterLab, until Ctrl-C."""
    print("\nOpening quickstart.ipynb in JupyterLab. Ctrl-C ends it.\n", flush=True)
    # At this level it prints its address and errors.
    quiet = ["-y", "--allow-root", "--log-level=ERROR"]
    at = "--LabApp.default_url=/lab/tree/quickstart.ipynb"
    lab = subprocess.Popen([sys.executable, "-m", "jupyter", "lab", *quiet, at])
    try:
        lab.wait()
    except KeyboardInterrupt:  # JupyterLab got it too, and shuts its kernels down
        lab.wait()


def end_live_runs(workspace: Workspace) -> None:
    """Cancel what was started here and goes on: a run outlives its notebook."""
    for experiment in workspace.experiments.values():
        for run in experiment.get_runs():
            if run.get_status() not in ("Completed", "Failed", "Canceled"):
                print(f"Cancelling {run.display_name}…")
                run.cancel()
                run.wait_for_completion(raise_on_error=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
