"""What a view is told of a run."""

from __future__ import annotations

import io
import math
import random
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from runwatch.core import Experiment, Run
from runwatch.feed import commands, wire
from runwatch.feed.family import OfExperiment, OfRun
from runwatch.feed.messages import (
    Ack,
    CancelRuns,
    Delta,
    Look,
    Numbers,
    Points,
    Refusal,
    RemoveTag,
    RunHead,
    SetTag,
    SetText,
    Snapshot,
    Sort,
)
from runwatch.feed.picture import Picture
from runwatch.feed.series import MOST_POINTS, MOST_POINTS_SMALL
from runwatch.feed.watcher import Watcher
from runwatch.store import run_files
from tests.conftest import eventually


class View:
    """Keeps what it is sent, and puts it together as the browser does.

    Whoever has seen a part of an update sees all of it at the next look.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._updates: list[Any] = []
        self._picture = Picture()

    def __call__(self, update: Any) -> None:
        with self._lock:
            self._updates.append(update)
            self._picture.take(update)

    @property
    def updates(self) -> list[Any]:
        with self._lock:
            return self._updates

    @property
    def picture(self) -> Picture:
        with self._lock:
            return self._picture

    @property
    def run(self) -> RunHead:
        assert self.picture.run is not None
        return self.picture.run

    @property
    def names(self) -> list[str]:
        return [row.display_name for row in self.picture.rows]

    def parts(self, name: str) -> list[Any]:
        found = [getattr(update, name, None) for update in self.updates]
        return [part for part in found if part is not None]

    def points(self, name: str) -> list[Points]:
        return [one for part in self.parts("points") for one in part if one.name == name]

    def values(self, name: str) -> list[float]:
        drawn: list[float] = []
        for one in self.points(name):
            new = decoded(one.values)
            drawn = new if one.replace else drawn + new
        return drawn

    @property
    def log(self) -> str:
        shown = ""
        for part in self.parts("log_text"):
            shown = part.text if part.replace else shown + part.text
        return shown


def decoded(numbers: Numbers) -> list[float]:
    if numbers.kind == "range":
        return [numbers.start + i * numbers.step for i in range(numbers.count)]
    return list(np.frombuffer(numbers.data, f"<{numbers.kind}").astype(float))


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
        subscription = watcher.subscribe(OfRun(run.id), Look(**look), view)
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
        eventually(lambda n=number: view.run.tags.get("number") == str(n))
    run.complete()
    eventually(lambda: view.run.status == "Completed")
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
    view, subscription = watch()
    (first,) = view.points("wave")
    assert (first.count, first.last, first.highest, first.highest_step) == (20_001, 9, 9, 20_000)
    assert len(view.values("wave")) <= MOST_POINTS_SMALL
    subscription.look(Look(charts=True))
    assert MOST_POINTS / 3 < len(view.values("wave")) <= MOST_POINTS
    for step in range(20_000):
        run.log("wave", float(step))
    run.flush()
    eventually(lambda: view.points("wave")[-1].count == 40_001)
    assert len(view.values("wave")) <= 2 * MOST_POINTS
    assert max(view.values("wave")) > 19_900, "the end was lost"
    assert view.points("wave")[-1].highest == 19_999


def test_text_and_numbers_that_json_lacks_have_a_last_value(watch: Any, run: Run) -> None:
    run.log("message", "hello")
    run.log("odd", math.nan)
    run.flush()
    view, _ = watch()
    assert {p.name: p.last for p in view.updates[0].points} == {"message": "hello", "odd": "NaN"}


def test_runs_are_compared_in_one_chart(watch: Any, run: Run) -> None:
    first, second = run.create_children(count=2)
    for child, loss in ((first, 1.0), (second, 2.0), (run, 3.0)):
        child.log("loss", loss)
        child.flush()
    view, subscription = watch()
    assert {points.run_id for points in view.points("loss")} == {run.id}
    subscription.look(Look(compare=[first.id, second.id]))
    assert {p.run_id: p.last for p in view.points("loss")[1:]} == {first.id: 1.0, second.id: 2.0}
    second.log("loss", 2.5)
    eventually(lambda: view.picture.last[second.id, "loss"].last == 2.5)


def test_the_tree_travels_in_windows(watch: Any, run: Run) -> None:
    children = run.create_children(count=300)
    grandchild = children[10].child_run("grandchild")
    view, subscription = watch(limit=50)
    assert (view.picture.tree.total, len(view.picture.rows)) == (300, 50)
    assert view.picture.rows[10].child_count == 1
    assert view.picture.rows[0].position == 1

    subscription.look(Look(limit=50, expanded=[children[10].id]))
    assert view.picture.tree.total == 301
    opened = view.picture.rows[11]
    assert (opened.run_id, opened.level) == (grandchild.id, 2)

    subscription.look(Look(limit=50, offset=280))
    assert view.picture.tree.ids == [child.id for child in children[280:]]

    subscription.look(Look(limit=50, filter="GRAND"))
    assert [row.level for row in view.picture.rows] == [1, 2]


def test_of_a_row_that_changes_only_the_change_is_sent(watch: Any, run: Run) -> None:
    children = run.create_children(count=20)
    view, _ = watch(limit=10)
    children[3].complete()
    children[15].complete()
    eventually(lambda: view.run.child_counts == {"Running": 18, "Completed": 2})
    changes = [row for update in view.updates[1:] for row in update.rows or []]
    assert [sorted(change) for change in changes] == [["ended_ms", "run_id", "status"]]
    assert changes[0]["run_id"] == children[3].id
    assert not any(update.tree for update in view.updates[1:])


def test_children_that_come_beyond_the_window_change_only_the_total(watch: Any, run: Run) -> None:
    run.create_children(count=20)
    view, _ = watch(limit=10)
    run.child_run("later")
    eventually(lambda: view.picture.tree.total == 21)
    assert not any(update.rows for update in view.updates[1:])


def test_an_order_stays_while_values_change_until_it_is_asked_for_again(
    watch: Any, run: Run
) -> None:
    children = run.create_children(count=3)
    for child, loss in zip(children, (0.3, 0.1, 0.2), strict=True):
        child.display_name = f"was {loss}"
        child.log("loss", loss)
        child.flush()
    sort = Sort(column="metric:loss")
    view, subscription = watch(sort=sort)
    assert view.names == ["was 0.1", "was 0.2", "was 0.3"]
    children[0].log("loss", 0.0)
    late = run.child_run("late")
    late.log("loss", 0.05)
    late.flush()
    eventually(lambda: view.names == ["was 0.1", "was 0.2", "was 0.3", "late"])
    eventually(lambda: view.picture.rows[3].values.get("metric:loss") == 0.05)
    subscription.look(Look(sort=Sort(column="metric:loss", asked=1)))
    assert view.names == ["was 0.3", "late", "was 0.1", "was 0.2"]
    subscription.look(Look(sort=Sort(column="metric:loss", descending=True)))
    assert view.names == ["was 0.2", "was 0.1", "late", "was 0.3"]


def test_numbers_come_before_text_and_what_is_no_number_last_in_both_directions(
    watch: Any, run: Run
) -> None:
    for loss in (math.nan, "a text", 0.9, math.inf, None, 10**400, 0.7, -math.inf):
        child = run.child_run(str(loss)[:9])
        if loss is not None:
            child.log_parameters({"loss": loss})
    view, subscription = watch(sort=Sort(column="param:loss"))
    without = ["nan", "None"]
    assert view.names == ["-inf", "0.7", "0.9", "inf", "100000000", "a text", *without]
    subscription.look(Look(sort=Sort(column="param:loss", descending=True)))
    assert view.names == ["inf", "100000000", "0.9", "0.7", "-inf", "a text", *without]


def test_a_run_that_has_diverged_is_not_the_best(watch: Any, run: Run) -> None:
    for accuracy in (math.nan, 0.7, 0.9):
        child = run.child_run(str(accuracy))
        child.log("accuracy", accuracy)
        child.flush()
    view, _ = watch(sort=Sort(column="metric:accuracy", descending=True))
    assert view.names == ["0.9", "0.7", "nan"]


def test_a_filter_follows_what_changes(watch: Any, run: Run) -> None:
    good, bad = run.create_children(count=2)
    good.log_parameters({"rate": 0.1})
    view, subscription = watch(filter="metric:loss<0.5")
    assert view.names == []
    good.log("loss", 0.4)
    bad.log("loss", 0.6)
    good.flush()
    eventually(lambda: view.picture.tree.ids == [good.id])
    bad.log("loss", 0.2)
    bad.flush()
    eventually(lambda: view.picture.tree.ids == [good.id, bad.id])
    subscription.look(Look(filter="colour:red"))
    assert "colour: is no kind of condition" in view.picture.tree.filter_error
    assert view.picture.tree.filter_problem.code == "kind"
    assert view.picture.tree.total == 2


def test_columns_are_those_that_are_asked_for(watch: Any, run: Run) -> None:
    child = run.child_run("one")
    child.log_parameters({"rate": 0.1})
    child.tag("quality", "good")
    for loss in (0.5, 0.4, 0.3):
        child.log("loss", loss)
    child.flush()
    view, subscription = watch()
    assert view.updates[0].offered == ["param:rate", "tag:quality", "metric:loss"]
    assert view.picture.tree.columns == ["status", "duration", "param:rate", "metric:loss", "tags"]
    assert view.picture.rows[0].values == {"param:rate": 0.1, "metric:loss": 0.3}
    subscription.look(Look(columns=["spark:loss", "tag:quality"]))
    expected = {"spark:loss": [0.5, 0.4, 0.3], "tag:quality": "good"}
    assert view.picture.rows[0].values == expected


def test_the_small_line_of_a_row_shows_a_metric_to_its_end(watch: Any, run: Run) -> None:
    child = run.child_run("one")
    child.log("loss", 0.5)
    child.flush()
    view, _ = watch(columns=["spark:loss"])
    child.log("loss", 0.4)
    child.complete()  # soon after the lines were read, and nothing comes after it
    eventually(lambda: view.picture.rows[0].values == {"spark:loss": [0.5, 0.4]})


def test_rows_that_come_into_the_window_have_their_small_lines(watch: Any, run: Run) -> None:
    below = run.child_run("one").child_run("below")
    for number, child in enumerate((below, *run.create_children(count=2))):
        child.log("loss", float(number))
        child.complete()
    view, subscription = watch(columns=["spark:loss"], limit=2)
    look = Look(columns=["spark:loss"], limit=2, expanded=[run.id, below.parent.id])
    subscription.look(look)
    assert [row.values for row in view.picture.rows] == [{}, {"spark:loss": [0.0]}]
    subscription.look(replace(look, offset=2))
    assert [row.values for row in view.picture.rows] == [
        {"spark:loss": [1.0]},
        {"spark:loss": [2.0]},
    ]


def test_an_experiment_shows_its_runs_the_newest_first(
    watcher: Watcher, run: Run, experiment: Experiment
) -> None:
    view = View()
    scope = OfExperiment(experiment._row.key)
    subscription = watcher.subscribe(scope, Look(), view)
    assert view.picture.tree.ids == [run.id]
    newer = experiment.start_logging()
    child = newer.child_run("child")
    eventually(lambda: view.picture.tree.ids == [newer.id, run.id])
    eventually(lambda: view.picture.experiment.run_counts == {"Running": 3})
    subscription.look(Look(expanded=[newer.id]))
    assert view.picture.tree.ids == [newer.id, child.id, run.id]
    subscription.close()


@pytest.mark.parametrize("end", [Run.complete, Run.cancel])
def test_a_status_that_comes_with_the_last_of_a_bar_is_told(
    watch: Any, watcher: Watcher, run: Run, end: Callable[[Run], None]
) -> None:
    run._paths.std_log.parent.mkdir(parents=True)
    bar = "\repochs:  40%|\u2588\u2588   | {}/10 [00:20<00:30,  5.00s/it]"
    run._paths.std_log.write_text(bar.format(4))
    view, _ = watch()
    assert view.run.progress is not None
    with watcher._lock:  # both are new at its next look
        run._paths.std_log.write_text(bar.format(4) + bar.format(10))
        end(run)
    eventually(lambda: view.run.status == run.get_status() != "Running")


def test_a_bar_that_a_summary_has_shown_already_reaches_the_views(
    watch: Any, watcher: Watcher, run: Run
) -> None:
    run._paths.std_log.parent.mkdir(parents=True)
    view, subscription = watch()
    with watcher._lock:
        run._paths.std_log.write_text("\r 40%|\u2588\u2588   | 4/10 [00:20<00:30,  5.00s/it]")
        assert subscription.channel.summary().run.progress.done == 4
    eventually(lambda: view.run.progress is not None and view.run.progress.done == 4)


def test_progress_is_what_the_run_says_or_what_a_bar_in_its_log_shows(watch: Any, run: Run) -> None:
    run._paths.std_log.parent.mkdir(parents=True)
    bar = "\repochs:  40%|\u2588\u2588   | 4/10 [00:20<00:30,  5.00s/it]"
    run._paths.std_log.write_text("begin\n" + bar)
    view, _ = watch()
    progress = view.run.progress
    assert (progress.done, progress.total, progress.label, progress.left_ms) == (
        4,
        10,
        "epochs",
        30_000,
    )
    run.set_progress(1, 4, "training")
    eventually(lambda: (view.run.progress.done, view.run.progress.label) == (1, "training"))
    assert view.run.progress.left_ms is None
    run.set_progress(4, 4, "training")
    eventually(lambda: view.run.progress.left_ms == 0)
    assert run.get_metrics() == {}
    run.complete()
    eventually(lambda: view.run.progress is None)


def test_a_feed_that_is_opened_late_tells_how_long_it_takes(
    watch: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1_000.0
    clock = SimpleNamespace(time=lambda: now_s)
    monkeypatch.setattr("runwatch.core.run_metrics.time", clock)
    run.set_progress(10, 10, "train")
    for done in range(1, 4):
        now_s += 60
        run.set_progress(done, 10, "validate")
        run.flush()
    view, _ = watch()
    assert view.updates[0].run.progress.left_ms == 7 * 60_000


def test_details_have_names_that_a_view_can_translate(watch: Any, run: Run) -> None:
    view, _ = watch()
    assert view.run.details["run_id"] == run.id
    assert all(name.replace("_", "").islower() for name in view.run.details)


def test_new_runs_of_a_tree_appear_and_those_of_others_do_not(
    watch: Any, run: Run, experiment: Experiment
) -> None:
    view, _ = watch()
    experiment.start_logging().child_run("stranger")
    child = run.child_run("mine")
    child.child_run("mine too")
    eventually(lambda: view.run.child_counts.get("Running") == 2)
    assert view.names == ["mine"]


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
    eventually(lambda: view.picture.log_text.text == "half an ")
    with open(log, "ab") as file:
        file.write("é\n".encode()[1:])
    eventually(lambda: view.picture.log_text.text == "é\n")
    assert all(part.text for part in view.parts("log_text"))


def test_the_scripts_own_logs_are_followed_also_when_they_are_gathered(
    watch: Any, run: Run
) -> None:
    paths = run._paths
    paths.std_log.parent.mkdir(parents=True)
    paths.std_log.write_text("printed\n")
    (paths.work / "logs").mkdir(parents=True)
    own = paths.work / "logs" / "train.txt"
    own.write_text("logged\n")
    view, subscription = watch()
    first = view.updates[0]
    assert [log.name for log in first.logs] == ["logs/train.txt", "user_logs/std_log.txt"]
    assert first.log_text.text == "printed\n"
    subscription.look(Look(log="logs/train.txt"))
    eventually(lambda: view.log == "logged\n")
    with open(own, "a") as file:
        file.write("more\n")
    eventually(lambda: view.log == "logged\nmore\n")
    with open(own, "a") as file:
        file.write("the last\n")
    run_files.gather(paths)
    eventually(lambda: view.log == "logged\nmore\nthe last\n")


def test_a_log_that_is_written_anew_is_shown_anew(watch: Any, run: Run) -> None:
    own = run._paths.work / "logs" / "state.txt"
    own.parent.mkdir(parents=True)
    own.write_text("epoch 1\n")
    view, _ = watch()
    for written in ("epoch 2\n", "epoch 3\nand more than before\n", "epoch 4\n", "", "epoch 5\n"):
        own.write_text(written)
        eventually(lambda written=written: view.log == written)
    with open(own, "a") as file:
        file.write("more\n")
    eventually(lambda: view.log == "epoch 5\nmore\n")
    assert view.parts("log_text")[-1].text == "more\n"


def test_a_file_that_a_run_is_given_after_its_end_is_told(
    watch: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runwatch.feed.channel.FILES_OF_ENDED_EVERY_S", 0.2)
    view, _ = watch()
    run.complete()
    eventually(lambda: view.run.status == "Completed")
    for name in ("outputs/report.txt", "outputs/table.csv"):
        run.upload_file(name, io.StringIO("made of what was there at the end"))
        eventually(lambda name=name: name in [file.name for file in view.picture.files])


def test_a_log_that_is_a_link_to_elsewhere_is_not_followed(
    watch: Any, run: Run, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret\n")
    (run._paths.work / "logs").mkdir(parents=True)
    (run._paths.work / "logs" / "link.txt").symlink_to(secret)
    view, _ = watch(log="logs/link.txt")
    assert view.updates[0].logs == []
    assert view.updates[0].log_text is None


def test_the_tail_of_a_long_line_begins_with_a_whole_character(watch: Any, run: Run) -> None:
    log = run._paths.std_log
    log.parent.mkdir(parents=True)
    log.write_text("a" + "█" * 50_000)
    view, _ = watch()
    assert set(view.updates[0].log_text.text) == {"█"}


@pytest.mark.parametrize("end", ["\n", "\nsaved\n"])
def test_the_tail_of_a_log_with_a_long_bar_shows_how_the_bar_ended(
    watch: Any, run: Run, end: str
) -> None:
    log = run._paths.std_log
    log.parent.mkdir(parents=True)
    bar = "".join(f"\r{n / 20:.0f}%|\u2588\u2588   | {n}/2000 [00:20<00:30]" for n in range(2001))
    log.write_text("begin\n" + bar + end)
    view, _ = watch()
    first = view.updates[0].log_text
    assert first.start_bytes > 0
    assert first.text.partition("%|")[0].isdigit(), "it begins in the middle of something"
    assert first.text.endswith("\r100%|\u2588\u2588   | 2000/2000 [00:20<00:30]" + end)


def test_the_tail_of_a_log_that_ends_with_a_long_line_shows_its_end(watch: Any, run: Run) -> None:
    log = run._paths.std_log
    log.parent.mkdir(parents=True)
    log.write_text("begin\n" + "█" * 50_000 + "\n")
    view, _ = watch()
    assert set(view.log) == {"█", "\n"}


def test_views_that_look_alike_see_the_same_whenever_they_come(watch: Any, run: Run) -> None:
    log = run._paths.std_log
    log.parent.mkdir(parents=True)

    def go_on() -> None:
        for step in range(700):
            run.log("wave", math.sin(step / 50))
        run.create_children(count=2)
        run.flush()
        with open(log, "a") as file:
            file.writelines(f"line {n}\n" for n in range(5_000))

    go_on()
    first, _ = watch()
    views = [first]
    for rounds in range(2, 5):
        go_on()
        for view in views:
            eventually(lambda seen=view, n=rounds: seen.points("wave")[-1].count == 700 * n)
            eventually(lambda seen=view: seen.log.endswith("line 4999\n"))
            eventually(lambda seen=view, n=rounds: seen.picture.tree.total == 2 * n)
        views.append(watch()[0])
        for view in views:
            eventually(lambda seen=view: seen.values("wave") == first.values("wave"))
            eventually(lambda seen=view: seen.picture.rows == first.picture.rows)
            eventually(lambda seen=view: seen.run == first.run)
            eventually(lambda seen=view: first.log.endswith(seen.log))
    for view in views:
        assert [update.seq for update in view.updates] == list(range(1, len(view.updates) + 1))


def test_whoever_looks_elsewhere_leaves_the_others_as_they_are(watch: Any, run: Run) -> None:
    for step in range(20_000):
        run.log("wave", math.sin(step / 500))
    run.create_children(count=3)
    run.flush()
    (one, of_one), (other, of_other) = watch(), watch()
    of_one.look(Look(charts=True, limit=1))
    assert len(one.values("wave")) > MOST_POINTS_SMALL >= len(other.values("wave"))
    assert (len(one.picture.rows), len(other.picture.rows)) == (1, 3)
    of_other.look(Look(charts=True, limit=1))
    run.log("wave", 2.0)
    for view in (one, other):
        eventually(lambda seen=view: seen.points("wave")[-1].last == 2)
        assert len(view.picture.rows) == 1
    eventually(lambda: one.values("wave") == other.values("wave"))


def test_views_that_come_go_and_look_elsewhere_all_see_what_is_there(
    watcher: Watcher, run: Run
) -> None:
    chosen = random.Random(4)
    looks = [Look(charts=charts, limit=limit) for charts in (False, True) for limit in (2, 5)]
    looks += [Look(filter="metric:loss > 20"), Look(sort=Sort(column="name"), columns=["tags"])]
    views: list[tuple[View, Any]] = []
    for step in range(60):
        run.log("loss", float(step))
        if step % 10 == 0:
            run.child_run(f"child {step}").log("loss", step)
        chosen.choice([run.flush, partial(run.tag, str(step % 7), str(step)), lambda: None])()
        if len(views) < 4 or chosen.random() < 0.2:
            view = View()
            views.append((view, watcher.subscribe(OfRun(run.id), chosen.choice(looks), view)))
        else:
            chosen.choice(views)[1].look(chosen.choice(looks))
        if len(views) > 6:
            views.pop(chosen.randrange(6))[1].close()
    run.flush()

    def sees_what_is_there(view: View, look: Look) -> bool:
        there = watcher.glance(OfRun(run.id), look)  # anew, as the watcher may lag behind a tag
        seen = view.picture
        return (seen.rows, seen.run, seen.tree) == (there.rows, there.run, there.tree)

    for view, subscription in views:
        eventually(lambda seen=view: seen.values("loss") == [float(step) for step in range(60)])
        eventually(lambda seen=view, at=subscription: sees_what_is_there(seen, at.channel.look))
        assert [update.seq for update in view.updates] == list(range(1, len(view.updates) + 1))
        subscription.close()


def test_the_thread_lives_only_while_somebody_looks(watch: Any) -> None:
    def threads() -> list[str]:
        return [t.name for t in threading.enumerate() if t.name == "runwatch-watcher"]

    eventually(lambda: threads() == [])  # as that of another test's view ends soon after it
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

    watcher.subscribe(OfRun(run.id), Look(), broken)
    view, _ = watch()
    run.tag("still", "here")
    eventually(lambda: view.run.tags == {"still": "here"})


def test_a_view_that_leaves_as_it_is_told_does_not_end_the_others_feed(
    watcher: Watcher, watch: Any, run: Run
) -> None:
    def leaving(update: Any) -> None:
        if isinstance(update, Delta):
            for one in opened:
                one.close()

    looks = [Look(), Look(limit=1), Look(limit=2)]
    opened = [watcher.subscribe(OfRun(run.id), look, leaving) for look in looks]
    view, _ = watch(limit=3)
    for key in ("still", "here"):
        run.tag(key)
        eventually(lambda key=key: key in view.run.tags)


def answer(run: Run, command: Any) -> Any:
    def opened(run_id: str) -> Run:
        return Run.get(run._workspace, run_id)

    return commands.answer(run._record.database, command, opened)


def test_a_command_is_acknowledged_and_acts_once(run: Run) -> None:
    first = SetTag(id="1", run_ids=[run.id], key="quality", value="good")
    assert answer(run, first) == Ack(id="1")
    assert answer(run, RemoveTag(id="2", run_ids=[run.id], key="quality")) == Ack(id="2")
    assert answer(run, first) == Ack(id="1"), "it came by the second way"
    assert run.get_tags() == {}


def test_a_refusal_says_why(run: Run) -> None:
    refused = answer(run, SetTag(id="1", run_ids=[run.id], key="", value=None))
    assert isinstance(refused, Refusal)
    assert "at least one character" in refused.message
    missing = answer(run, CancelRuns(id="2", run_ids=["nobody"]))
    assert "nobody was not found" in missing.message


def test_cancelling_what_has_ended_says_so(run: Run) -> None:
    run.complete()
    said = answer(run, CancelRuns(id="1", run_ids=[run.id]))
    assert "already ended (Completed)" in said.message


def test_a_command_on_many_runs_spares_none_for_one_that_refuses(run: Run) -> None:
    command = SetTag(id="1", run_ids=[run.id, "nobody"], key="quality", value="good")
    refused = answer(run, command)
    assert isinstance(refused, Refusal)
    assert refused.message.startswith("1 of 2 runs: ")
    assert run.get_tags() == {"quality": "good"}


def test_name_and_description_are_commands(run: Run) -> None:
    for field in ("display_name", "description"):
        answer(run, SetText(id=field, run_ids=[run.id], field=field, value=f"new {field}"))
    assert (run.display_name, run.description) == ("new display_name", "new description")
    emptied = SetText(id="emptied", run_ids=[run.id], field="description", value="")
    assert isinstance(answer(run, emptied), Ack)
    assert run.description is None


def test_buffers_travel_beside_the_json(watch: Any, run: Run) -> None:
    run.log("loss", 0.5)
    run.flush()
    view, _ = watch()
    content, buffers = wire.encode(view.updates[0])
    sign = content["points"][0]["values"]
    assert sign["kind"] == "f8"
    assert buffers[sign["data"]["$buffer"]] == np.array([0.5]).tobytes()


def test_ten_thousand_live_children_leave_the_feed_quick(watch: Any, run: Run) -> None:
    children = run.create_children(count=10_000)
    view, _ = watch(limit=10)
    assert view.picture.tree.total == 10_000
    for number in range(3):
        children[number].complete()
        eventually(lambda n=number: view.picture.rows[n].status == "Completed", within_s=5)
    run.cancel()
    eventually(lambda: view.run.child_counts == {"Completed": 3, "Canceled": 9_997})
