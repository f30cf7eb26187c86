"""What a view is told of a run."""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runwatch.core import Experiment, Run
from runwatch.feed import commands, series, wire
from runwatch.feed.messages import Ack, CancelRun, Delta, Look, Refusal, RemoveTag, SetTag, Snapshot
from runwatch.feed.watcher import Watcher
from tests.conftest import eventually


class View:
    """Puts together what it is sent, as the browser does."""

    def __init__(self) -> None:
        self.updates: list[Any] = []

    def __call__(self, update: Any) -> None:
        self.updates.append(update)

    def last(self, part: str) -> Any:
        values = [getattr(update, part, None) for update in self.updates]
        return next((value for value in reversed(values) if value is not None), None)

    def values(self, name: str) -> list[float]:
        drawn: list[float] = []
        for update in self.updates:
            for points in update.points or []:
                if points.name == name:
                    new = list(struct.unpack(f"<{len(points.values) // 8}d", points.values))
                    drawn = new if points.replace else drawn + new
        return drawn


@pytest.fixture
def watcher(experiment: Experiment) -> Watcher:
    record = experiment.workspace._record
    return Watcher(record.database, record.settle)


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return experiment.start_logging(run_id="watched")


@pytest.fixture
def watch(watcher: Watcher, run: Run) -> Iterator[Callable[..., tuple[View, Any]]]:
    opened = []

    def _watch(**look: Any) -> tuple[View, Any]:
        view = View()
        subscription = watcher.subscribe(run.id, Look(**look), view)
        opened.append(subscription)
        return view, subscription

    yield _watch
    for subscription in opened:
        subscription.close()


def test_a_view_gets_a_snapshot_and_then_deltas_without_a_gap(watch: Any, run: Run) -> None:
    run.tag("data", "digits")
    view, _ = watch()
    (first,) = view.updates
    assert isinstance(first, Snapshot)
    assert (first.run.status, first.run.tags) == ("Running", {"data": "digits"})
    for number in range(5):
        run.tag("number", str(number))
        eventually(lambda n=number: view.last("run").tags.get("number") == str(n))
    run.complete()
    eventually(lambda: view.last("run").status == "Completed")
    assert [update.seq for update in view.updates] == list(range(1, len(view.updates) + 1))


def test_points_come_once_and_in_order(watch: Any, run: Run) -> None:
    run.log("loss", 0.0)
    run.flush()
    view, _ = watch()
    for step in range(1, 50):
        run.log("loss", float(step))
    eventually(lambda: len(view.values("loss")) == 50)
    assert view.values("loss") == [float(step) for step in range(50)]


def test_many_points_are_thinned_to_what_a_chart_can_show(watch: Any, run: Run) -> None:
    for step in range(20_000):
        run.log("wave", math.sin(step / 500))
    run.log("wave", 9.0)
    run.flush()
    view, _ = watch()
    (points,) = view.updates[0].points
    assert points.count == 20_001
    assert len(view.values("wave")) <= series.MOST_POINTS
    assert max(view.values("wave")) == 9.0, "an extreme was lost"
    for step in range(3 * series.MOST_POINTS):
        run.log("wave", float(step))
    run.flush()
    eventually(lambda: view.last("points")[0].count == 20_001 + 3 * series.MOST_POINTS)
    assert len(view.values("wave")) <= 2 * series.MOST_POINTS


def test_text_and_numbers_that_json_lacks_have_a_last_value(watch: Any, run: Run) -> None:
    run.log("message", "hello")
    run.log("odd", math.nan)
    run.flush()
    view, _ = watch()
    assert {p.name: p.last for p in view.updates[0].points} == {"message": "hello", "odd": "NaN"}


def test_the_tree_travels_in_windows(watch: Any, run: Run) -> None:
    children = run.create_children(count=300)
    grandchild = children[10].child_run("grandchild")
    view, subscription = watch(limit=50)
    tree = view.updates[0].tree
    assert (tree.total, len(tree.rows)) == (300, 50)
    assert tree.rows[10].child_count == 1
    assert tree.rows[0].position == 1
    assert tree.rows[0].siblings == 300

    subscription.look(Look(limit=50, expanded=[children[10].id]))
    opened = view.last("tree")
    assert opened.total == 301
    assert (opened.rows[11].run_id, opened.rows[11].level) == (grandchild.id, 2)

    subscription.look(Look(limit=50, offset=280))
    assert [row.run_id for row in view.last("tree").rows] == [c.id for c in children[280:]]

    subscription.look(Look(limit=50, filter="GRAND"))
    assert [row.level for row in view.last("tree").rows] == [1, 2]


