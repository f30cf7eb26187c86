"""32 processes log to, tag and read one workspace at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from runwatch.core import Experiment

PROCESSES = 32
_WORK = """
    import json, sys
    from runwatch import *
    number = int(sys.stdin.readline())
    experiment = Experiment(Workspace.from_config(), "explore-runs")
    print("ready", flush=True)
    sys.stdin.readline()
    run = experiment.start_logging(run_id=f"process-{number}")
    children = run.create_children(count=3)
    before = len(run.get_properties())
    for step in range(2000):
        run.log("step", step)
        if step % 100 == 0:
            run.tag(f"tag {step}", str(number))
            run.add_properties({f"property {step}": str(number)})
            children[step % 3].log("seen", str(run.get_metrics("step"))[-20:])
            next(experiment.get_runs(status="Running"))
    for child in children:
        child.complete()
    run.complete()
    print(json.dumps([run.get_status(), len(run.get_tags()), len(run.get_properties()) - before]))
"""


@pytest.mark.timeout(600)
def test_thirty_two_processes_share_a_workspace(
    experiment: Experiment, python: Callable[..., object]
) -> None:
    processes = [python(_WORK) for _ in range(PROCESSES)]
    for number, process in enumerate(processes):
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate()[0] for process in processes]
    assert [json.loads(text) for text in said] == [["Completed", 20, 20]] * PROCESSES
    runs = {run.id: run for run in experiment.get_runs()}
    assert len(runs) == PROCESSES
    assert sorted(run.number for run in runs.values()) == sorted(
        {run.number for run in experiment.get_runs()}
    )
    for number in range(PROCESSES):
        run = runs[f"process-{number}"]
        assert run.get_metrics() == {"step": list(range(2000))}
        assert set(run.get_tags().values()) == {str(number)}
        assert [child.get_status() for child in run.get_children()] == ["Completed"] * 3
