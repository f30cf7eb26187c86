"""The calls of Azure ML's how-to "Start, monitor, and cancel training runs", in its order.

Nothing but the import line is changed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

WITH_DELAY = """
import time
print("begin")
time.sleep(600)
"""

WITH_CHILDREN = """
from runwatch.core import Run

run = Run.get_context()
child_runs = run.create_children(count=5)
for c, child in enumerate(child_runs):
    child.log(name="Hello from child run ", value=c)
    child.complete()
"""


def test_every_call_of_the_howto_works(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hello_with_delay.py").write_text(WITH_DELAY)
    (folder / "hello_with_children.py").write_text(WITH_CHILDREN)

    import runwatch.core
    from runwatch.core import Experiment, Run, ScriptRunConfig, Workspace

    assert runwatch.core.VERSION

    ws = Workspace.from_config()
    assert "Made a new workspace" in capsys.readouterr().out
    exp = Experiment(workspace=ws, name="explore-runs")

    # Start and status a run
    notebook_run = exp.start_logging()
    notebook_run.log(name="message", value="Hello from run!")
    assert notebook_run.get_status() == "Running"
    assert notebook_run.get_details()["runId"] == notebook_run.id
    notebook_run.complete()
    assert notebook_run.get_status() == "Completed"
    assert notebook_run.get_metrics() == {"message": "Hello from run!"}

    with exp.start_logging() as notebook_run:
        notebook_run.log(name="message", value="Hello from run!")
        assert notebook_run.get_status() == "Running"
    assert notebook_run.get_status() == "Completed"

    # Cancel or fail runs
    run_config = ScriptRunConfig(source_directory=".", script="hello_with_delay.py")
    local_script_run = exp.submit(run_config)
    assert local_script_run.get_status() in ("Preparing", "Running")
    local_script_run.cancel()
    assert local_script_run.get_status() in ("CancelRequested", "Canceled")
    assert local_script_run.wait_for_completion()["status"] == "Canceled"

    local_script_run = exp.submit(run_config)
    local_script_run.fail()
    assert local_script_run.get_status() == "Failed"

    # Create child runs
    run_config = ScriptRunConfig(source_directory=".", script="hello_with_children.py")
    local_script_run = exp.submit(run_config)
    local_script_run.wait_for_completion(show_output=True)
    assert local_script_run.get_status() == "Completed"
    children = list(local_script_run.get_children())
    assert [child.get_metrics() for child in reversed(children)] == [
        {"Hello from child run ": c} for c in range(5)
    ]

    with exp.start_logging() as parent_run:
        for c, _count in enumerate(range(5)):
            with parent_run.child_run() as child:
                child.log(name="Hello from child run", value=c)
    assert {child.get_status() for child in parent_run.get_children()} == {"Completed"}
    assert len(list(parent_run.get_children())) == 5

    # Add properties and tags
    local_script_run.add_properties({"author": "azureml-user"})
    assert local_script_run.get_properties()["author"] == "azureml-user"
    try:
        local_script_run.add_properties({"author": "different-user"})
    except Exception as e:
        print(e)
    else:
        pytest.fail("a property was changed")
    assert "'author'" in capsys.readouterr().out
    assert local_script_run.get_properties()["author"] == "azureml-user"

    local_script_run.tag("quality", "great run")
    assert local_script_run.get_tags() == {"quality": "great run"}
    local_script_run.tag("quality", "fantastic run")
    assert local_script_run.get_tags() == {"quality": "fantastic run"}
    local_script_run.tag("worth another look")
    assert local_script_run.get_tags() == {"quality": "fantastic run", "worth another look": None}

    # Query properties and tags
    author = {"author": "azureml-user"}
    found = list(exp.get_runs(properties=author, tags={"quality": "fantastic run"}))
    assert found == [local_script_run]
    assert list(exp.get_runs(properties=author, tags="worth another look")) == [local_script_run]
    assert list(exp.get_runs(properties=author, tags="something else")) == []
    assert Run(exp, local_script_run.id) == local_script_run
