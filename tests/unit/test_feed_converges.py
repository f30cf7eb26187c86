"""Whatever happens, and in whatever order: a view comes to show what is there."""

from __future__ import annotations

import contextlib
import io
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from runwatch.core import Experiment, Run
from runwatch.exceptions import RunwatchException
from runwatch.feed.family import OfExperiment, OfRun
from runwatch.feed.messages import Delta, Look, Points, Snapshot
from runwatch.feed.picture import Picture
from runwatch.feed.watcher import Scope, Watcher
from runwatch.store import run_files, runs
from tests.conftest import eventually

STEPS = 60
MOST_RUNS = 12
_VALUES = (0.5, 3, True, math.nan, math.inf, "text", 10**30, None)
_COLUMNS = ("status", "tags", "spark:loss", "metric:loss", "metric:acc", "param:rate", "tag:q")
_FILTERS = ("metric:loss<1", "status:run", "tag:q", "-tag:q=a", "param:rate>0.1", "x", "bad:", '"')
_LOGS = ("logs/a.txt", "logs/b.txt", "user_logs/std_log.txt")
_POINTS = ("count", "last", "last_step", "lowest", "highest", "highest_step")


class View:
    """Keeps what it is sent, and the log as the browser puts it together."""

    def __init__(self) -> None:
        self.picture = Picture()
        self.log = ""

    def __call__(self, update: Any) -> None:
        assert isinstance(update, (Snapshot, Delta)), update
        assert update.seq == self.picture.seq + 1
        self.picture.take(update)
        if update.log_text is not None:
            before = "" if update.log_text.replace else self.log
            self.log = before + update.log_text.text


class Story:
    """What happens to some runs, at random."""

    def __init__(self, experiment: Experiment, chosen: random.Random) -> None:
        self._chosen = chosen
        self.top = experiment.start_logging(run_id="top")
        self._runs = [self.top]
        self._happenings = [
            self._log,
            self._log,
            self._structure,
            self._label,
            self._text,
            self._progress,
            self._print,
            self._print,
            self._write_log,
            self._write_log,
            self._write_output,
            self._child,
            self._child,
            self._end,
        ]

    def go_on(self) -> None:
        run = self._chosen.choice([self.top, *self._runs])
        with contextlib.suppress(RunwatchException):  # such as a metric of one that was cancelled
            self._chosen.choice(self._happenings)(run)

    def look(self, known: list[str]) -> Look:
        maybe = self._chosen.random
        return Look(
            columns=self._chosen.sample(_COLUMNS, self._chosen.randint(0, 6)),
            expanded=known if maybe() < 0.5 else [],
            filter=self._chosen.choice(_FILTERS) if maybe() < 0.3 else "",
            offset=self._chosen.choice([0, 0, 1, 3]),
            limit=self._chosen.choice([1, 3, 50]),
            log=self._chosen.choice(_LOGS),
            charts=maybe() < 0.5,
            compare=known[:2] if maybe() < 0.5 else [],
        )

    def _log(self, run: Run) -> None:
        name, step = self._chosen.choice(["loss", "acc"]), self._chosen.choice([None, -3, 70])
        for _ in range(self._chosen.choice([1, 2, 70])):
            run.log(name, self._chosen.choice([*_VALUES, self._chosen.random()]), step=step)

    def _structure(self, run: Run) -> None:
        run.log_row("rows", a=1)
        run.log_confusion_matrix("matrix", {"a": 1})

    def _label(self, run: Run) -> None:
        value = self._chosen.choice("ab")
        labels: list[Callable[[], None]] = [
            lambda: run.tag("q", value),
            lambda: run.remove_tags(["q"]),
            lambda: run.add_properties({value: value}),
            lambda: run.log_parameters({"rate": self._chosen.choice([0.1, 3, "s", math.nan])}),
        ]
        self._chosen.choice(labels)()

    def _text(self, run: Run) -> None:
        run.display_name = self._chosen.choice(["x", "y"])
        run.description = self._chosen.choice(["d", None])

    def _progress(self, run: Run) -> None:
        run.set_progress(self._chosen.randint(0, 9), 9, self._chosen.choice([None, "train"]))

    def _print(self, run: Run) -> None:
        bar = f"\r 40%|\u2588   | {self._chosen.randint(1, 9)}/9 [00:20<00:30,  5.00s/it]"
        text = self._chosen.choice([bar, bar, "plain\n", "\u2588\n", "y" * 90_000 + bar])
        data = self._chosen.choice([text.encode(), "\u2588".encode()[:2]])
        run._paths.std_log.parent.mkdir(parents=True, exist_ok=True)
        with open(run._paths.std_log, "ab") as file:
            file.write(data)

    def _write_log(self, run: Run) -> None:
        path = run._paths.work / "logs" / self._chosen.choice(["a.txt", "b.txt"])
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, self._chosen.choice("aaw")) as file:
            file.write(self._chosen.choice(["one\n", "two\nthree\n", "x\r", ""]))
        if self._chosen.random() < 0.2:
            self._chosen.choice([path.unlink, lambda: run_files.gather(run._paths)])()

    def _write_output(self, run: Run) -> None:
        path = run._paths.work / "outputs" / "o.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("z" * self._chosen.randint(0, 9))
        run.upload_file(f"up{self._chosen.randint(0, 3)}", io.StringIO("up"))

    def _child(self, run: Run) -> None:
        if len(self._runs) < MOST_RUNS:
            several = self._chosen.random() < 0.3
            self._runs += run.create_children(count=2) if several else [run.child_run("child")]

    def _end(self, run: Run) -> None:
        if run is self.top and self._chosen.random() < 0.7:
            return
        ends: list[Callable[[], object]] = [
            run.complete,
            lambda: run.fail("why\nmore"),
            run.cancel,
            lambda: self._ask_to_cancel(run),
        ]
        self._chosen.choice(ends)()

    def _ask_to_cancel(self, run: Run) -> None:
        """As another process does."""
        with run._record.database.write() as tx:
            runs.request_cancel(tx, run._row(), grace_s=3)


