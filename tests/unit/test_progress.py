"""How far a run has come."""

from __future__ import annotations

from pathlib import Path

import pytest
from tqdm import tqdm

from runwatch.core import Experiment
from runwatch.core.offline_run import OfflineRun
from runwatch.exceptions import UserErrorException
from runwatch.feed.progress import ProgressInLog


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
