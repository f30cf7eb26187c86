"""`runwatch list | show | watch | cancel | tag | logs`, in a terminal, in a pipe and in a file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runwatch import cli
from runwatch.core import Experiment

LOOKING = ["list", "show x", "watch x", "cancel x", "tag x good", "logs x", "doctor", "backup"]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a command prints."""
    capsys.readouterr()
    assert cli.main(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("words", LOOKING)
def test_where_there_is_no_workspace_that_is_said_and_none_is_made(
    folder: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert cli.main(words.split()) == 1
    assert "There is no workspace" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_config_for_which_nothing_was_recorded_is_no_workspace_to_look_into(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("subscription_id", "resource_group", "workspace_name")
    (folder / "config.json").write_text(json.dumps(dict.fromkeys(names, "mine")))
    assert cli.main(["list"]) == 1
    assert "There is no workspace" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["config.json"]


@pytest.mark.parametrize("columns", ["20", "80", "300"])
def test_a_listed_run_can_be_named_whatever_the_width(
    experiment: Experiment,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    other = Experiment(experiment.workspace, "an-experiment-with-quite-a-long-name")
    with other.start_logging(display_name="a run with quite a long name") as run:
        pass
    (line,) = [line for line in said(capsys, "list").splitlines() if run.id in line]
    assert line.split() == [other.name, "1", *run.display_name.split(), "✔", "Completed", run.id]


def test_an_experiment_that_is_not_there_is_no_empty_one(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert experiment.id  # made in the record
    assert cli.main(["list", "explore-rums"]) == 1
    assert "explore-runs" in capsys.readouterr().err


def test_the_whole_tree_is_watched(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging(display_name="top") as run:
        with run.child_run("first") as child, child.child_run("below") as below:
            below.child_run("deepest").complete()
        run.child_run("second").complete()
    _, *shown = said(capsys, "watch", run.id).splitlines()
    assert [line.partition("✔")[0].rstrip() for line in shown] == [
        "top",
        "├─ first",
        "   └─ below",
        "      └─ deepest",
        "└─ second",
    ]


def test_what_is_watched_in_a_pipe_ends_its_last_line(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        pass
    assert said(capsys, "watch", run.id).endswith("\n")


def test_children_that_there_is_no_room_for_are_told(
    experiment: Experiment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_SHOWN_ROWS", 3)
    with experiment.start_logging() as run:
        run.create_children(count=5)
    assert "and 2 more" in said(capsys, "watch", run.id)


def test_watching_ends_in_words_when_the_workspace_is_deleted(
    experiment: Experiment, python: Callable[..., subprocess.Popen[str]]
) -> None:
    run = experiment.start_logging()
    run.flush()
    watching = python(f"""
        from runwatch import cli
        from runwatch.feed.watcher import Watcher
        subscribe = Watcher.subscribe
        def told(*given, **named):
            subscription = subscribe(*given, **named)
            print("watching", flush=True)
            return subscription
        Watcher.subscribe = told
        print("returned", cli.main(["watch", {run.id!r}]))
    """)
    assert watching.stdout is not None
    assert watching.stdout.readline() == "watching\n"
    experiment.workspace._record.drop()
    shown = watching.stdout.read()
    assert "was deleted" in shown
    assert "returned 1" in shown


def test_what_is_shown_is_json_also_of_a_loss_that_is_no_number(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        run.log("loss", float("nan"))
        run.log_list("losses", [1.0, float("inf")])

    def refused(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    shown = json.loads(said(capsys, "show", run.id), parse_constant=refused)
    assert shown["metrics"] == {"loss": "NaN", "losses": [1.0, "Infinity"]}


def test_a_bar_in_a_log_is_printed_as_it_was_written(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        run._paths.std_log.parent.mkdir(parents=True)
        run._paths.std_log.write_bytes(b"10%\r20%\r100%\ndone\r\n")
    assert said(capsys, "logs", run.id) == "10%\r20%\r100%\ndone\r\n"


def test_who_reads_no_more_of_a_log_sees_no_traceback(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run._paths.std_log.parent.mkdir(parents=True)
        run._paths.std_log.write_text("a line\n" * 1_000_000)
    with subprocess.Popen(
        [sys.executable, "-m", "runwatch.cli", "logs", run.id],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as printing:
        assert printing.stdout is not None
        assert printing.stderr is not None
        printing.stdout.close()  # as head does when it has seen enough
        assert printing.stderr.read() == ""
