"""`get_runs` and `to_dataframe`, against a plain-Python oracle and in the words of users."""

from __future__ import annotations

import operator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runwatch.core import Experiment, Run, Workspace
from runwatch.exceptions import ServiceException, UserErrorException

OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
ODD = [
    "a",
    "b",
    "quote ' \" `",
    "new\nline",
    "worth another look",
    "100%_\\",
    "<img onerror>",
    "🚀",
]
keys = st.sampled_from(ODD)
texts = st.none() | st.sampled_from(ODD)
numbers = st.sampled_from([-1.5, 0, 1, 2.5, True])
labels = st.dictionaries(keys, texts, max_size=3)
metrics = st.dictionaries(keys, numbers | st.just(float("nan")), max_size=3)
parameters = st.dictionaries(keys, numbers | st.sampled_from(ODD) | st.none(), max_size=3)
label_filters = st.none() | keys | labels
comparisons = (
    st.none()
    | keys
    | st.dictionaries(
        keys, numbers | st.tuples(st.sampled_from(list(OPERATORS)), numbers), max_size=2
    )
)


def has(there: dict[str, Any], wanted: Any) -> bool:
    """What a filter means."""
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in there
    for key, value in wanted.items():
        if key not in there:
            return False
        if isinstance(value, tuple):
            compare, operand = value
            found = there[key]
            if not isinstance(found, (bool, int, float)) or found != found:
                return False
            if not OPERATORS[compare](found, operand):
                return False
        elif there[key] != value:
            return False
    return True


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.lists(st.tuples(labels, labels, metrics, parameters), min_size=1, max_size=6),
    asked=st.lists(
        st.tuples(label_filters, label_filters, comparisons, comparisons, st.booleans()),
        min_size=1,
        max_size=8,
    ),
)
def test_filters_agree_with_plain_python(
    tmp_path_factory: pytest.TempPathFactory, data: Any, asked: Any
) -> None:
    workspace = Workspace(path=tmp_path_factory.mktemp("filters"))
    experiment = Experiment(workspace, "e")
    for tags, properties, logged, params in data:
        with experiment.start_logging(tags=tags, properties=properties, outputs=False) as run:
            for name, value in logged.items():
                run.log(name, 7)
                run.log(name, value)
            run.log_parameters(params)
    there = [
        (run, run.get_tags(), run.get_properties(), logged, run.get_parameters())
        for run, (_, _, logged, _) in zip(experiment.get_runs(), reversed(data), strict=True)
    ]
    for tags, properties, compared, params, last_first in asked:
        expected = [
            run
            for run, *of in there
            if all(
                has(mine, wanted)
                for mine, wanted in zip(of, (tags, properties, compared, params), strict=True)
            )
        ]
        if last_first:
            expected.reverse()
        found = experiment.get_runs(
            tags=tags,
            properties=properties,
            metrics=compared,
            parameters=params,
            order_by="number" if last_first else None,
        )
        assert list(found) == expected
    workspace._record.database.close()


@pytest.fixture
def sweep(experiment: Experiment) -> list[Run]:
    """Four runs with a metric and a parameter; the last one has neither and failed."""
    made = []
    for number, (rate, loss) in enumerate([(0.1, 3.0), (0.2, 1.0), (0.3, 2.0)]):
        run = experiment.start_logging(display_name=f"run {number}", outputs=False)
        run.log_parameters({"lr": rate, "kernel": "rbf"})
        run.log("loss", loss)
        run.complete()
        made.append(run)
    failed = experiment.start_logging(outputs=False)
    failed.fail("no data")
    return [*made, failed]