def lacking(view: View, there: Snapshot, look: Look) -> list[str]:
    """Return in which parts the view shows something else than what is there."""
    seen = view.picture
    fresh = Picture()
    fresh.take(there)
    text = there.log_text.text if there.log_text is not None else ""
    shown = {there.run.run_id if there.run is not None else "", *look.compare}
    same = {
        "run": _without_estimate(seen) == _without_estimate(fresh),
        "experiment": seen.experiment == fresh.experiment,
        "tree": seen.tree == fresh.tree,
        "rows": seen.rows == fresh.rows,
        "offered": set(fresh.offered) <= set(seen.offered),
        "points": _ends(seen, shown) == _ends(fresh, shown),
        "structures": seen.structures == fresh.structures,
        "logs": seen.logs == fresh.logs,
        "files": seen.files == fresh.files,
        "log": view.log.endswith(text) or not fresh.logs,
    }
    return [part for part, is_same in same.items() if not is_same]


def _without_estimate(picture: Picture) -> Any:
    """Return the run; who came later may reckon otherwise how long it will take."""
    run = picture.run
    if run is None or run.progress is None:
        return run
    return replace(run, progress=replace(run.progress, left_ms=None))


def _ends(picture: Picture, shown: set[str]) -> dict[tuple[str, str], list[Any]]:
    def end(points: Points) -> list[Any]:
        known = asdict(points)
        return [known[name] for name in _POINTS]

    return {key: end(points) for key, points in picture.last.items() if key[0] in shown}


class Views:
    """Several views of what happens, over one watcher."""

    def __init__(self, experiment: Experiment) -> None:
        self._record = experiment.workspace._record
        self.watcher = self._new_watcher()
        self._views: list[tuple[View, Any]] = []

    def _new_watcher(self) -> Watcher:
        return Watcher(self._record.database, self._record.settle)

    def begin(self, scope: Scope, look: Look) -> None:
        view = View()
        self._views.append((view, self.watcher.subscribe(scope, look, view)))

    def one(self, chosen: random.Random) -> tuple[View, Any]:
        return chosen.choice(self._views)

    def come_to_show_what_is_there(self) -> None:
        self._record.recorder.ship()
        for view, subscription in self._views:
            eventually(lambda seen=view, at=subscription: self._is_shown(seen, at))

    def _is_shown(self, view: View, subscription: Any) -> bool:
        look = subscription.channel.look
        there = self._new_watcher().glance(subscription.scope, look)
        with self.watcher._lock:
            return lacking(view, there, look) == []

    def close(self) -> None:
        for _, subscription in self._views:
            subscription.close()


@pytest.mark.parametrize("seed", [2, 7, 8, 23])
def test_a_view_comes_to_show_what_is_there_whatever_happens(
    experiment: Experiment, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runwatch.feed.channel.FILES_EVERY_S", 0.1)
    monkeypatch.setattr("runwatch.feed.channel.FILES_OF_ENDED_EVERY_S", 0.1)
    monkeypatch.setattr("runwatch.feed.tree_view.SPARKS_EVERY_S", 0.1)
    chosen = random.Random(seed)
    story, views = Story(experiment, chosen), Views(experiment)
    scopes = [OfRun("top"), OfExperiment(experiment._row.key)]
    for scope in (*scopes, *scopes):
        views.begin(scope, story.look([]))
    for step in range(STEPS):
        at_once = chosen.choice([1, 1, 4])
        with views.watcher._lock:  # all of it is new at its next look
            for _ in range(at_once):
                story.go_on()
        if chosen.random() < 0.2:
            view, subscription = views.one(chosen)
            subscription.look(story.look([row.run_id for row in view.picture.rows]))
        if step == STEPS // 2:
            views.come_to_show_what_is_there()
    views.come_to_show_what_is_there()
    views.close()
