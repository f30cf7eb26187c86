"""What a notebook's runs write to outputs/ belongs to each of them alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from runwatch.core import Experiment, Run


def test_each_run_gets_what_came_while_it_ran(experiment: Experiment, folder: Path) -> None:
    (folder / "outputs").mkdir()
    (folder / "outputs" / "old.txt").write_text("of another day")
    for number in range(3):
        with experiment.start_logging(run_id=f"run-{number}"):
            (folder / "outputs" / f"model-{number}.txt").write_text(str(number))
            (folder / "outputs" / "best.txt").write_text(f"best of {number}")
    for number in range(3):
        run = Run(experiment, f"run-{number}")
        assert run.get_file_names() == ["outputs/best.txt", f"outputs/model-{number}.txt"]
        run.download_file("outputs/best.txt", str(folder / "download"))
        assert (folder / "download").read_text() == f"best of {number}"


@pytest.mark.parametrize("end", ["fail", "raise", "cancel"])
def test_a_run_that_ends_badly_keeps_its_outputs(
    experiment: Experiment, folder: Path, end: str
) -> None:
    run = experiment.start_logging(outputs="results")
    (folder / "results" / "half.txt").write_text("half")
    if end == "fail":
        run.fail("no")
    elif end == "raise":
        with pytest.raises(ValueError, match="no"), run:
            raise ValueError("no")
    else:
        with pytest.raises(KeyboardInterrupt), run:
            run.cancel()
            raise KeyboardInterrupt
    assert run.get_file_names() == ["results/half.txt"]


def test_the_files_are_there_when_the_status_is(experiment: Experiment, folder: Path) -> None:
    run = experiment.start_logging()
    (folder / "outputs" / "model").write_text("m")
    seen: list[list[str]] = []
    become = Run._become
    try:
        Run._become = lambda self, *a, **k: (  # type: ignore[method-assign]
            seen.append(self.get_file_names()),
            become(self, *a, **k),
        )[1]
        run.complete()
    finally:
        Run._become = become  # type: ignore[method-assign]
    assert seen == [["outputs/model"]]
