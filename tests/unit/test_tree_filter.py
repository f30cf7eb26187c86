"""What a person can type above a tree of runs."""

from __future__ import annotations

import pytest

from runwatch.exceptions import UserErrorException
from runwatch.feed.filter import Described, parse

RUN = Described(
    name="wide net",
    run_id="digits_7",
    status="Failed",
    tags={"quality": "good", "seen": None},
    parameters={"rate": 0.1, "kernel": "rbf"},
    metrics={"loss": 0.25, "odd": "NaN", "val loss": 3},
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
        ('"open', "not closed"),
    ],
)
def test_what_cant_be_understood_is_told_in_words(text: str, says: str) -> None:
    with pytest.raises(UserErrorException, match=says):
        parse(text)
