"""What a person can type above a tree of runs."""

from __future__ import annotations

import pytest

from runwatch.core import Experiment, Workspace
from runwatch.exceptions import UserErrorException
from runwatch.feed.family import Family, OfRun
from runwatch.feed.filter import Described, FilterFault, parse
from runwatch.feed.messages import FilterProblem, Look
from runwatch.feed.tree_view import TreeView

RUN = Described(
    name="wide net",
    run_id="digits_7",
    status="Failed",
    tags={"quality": "good", "seen": None},
    parameters={"rate": 0.1, "kernel": "rbf"},
    metrics={"loss": 0.25, "odd": "NaN", "val loss": 3, "said": "0ops", "huge": 10**400},
)


@pytest.mark.parametrize(
    "text",
    [
        "NET",
        "digits_7",
        "quality=good",
        "val",
        '"wide net"',
        "status:fail",
        "name:Wide",
        "tag:quality",
        "tag:quality=good",
        "tag:quality!=bad",
        "tag:seen",
        "param:rate>=0.1",
        "param:kernel=rbf",
        "metric:loss<0.3",
        "metric:loss",
        'metric:"val loss">2',
        "-status:completed",
        "status:failed metric:loss<1 net",
        "metric:loss!=1",
        "metric:loss<1e400",
        "metric:said=0ops",
        "param:kernel>abc",
    ],
)
def test_it_holds(text: str) -> None:
    condition = parse(text)
    assert condition is not None
    assert condition(RUN)


@pytest.mark.parametrize(
    "text",
    [
        "narrow",
        "status:completed",
        "tag:quality=bad",
        "tag:colour",
        "tag:colour!=red",
        "param:rate<0.1",
        "metric:loss>=0.3",
        "metric:odd<1",
        "metric:odd>1",
        "metric:said>0",
        "metric:said<1",
        "metric:huge<1",
        "-net",
        "net status:completed",
    ],
)
def test_it_does_not_hold(text: str) -> None:
    condition = parse(text)
    assert condition is not None
    assert not condition(RUN)


def test_an_empty_filter_is_none() -> None:
    assert parse("  ") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour:red", "there are name:, status:, tag:, param: and metric:"),
        ("status:", "lacks what to look for"),
        ("status:asleep", "no status; there are .*Running"),
        ("metric:loss<", "lacks the number"),
        ("metric:loss<abc", "abc is no number: write one, as in metric:loss<0.1"),
        ("metric:loss>nan", "nan is no number"),
        ("metric:loss<0,1", r"0,1 is no number: write 0\.1\."),
        ("param:rate>=-,5", r"-,5 is no number: write -\.5\."),
        ('"open', "not closed"),
    ],
)
def test_what_cant_be_understood_is_told_in_words(text: str, says: str) -> None:
    with pytest.raises(UserErrorException, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('metric:"{0} loss"<0,1', FilterProblem(code="comma", about=["0,1", "0.1"])),
        (
            "colour:{red}",
            FilterProblem(
                code="kind",
                about=["colour", "colour:{red}", "name:, status:, tag:, param:", "metric:"],
            ),
        ),
    ],
)
def test_what_is_wrong_can_be_said_in_another_language(text: str, problem: FilterProblem) -> None:
    with pytest.raises(FilterFault) as found:
        parse(text)
    assert found.value.problem == problem


@pytest.mark.parametrize(
    ("look", "rows"),
    [
        (Look(), {"sweep": False, "other": False}),
        (Look(filter="  "), {"sweep": False, "other": False}),
        (Look(filter="colour:red"), {"sweep": False, "other": False}),
        (Look(filter="fold"), {"sweep": True, "fold": False}),
        (Look(filter="name:sweep"), {"sweep": False}),
    ],
)
def test_a_row_is_expanded_if_runs_below_it_are_shown(
    workspace: Workspace, experiment: Experiment, look: Look, rows: dict[str, bool]
) -> None:
    run = experiment.start_logging()
    sweep = run.child_run("sweep")
    sweep.child_run("fold")
    run.child_run("other")
    with workspace._record.database.read() as connection:
        view = TreeView(Family(connection, OfRun(run.id)))
        _, found = view.whole(connection, look)
        assert {row.display_name: row.expanded for row in found} == rows
        look = Look(expanded=[sweep.id])
        view.change_look(connection, look)
        assert [row.expanded for row in view.repeat()[1]] == [True, False, False]
