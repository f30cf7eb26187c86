"""Which status may follow which."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runwatch.core import Experiment
from runwatch.store.status import ALL, LIVE, TERMINAL, RunStatus, may_become

statuses = st.sampled_from(ALL)


def test_terminal_statuses_are_completed_failed_and_canceled() -> None:
    assert {"Completed", "Failed", "Canceled"} == TERMINAL
    assert len(ALL) == 15


@settings(deadline=None)
@given(old=statuses, new=statuses)
def test_nothing_leaves_a_terminal_status_but_a_completed_run_that_is_failed(
    old: str, new: str
) -> None:
    if old in TERMINAL:
        assert may_become(old, new) == ((old, new) == ("Completed", "Failed"))


@settings(deadline=None)
@given(old=st.sampled_from(sorted(LIVE)))
def test_every_live_run_can_fail_and_can_be_cancelled(old: str) -> None:
    assert may_become(old, RunStatus.FAILED)
    assert may_become(old, RunStatus.CANCELED)
    if old != RunStatus.CANCEL_REQUESTED:
        assert may_become(old, RunStatus.CANCEL_REQUESTED)


def test_a_run_asked_to_cancel_never_completes() -> None:
    assert not may_become(RunStatus.CANCEL_REQUESTED, RunStatus.COMPLETED)
    assert not may_become(RunStatus.CANCEL_REQUESTED, RunStatus.RUNNING)


def test_a_silent_run_can_come_back() -> None:
    assert may_become(RunStatus.RUNNING, RunStatus.NOT_RESPONDING)
    assert may_become(RunStatus.NOT_RESPONDING, RunStatus.RUNNING)


@pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
def test_a_run_ends_once(experiment: Experiment, end: str) -> None:
    run = experiment.start_logging()
    getattr(run, end)()
    status = run.get_status()
    run.cancel()
    run.complete()
    assert run.get_status() == status
