"""The overview of a workspace counts what there is, and tells what changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from runwatch.core import Experiment, Workspace
from runwatch.feed.messages import Look, Overview, Update
from runwatch.feed.overview import OfWorkspace
from runwatch.feed.watcher import Watcher
from tests.conftest import eventually


class Heard(list[Update]):
    """What a subscription was sent."""

    def last(self) -> Overview:
        overview = self[-1]
        assert isinstance(overview, Overview)
        return overview


@pytest.fixture
def watcher(workspace: Workspace) -> Watcher:
    return Watcher(workspace._record.database, workspace._record.settle)


@pytest.fixture
def heard(watcher: Watcher) -> Iterator[Heard]:
    heard = Heard()
    subscription = watcher.subscribe(OfWorkspace(), Look(), heard.append, channel="o")
    yield heard
    subscription.close()


def counts(overview: Overview) -> dict[str, dict[str, int]]:
    return {one.name: one.run_counts for one in overview.experiments}


def test_an_empty_workspace_has_an_empty_overview(heard: Heard) -> None:
    assert heard.last().experiments == []
    assert heard.last().live_count == 0


def test_runs_come_change_and_end(workspace: Workspace, heard: Heard) -> None:
    run = Experiment(workspace, "first").start_logging(display_name="one")
    eventually(lambda: heard.last().live_count == 1)
    assert heard.last().live[0].display_name == "one"
    child = run.child_run("child")
    eventually(lambda: counts(heard.last()) == {"first": {"Running": 2}})
    assert heard.last().live_count == 1, "a child run is no run of its own"
    child.complete()
    run.complete()
    eventually(lambda: counts(heard.last()) == {"first": {"Completed": 2}})
    run.fail("it was the wrong script")
    eventually(lambda: counts(heard.last()) == {"first": {"Completed": 1, "Failed": 1}})
    seqs = [one.seq for one in heard if isinstance(one, Overview)]
    assert seqs == list(range(1, len(seqs) + 1))


def test_a_child_run_that_outlives_its_parent_is_shown_in_its_place(
    workspace: Workspace, heard: Heard
) -> None:
    run = Experiment(workspace, "first").start_logging(display_name="parent")
    child = run.child_run("child")
    below = child.child_run("below")
    eventually(lambda: counts(heard.last()) == {"first": {"Running": 3}})
    assert [one.run_id for one in heard.last().live] == [run.id]
    run.complete()
    eventually(lambda: [one.run_id for one in heard.last().live] == [child.id])
    assert heard.last().live_count == 1
    child.fail("no more")
    eventually(lambda: [one.run_id for one in heard.last().live] == [below.id])
    below.complete()
    eventually(lambda: heard.last().live == [])
    assert heard.last().live_count == 0


def test_the_experiment_with_the_newest_run_is_first_and_an_archived_one_is_gone(
    workspace: Workspace, heard: Heard
) -> None:
    old, new = Experiment(workspace, "old"), Experiment(workspace, "new")
    old.start_logging().complete()
    new.start_logging().complete()
    eventually(lambda: list(counts(heard.last())) == ["new", "old"])
    old.start_logging().complete()
    eventually(lambda: list(counts(heard.last())) == ["old", "new"])
    old.archive()
    new.start_logging().complete()
    eventually(lambda: list(counts(heard.last())) == ["new"])


def test_what_concerns_no_overview_sends_none(workspace: Workspace, heard: Heard) -> None:
    run = Experiment(workspace, "first").start_logging()
    eventually(lambda: heard.last().live_count == 1)
    sent = len(heard)
    run.log("loss", 0.5)
    run.flush()
    run.tag("seen")
    run.display_name = "another"
    eventually(lambda: heard.last().live[0].display_name == "another")
    assert len(heard) == sent + 1
    run.complete()


def test_a_view_that_begins_later_sees_the_same(
    workspace: Workspace, watcher: Watcher, heard: Heard
) -> None:
    for _ in range(3):
        Experiment(workspace, "first").start_logging().complete()
    eventually(lambda: counts(heard.last()) == {"first": {"Completed": 3}})
    later = Heard()
    subscription = watcher.subscribe(OfWorkspace(), Look(), later.append, channel="p")
    whole: Any = later.last()
    assert (whole.experiments, whole.live) == (heard.last().experiments, heard.last().live)
    assert whole.now_ms <= time.time() * 1000
    subscription.close()
