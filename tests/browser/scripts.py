"""Scripts that the browser tests submit."""

TALKING = """
import time
from runwatch import Run

run = Run.get_context()
run.tag("data", "digits")
for step in range(2000):
    run.log("loss", 1 / (step + 1), step=step)
    print(f"step {step}", flush=True)
    if step == 0:
        child = run.child_run("first child")
        child.log("accuracy", 0.5)
    time.sleep(0.05)
"""
"""Logs, prints and has a child, for a hundred seconds."""

FAMILY = """
import os, subprocess, sys, time

nap = "import time; time.sleep(600)"
child = "; ".join([
    "import subprocess, sys, time",
    f"p = subprocess.Popen([sys.executable, '-c', {nap!r}], start_new_session=True)",
    "print(p.pid, flush=True)",
    "time.sleep(600)",
])
inner = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, text=True)
pids = [os.getpid(), inner.pid, int(inner.stdout.readline())]
open(sys.argv[1], "w").write("\\n".join(map(str, pids)))
time.sleep(600)
"""
"""Starts a child and a grandchild in its own session, and writes all pids to its argument."""

STUBBORN = """
import signal, time
from runwatch import Run

signal.signal(signal.SIGTERM, signal.SIG_IGN)
Run.get_context().tag("deaf")
time.sleep(600)
"""
"""Does not end when it is asked to."""

FAILING = """
print("loading data")
raise ValueError("the learning rate must be positive")
"""

IMPORTS = """
import time
from runwatch import Experiment, Run, ScriptRunConfig, Workspace
from runwatch.widgets import RunDetails

experiment = Experiment(Workspace.from_config(), "browser")
"""
"""What the first cell of a notebook says."""


def submit(script: str, *arguments: object) -> str:
    """Return the code that submits a script and shows its widget."""
    return (
        f"{IMPORTS}\n"
        f"config = ScriptRunConfig('.', {script!r}, arguments={list(arguments)!r})\n"
        "run = experiment.submit(config)\n"
        "RunDetails(run).show()"
    )
