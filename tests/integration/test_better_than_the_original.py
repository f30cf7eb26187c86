"""Where azureml.core went wrong, runwatch does not; one test for each that has none elsewhere.

Elsewhere are: outputs that belong to the run that wrote them and are there when it is Completed
(test_outputs), processes that end with cancel and fail (test_cancel), quotes in filters
(test_filters), and markup in names (test_recovery, run.test.tsx).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

import runwatch
from runwatch.core import Experiment, Run
from runwatch.core.script_run import ScriptRun
from runwatch.exceptions import UserErrorException
from runwatch.store import status
from runwatch.widgets.run_details import RunDetails
from tests.conftest import eventually


def test_numbers_of_numpy_are_numbers(experiment: Experiment) -> None:
    run = experiment.start_logging()
    for value in (np.int64(3), np.float32(0.5), np.uint8(7), np.bool_(True)):
        run.log(type(value).__name__, value)
    run.log_list("array", np.arange(3))
    found = run.get_metrics()
    assert found == {
        "int64": 3,
        "float32": 0.5,
        "uint8": 7,
        found.keys().__iter__() and "array": [0, 1, 2],
        type(np.bool_(True)).__name__: True,
    }


def test_empty_lists_and_tables_are_kept(experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.log_list("list", [])
    run.log_table("table", {})
    run.log_table("columns", {"x": [], "y": []})
    assert run.get_metrics() == {"list": [], "table": {}, "columns": {"x": [], "y": []}}


@pytest.mark.parametrize(
    ("code", "expected"),
    [("0", "Completed"), ("", "Completed"), ("1", "Failed"), ("'no data'", "Failed")],
)
def test_leaving_the_block_by_sys_exit_ends_the_run(
    experiment: Experiment, python: Callable[..., object], code: str, expected: str
) -> None:
    python(
        f"""
        import sys
        from runwatch import *
        with Experiment(Workspace.from_config(), "explore-runs").start_logging(run_id="r"):
            sys.exit({code})
        """
    ).communicate()
    assert Run(experiment, "r").get_status() == expected


def test_the_log_of_a_finished_run_is_shown(
    submit: Callable[..., ScriptRun], capsys: pytest.CaptureFixture[str]
) -> None:
    run = submit("print('trained')")
    run.wait_for_completion()
    capsys.readouterr()
    run.wait_for_completion(show_output=True)
    assert "trained" in capsys.readouterr().out


def test_an_interactive_run_can_be_waited_for_with_its_output(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    run = experiment.start_logging()
    run.complete()
    assert run.wait_for_completion(show_output=True)["status"] == "Completed"
    assert run.id in capsys.readouterr().out


def test_waiting_changes_no_list_of_statuses(experiment: Experiment) -> None:
    before = (status.ALL, status.LIVE, status.TERMINAL)
    with experiment.start_logging() as run:
        pass
    run.wait_for_completion(wait_post_processing=True)
    assert before == (status.ALL, status.LIVE, status.TERMINAL)
    assert all(isinstance(kept, (tuple, frozenset)) for kept in before)


def test_azuremls_polling_variables_do_no_harm(
    submit: Callable[..., ScriptRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZUREML_RUN_POLLING_INTERVAL_MIN", "1")
    monkeypatch.setenv("AZUREML_RUN_POLLING_INTERVAL_MAX", "2")
    assert submit("").wait_for_completion()["status"] == "Completed"


def test_a_run_without_a_workspace_takes_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    run = runwatch.Run.get_context()
    run.log("loss", 0.5, step=3)
    run.flush(timeout_seconds=1)
    assert "loss" in capsys.readouterr().out


def test_tags_that_are_no_dict_are_refused_and_the_others_kept(experiment: Experiment) -> None:
    run = experiment.start_logging(tags={"kept": "yes"})
    for wrong in ("text", ["list"], 5):
        with pytest.raises(UserErrorException):
            run.set_tags(wrong)  # type: ignore[arg-type]
    assert run.get_tags() == {"kept": "yes"}


def test_showing_a_run_leaves_no_thread_behind(experiment: Experiment) -> None:
    run = experiment.start_logging()
    before = {thread.name for thread in threading.enumerate()} | {"runwatch-recorder"}
    widgets = [RunDetails(run) for _ in range(3)]
    for widget in widgets:
        widget.show()
    run.complete()
    for widget in widgets:
        widget.close()
    eventually(lambda: {thread.name for thread in threading.enumerate()} <= before)


def test_a_saved_widget_holds_no_address_with_a_key_and_no_path(
    experiment: Experiment,
) -> None:
    run = experiment.start_logging()
    run.upload_file("outputs/a.txt", __file__)
    run.complete()
    html = RunDetails(run)._repr_mimebundle_()
    assert "http" not in str(html).replace("http://www.w3.org", "")
    assert str(experiment.workspace._record.paths.root) not in str(html)
    assert "[object Object]" not in str(html)