def test_a_row_that_changes_in_the_window_is_sent_alone(watch: Any, run: Run) -> None:
    children = run.create_children(count=20)
    view, _ = watch(limit=10)
    trees = sum(1 for update in view.updates if update.tree)
    children[3].log("loss", 0.5)
    children[3].complete()
    children[15].complete()
    eventually(lambda: (view.last("rows") or [None])[-1])
    eventually(lambda: view.last("run").child_counts == {"Running": 18, "Completed": 2})
    rows = [row for update in view.updates[1:] for row in update.rows or []]
    assert {row.run_id for row in rows} == {children[3].id}
    assert rows[-1].status == "Completed"
    assert sum(1 for update in view.updates if update.tree) == trees


def test_new_runs_of_a_tree_appear_and_those_of_others_do_not(
    watch: Any, run: Run, experiment: Experiment
) -> None:
    view, _ = watch()
    experiment.start_logging().child_run("stranger")
    child = run.child_run("mine")
    child.child_run("mine too")
    eventually(lambda: view.last("run").child_counts.get("Running") == 2)
    assert [row.display_name for row in view.last("tree").rows] == ["mine"]


def test_the_log_is_followed_from_its_tail(watch: Any, run: Run) -> None:
    log = run._paths.std_log
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {n}\n" for n in range(20_000)))
    view, _ = watch()
    first = view.updates[0].log_text
    assert first.text.startswith("line ")
    assert first.text.endswith("line 19999\n")
    assert first.start_bytes > 0
    with open(log, "ab") as file:
        file.write("half an é".encode()[:-1])
    eventually(lambda: view.last("log_text").text == "half an ")
    with open(log, "ab") as file:
        file.write("é\n".encode()[1:])
    eventually(lambda: view.last("log_text").text == "é\n")


def test_the_thread_lives_only_while_somebody_looks(watch: Any) -> None:
    def threads() -> list[str]:
        return [t.name for t in threading.enumerate() if t.name == "runwatch-watcher"]

    assert threads() == []
    _, one = watch()
    _, other = watch()
    assert len(threads()) == 1
    one.close()
    other.close()
    eventually(lambda: threads() == [])


def test_a_view_that_cant_be_reached_does_not_end_the_others_feed(
    watcher: Watcher, watch: Any, run: Run
) -> None:
    def broken(update: Any) -> None:
        if isinstance(update, Delta):
            raise ConnectionError("gone")

    watcher.subscribe(run.id, Look(), broken)
    view, _ = watch()
    run.tag("still", "here")
    eventually(lambda: view.last("run").tags == {"still": "here"})


def answer(run: Run, command: Any) -> Any:
    def opened(run_id: str) -> Run:
        return Run.get(run._workspace, run_id)

    return commands.answer(run._record.database, command, opened)


def test_a_command_is_acknowledged_and_acts_once(run: Run) -> None:
    first = SetTag(id="1", run_id=run.id, key="quality", value="good")
    assert answer(run, first) == Ack(id="1")
    assert answer(run, RemoveTag(id="2", run_id=run.id, key="quality")) == Ack(id="2")
    assert answer(run, first) == Ack(id="1"), "it came by the second way"
    assert run.get_tags() == {}


def test_a_refusal_says_why(run: Run) -> None:
    refused = answer(run, SetTag(id="1", run_id=run.id, key="", value=None))
    assert isinstance(refused, Refusal)
    assert "at least one character" in refused.message
    missing = answer(run, CancelRun(id="2", run_id="nobody"))
    assert "nobody was not found" in missing.message


def test_cancelling_what_has_ended_says_so(run: Run) -> None:
    run.complete()
    said = answer(run, CancelRun(id="1", run_id=run.id))
    assert "already ended (Completed)" in said.message


def test_buffers_travel_beside_the_json(watch: Any, run: Run) -> None:
    run.log("loss", 0.5)
    run.flush()
    view, _ = watch()
    content, buffers = wire.encode(view.updates[0])
    assert content["points"][0]["values"] == {"$buffer": 1}
    assert buffers == [struct.pack("<d", 0.0), struct.pack("<d", 0.5)]


def test_ten_thousand_live_children_leave_the_feed_quick(watch: Any, run: Run) -> None:
    children = run.create_children(count=10_000)
    view, _ = watch(limit=10)
    assert view.updates[0].tree.total == 10_000
    for number in range(3):
        before = len(view.updates)
        children[number].complete()
        eventually(lambda b=before: len(view.updates) > b, within_s=5)
    assert [row.status for row in view.last("rows")] == ["Completed"]
    run.cancel()
    eventually(lambda: view.last("run").child_counts == {"Completed": 3, "Canceled": 9_997})
