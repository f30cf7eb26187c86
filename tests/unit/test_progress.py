"""How far a run has come."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from tqdm import tqdm

from runwatch.core import Experiment
from runwatch.core.offline_run import OfflineRun
from runwatch.exceptions import UserErrorException
from runwatch.feed.progress import LoggedProgress, ProgressInLog

MINUTE = 60_000


def left(*points: tuple[float, float, float, str]) -> int | None:
    """Return how many minutes are left by points of minute, done, total and label."""
    progress = LoggedProgress()
    for minute, done, total, label in points:
        at_ms = round(minute * MINUTE)
        progress.take({"done": done, "total": total, "label": label, "unix_ms": at_ms})
    assert progress.shown is not None
    msgspec.json.encode(progress.shown)
    left_ms = progress.shown.left_ms
    return None if left_ms is None else round(left_ms / MINUTE)


def test_how_long_it_takes_is_measured_in_what_is_done_now() -> None:
    trained = [(0, 0, 10, "train"), (60, 10, 10, "train")]
    assert left(*trained) == 0
    assert left(*trained, (61, 1, 10, "validate")) is None
    assert left(*trained, (61, 1, 10, "validate"), (62, 2, 10, "validate")) == 8
    assert left(*trained, (61, 1, 20, "train"), (64, 2, 20, "train")) == 54


def test_what_an_earlier_run_has_done_says_nothing_of_how_quickly_this_one_goes_on() -> None:
    assert left((0, 900, 1000, "resumed")) is None
    assert left((0, 900, 1000, "resumed"), (1, 901, 1000, "resumed")) == 99


def test_what_begins_anew_is_measured_anew() -> None:
    first = [(minute, minute, 10, "epoch") for minute in range(11)]
    assert left(*first, (20, 0, 10, "epoch")) is None
    assert left(*first, (20, 0, 10, "epoch"), (25, 1, 10, "epoch")) == 45


def test_epochs_between_which_something_else_is_done_have_a_time_that_is_left() -> None:
    first = [(10, 1, 5, "train"), (11, 1, 2, "validate"), (12, 2, 2, "validate")]
    assert left(*first, (20, 2, 5, "train")) == 30


@pytest.mark.parametrize(
    "points",
    [
        [(0, 1, 4, "stands"), (5, 1, 4, "stands")],
        [(5, 1, 4, "clock was set back"), (0, 2, 4, "clock was set back")],
        [(0, 0, 1e300, "hardly moves"), (9, 1e-300, 1e300, "hardly moves")],
    ],
)
def test_where_nobody_can_say_nothing_is_said(
    points: list[tuple[float, float, float, str]],
) -> None:
    assert left(*points) is None


def test_a_label_for_each_step_leaves_the_feed_small() -> None:
    progress = LoggedProgress()
    for step in range(10_000):
        progress.take({"done": 1, "total": 2, "label": f"step {step}", "unix_ms": step})
    assert len(progress._phases) < 100


def shown(tmp_path: Path, text: str) -> object:
    (tmp_path / "log").write_text(text)
    found = ProgressInLog(tmp_path / "log").look()
    return found and (found.label, found.done, found.total, found.left_ms)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 45%|████▌     | 45/100 [00:10<00:12,  4.50it/s]", (None, 45, 100, 12_000)),
        ("\rfit: 100%|███| 3/3 [1:00:00<00:00, 1s/it]\n", ("fit", 3, 3, 0)),
        ("  0%|   | 0/60000 [00:00<?, ?it/s]", (None, 0, 60_000, None)),
        ("a:  1%|▏| 1.20k/120k [00:01<1:01:40, 32.1MB/s]", ("a", 1_200, 120_000, 3_700_000)),
        ("10%|█| 1/10 [00:01<00:09]\r20%|██| 2/10 [00:02<00:08]", (None, 2, 10, 8_000)),
        ("accuracy 45% | 3/4 of all", None),
        ("10%|█| 1.2.3/4 [00:01<00:09]", None),
        ("0%|  | 1/9 [00:01<99999999999999999999]", (None, 1, 9, None)),
        ("", None),
    ],
)
def test_a_bar_of_tqdm_is_noticed(tmp_path: Path, text: str, expected: object) -> None:
    assert shown(tmp_path, text) == expected


def test_what_tqdm_itself_writes_is_noticed(tmp_path: Path) -> None:
    with open(tmp_path / "log", "w") as file:
        bar = tqdm(total=8, desc="epochs", file=file)
        bar.update(2)
        bar.refresh()
        file.flush()
        found = ProgressInLog(tmp_path / "log").look()
        bar.close()
    assert found is not None
    assert (found.label, found.done, found.total) == ("epochs", 2, 8)


def test_of_nested_bars_the_outer_one_tells_how_far_the_run_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    watched = ProgressInLog(log)
    with open(log, "w") as file:
        outer = tqdm(total=4, desc="epochs", file=file, mininterval=0)
        outer.update(1)
        for done in range(200):
            with tqdm(total=9, desc="batches", file=file, mininterval=0, leave=False) as inner:
                inner.update(5)
                file.flush()
                for found in (watched.look(), ProgressInLog(log).look()):
                    assert found is not None, done
                    assert (found.label, found.done, found.total) == ("epochs", 1, 4), done
        outer.update(1)
        file.flush()
        last = watched.look()
        outer.close()
    assert last is not None
    assert (last.label, last.done) == ("epochs", 2)


def test_an_outer_bar_stays_as_old_as_it_is_while_inner_ones_go_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    watched = ProgressInLog(log)
    text = "\repochs: 10%|█| 1/10 [00:01<00:09]"
    for second in range(1, 4):
        text += "\n\rbatches: 50%|█| 1/2 [00:01<00:01]\x1b[A"
        log.write_text(text)
        os.utime(log, (second, second))
        found = watched.look()
        assert found is not None
        assert (found.label, found.updated_ms) == ("epochs", 1000)


def test_inner_bars_alone_are_noticed(tmp_path: Path) -> None:
    assert shown(tmp_path, "\n\rb: 50%|█| 1/2 [00:01<00:01]\x1b[A") == ("b", 1, 2, 1000)


@pytest.mark.parametrize("piece", [".", "a: ", '{"loss": 0.1}, '])
def test_a_long_line_that_is_no_bar_is_looked_through_at_once(tmp_path: Path, piece: str) -> None:
    log = tmp_path / "log"
    log.write_text(piece * 9000)
    for _ in range(1000):  # if it took long for its length, these would take minutes
        assert ProgressInLog(log).look() is None


def test_a_bar_is_as_old_as_its_log_whenever_it_is_looked_at(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("10%|█| 1/10 [00:01<00:09]")
    os.utime(log, (1_000_000, 1_000_000))
    found = ProgressInLog(log).look()
    assert found is not None
    assert found.updated_ms == 1_000_000_000


def test_a_log_that_is_not_there_yet_is_no_error(tmp_path: Path) -> None:
    assert ProgressInLog(tmp_path / "none").look() is None


@pytest.mark.parametrize(
    ("done", "total", "says"),
    [
        (-1, 10, "got -1 of 10"),
        (1, 0, "got 1 of 0"),
        (float("nan"), 1, "done as a finite number"),
        (1, "ten", "total as a finite number"),
    ],
)
def test_progress_that_is_none_is_refused_in_words(
    experiment: Experiment, done: float, total: float, says: str
) -> None:
    with pytest.raises(UserErrorException, match=says):
        experiment.start_logging().set_progress(done, total)


def test_an_offline_run_prints_its_progress(capsys: pytest.CaptureFixture[str]) -> None:
    OfflineRun().set_progress(1, 4, "training")
    assert "1 of 4 training" in capsys.readouterr().out
