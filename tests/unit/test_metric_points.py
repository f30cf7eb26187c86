"""Points of a metric, however they came in: all there, in order, in few rows, quick to read."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from runwatch import Experiment, Run
from runwatch.exceptions import UserErrorException
from runwatch.store import journal, metrics
from runwatch.store.journal import SeriesName
from runwatch.store.points import NO_STEP, Point, pack
from runwatch.store.schema import chunks

value = st.one_of(st.floats(allow_nan=False), st.integers(), st.text(), st.lists(st.integers()))
step = st.one_of(st.just(NO_STEP), st.integers(-(2**62), 2**62))


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return experiment.start_logging(outputs=False)


def rows_of_chunks(run: Run) -> int:
    with run._record.database.read() as connection:
        return connection.execute(select(func.count()).select_from(chunks)).scalar_one()


def test_a_metric_that_comes_point_by_point_takes_few_rows(run: Run) -> None:
    for i in range(2000):
        run.log("loss", i / 7, step=i)
        if i % 3 == 0:
            run.flush()
    assert run.get_metrics()["loss"] == [i / 7 for i in range(2000)]
    assert rows_of_chunks(run) < 2000 / 3 / 6


# Each example has a run of its own.
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    stretches=st.lists(
        st.lists(st.tuples(step, st.floats(0, 2e9), value), min_size=1, max_size=90), max_size=9
    )
)
def test_merging_keeps_every_point_in_its_place(
    experiment: Experiment, stretches: list[list[tuple[int, float, Any]]]
) -> None:
    """Whatever the sizes and kinds of what is shipped together."""
    run = experiment.start_logging(outputs=False)
    for stretch in stretches:
        with run._record.database.write() as tx:
            points = [Point(*point) for point in stretch]
            metrics.append(tx, {SeriesName(run.id, "m", "scalar"): pack(points)})
    expected = [point for stretch in stretches for point in stretch]
    if expected:
        arrays = run.get_metric_arrays("m")
        assert [v.item() if isinstance(v, np.generic) else v for v in arrays.values] == [
            v for _, _, v in expected
        ]
        assert arrays.times.tolist() == [time_s for _, time_s, _ in expected]
        assert arrays.steps.tolist() == [
            place if at == NO_STEP else at for place, (at, _, _) in enumerate(expected)
        ]
    run.complete()


def test_arrays_of_a_metric(run: Run) -> None:
    for i in range(10):
        run.log("loss", 1 / (i + 1), step=i * 10)
        run.log("count", i)
        run.log("note", "abc")
    loss, count, note = map(run.get_metric_arrays, ("loss", "count", "note"))
    assert (loss.values.dtype, loss.steps.dtype) == (np.float64, np.int64)
    np.testing.assert_array_equal(loss.values, [1 / (i + 1) for i in range(10)])
    np.testing.assert_array_equal(loss.steps, range(0, 100, 10))
    assert (np.diff(loss.times) >= 0).all()
    assert count.values.dtype == np.int64
    np.testing.assert_array_equal(count.steps, range(10))
    assert note.values.tolist() == ["abc"] * 10
    with pytest.raises(UserErrorException, match=r"has no metric 'lost'\. It has: 'loss', 'count'"):
        run.get_metric_arrays("lost")


@pytest.mark.parametrize("name", [None, "", ["loss"], 7, "a\0b", "\ud800"])
def test_a_name_that_is_none_is_refused_and_nothing_kept(run: Run, name: Any) -> None:
    with pytest.raises(UserErrorException, match="A metric's name"):
        run.log(name, 1.0)
    assert run.get_metrics() == {}


@pytest.mark.parametrize("step", [2**63, -(2**63), 0.5, "1", float("nan")])
def test_a_step_that_is_none_is_refused_and_nothing_kept(run: Run, step: Any) -> None:
    with pytest.raises(UserErrorException, match="step must be a whole number"):
        run.log("loss", 1.0, step=step)
    assert run.get_metrics() == {}


def test_a_signal_handler_may_log_while_log_opens_its_first_segment(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = journal._new_locked_file
    first = iter([True])

    def made_at_signal(path: Path) -> int:
        if next(first, False):
            signal.raise_signal(signal.SIGUSR1)
        return made(path)

    monkeypatch.setattr(journal, "_new_locked_file", made_at_signal)
    before = signal.signal(signal.SIGUSR1, lambda *_: run.log("at-signal", 1))
    try:
        for i in range(10):
            run.log("loss", i)
            run.flush()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert run.get_metrics() == {"loss": list(range(10)), "at-signal": 1}


def test_a_signal_handler_may_log_while_log_runs(run: Run) -> None:
    numbers = itertools.count()

    def log_too(signum: int, frame: object) -> None:
        number = next(numbers)
        run.log(f"at-signal-{number % 50}", number)

    before = signal.signal(signal.SIGVTALRM, log_too)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.004, 0.004)
    try:
        for i in range(100_000):
            run.log("loss", i)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    found = run.get_metrics()
    assert found.pop("loss") == list(range(100_000))
    logged = next(numbers)
    assert logged > 10
    values = [
        v for name in found for v in (found[name] if type(found[name]) is list else [found[name]])
    ]
    assert sorted(values) == list(range(logged))