def test_runs_are_ordered_and_limited(experiment: Experiment, sweep: list[Run]) -> None:
    first, second, third, failed = sweep
    assert list(experiment.get_runs(order_by="metrics.loss")) == [second, third, first, failed]
    worst = experiment.get_runs(order_by="metrics.loss DESC", max_results=2)
    assert list(worst) == [first, third]
    by_rate = experiment.get_runs(order_by=["status", "parameters.lr desc"])
    assert list(by_rate) == [third, second, first, failed]
    assert list(experiment.get_runs(max_results=0)) == []
    for order in ("duration", "created", "started", "ended", "display_name"):
        assert set(experiment.get_runs(order_by=order)) == set(sweep)


def test_runs_are_found_by_status_and_time(experiment: Experiment, sweep: list[Run]) -> None:
    *completed, failed = sweep
    assert list(experiment.get_runs(status="Failed")) == [failed]
    assert set(experiment.get_runs(status=["Completed", "Failed"])) == set(sweep)
    now = datetime.now(timezone.utc)
    assert set(experiment.get_runs(since=timedelta(hours=1), until=now)) == set(sweep)
    assert list(experiment.get_runs(until=timedelta(hours=1))) == []
    assert list(experiment.get_runs(since=(now + timedelta(days=1)).isoformat())) == []
    assert set(experiment.get_runs(metrics={"loss": ("<=", 2)}, parameters="lr")) == {
        completed[1],
        completed[2],
    }


def test_a_filter_that_is_not_understood_says_what_to_pass(experiment: Experiment) -> None:
    for wrong, words in (
        ({"status": "Done"}, "There is no status 'Done'"),
        ({"metrics": ["loss"]}, "Pass a name"),
        ({"metrics": {"loss": ("~", 1)}}, "operators are <"),
        ({"parameters": {"lr": ("<", "x")}}, "no comparison"),
        ({"order_by": "loss"}, "metrics.<name>"),
        ({"since": "yesterday"}, "timedelta before now"),
        ({"max_results": -1}, "whole number"),
        ({"tags": ["a"]}, "Pass a key"),
    ):
        with pytest.raises(UserErrorException, match=words):
            experiment.get_runs(**wrong)


def test_parameters_are_kept_as_they_were_and_never_change(experiment: Experiment) -> None:
    run = experiment.start_logging(outputs=False)
    run.log_parameters({"lr": 0.1, "layers": 3, "shuffle": True, "init": None, "opt": "adam"})
    run.log_parameters({"lr": 0.1})
    with pytest.raises(ServiceException, match=r"'lr' is 0\.1 and can't be changed to 0\.2"):
        run.log_parameters({"new": 1, "lr": 0.2})
    assert run.get_parameters() == {
        "init": None,
        "layers": 3,
        "lr": 0.1,
        "opt": "adam",
        "shuffle": True,
    }
    with pytest.raises(UserErrorException, match="pass a dict"):
        run.log_parameters("lr")
    run.complete()


def test_runs_as_a_table(experiment: Experiment, sweep: list[Run]) -> None:
    sweep[0].tag("best")
    child = sweep[0]
    table = experiment.to_dataframe(order_by="metrics.loss")
    assert list(table.index) == [run.id for run in (sweep[1], sweep[2], sweep[0], sweep[3])]
    assert list(table["metrics.loss"])[:3] == [1.0, 2.0, 3.0]
    assert pd.isna(table["metrics.loss"].iloc[3])
    assert table.loc[child.id, "parameters.kernel"] == "rbf"
    assert str(table["created"].dt.tz) == "UTC"
    assert (table["duration"] >= 0).all()
    assert "tags.best" in table.columns
    assert experiment.to_dataframe(tags="nothing").empty


def test_a_table_names_the_parents(workspace: Workspace, folder: Path) -> None:
    experiment = Experiment(workspace, "tree")
    with experiment.start_logging(outputs=False) as run:
        children = run.create_children(count=3)
        for child in children:
            child.complete()
    table = experiment.to_dataframe(include_children=True)
    assert table.loc[children[0].id, "parent"] == run.id
    assert table.loc[run.id, "parent"] is None or pd.isna(table.loc[run.id, "parent"])
