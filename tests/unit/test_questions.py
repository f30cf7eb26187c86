"""What a view asks for, and what it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runwatch.core import Experiment, Run
from runwatch.feed import find as finding
from runwatch.feed import questions
from runwatch.feed.messages import (
    Export,
    FindText,
    ReadFile,
    ReadPoints,
    ReadTable,
    Refusal,
    SuggestTags,
)
from runwatch.store import labels
from tests.unit.test_feed import decoded


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return experiment.start_logging(run_id="asked")


def ask(run: Run, question: Any) -> Any:
    return questions.answer(run._record.database, question)


def test_points_between_two_places_are_exact_with_their_neighbours(run: Run) -> None:
    for step in range(10_000):
        run.log("loss", step / 3)
    run.flush()
    answer = ask(
        run,
        ReadPoints(id="1", run_ids=[run.id], name="loss", axis="step", low=100.5, high=103),
    )
    (points,) = answer.points
    assert decoded(points.steps) == [100, 101, 102, 103, 104]
    assert decoded(points.values) == [step / 3 for step in range(100, 105)]


def test_points_are_found_by_their_time(run: Run) -> None:
    run.log("loss", 1.0)
    run.flush()
    at = run.get_metric_arrays("loss").times[0] * 1000
    question = ReadPoints(
        id="1", run_ids=[run.id], name="loss", axis="time", low=at - 1, high=at + 1
    )
    assert decoded(ask(run, question).points[0].values) == [1.0]


def test_lists_rows_and_tables_are_rows(run: Run) -> None:
    run.log_list("list", [1, float("nan")])
    run.log_row("row", x=1, y="a")
    run.log_row("row", x=2, z=3)
    run.log_table("table", {"a": [1, 2], "b": [3, 4]})
    run.flush()

    def read(name: str, kind: str) -> tuple[list[str], list[Any], int]:
        answer = ask(run, ReadTable(id="1", run_id=run.id, name=name, kind=kind))
        return answer.columns, answer.rows, answer.total

    assert read("list", "list") == (["list"], [[1], ["NaN"]], 2)
    assert read("row", "row") == (["x", "y", "z"], [[1, "a", None], [2, None, 3]], 2)
    assert read("table", "table") == (["a", "b"], [[1, 3], [2, 4]], 2)


def test_an_image_is_the_name_of_its_file(run: Run, tmp_path: Path) -> None:
    run.log_confusion_matrix("matrix", {"data": {"matrix": [[1]]}})
    run.flush()
    answer = ask(run, ReadTable(id="1", run_id=run.id, name="matrix", kind="artifact"))
    (file,) = answer.files
    content = ask(run, ReadFile(id="1", run_id=run.id, name=file, start_bytes=0, limit_bytes=99))
    assert json.loads(content.data) == {"data": {"matrix": [[1]]}}


def test_a_file_is_read_in_pieces(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(bytes(range(100)))
    run.upload_file("outputs/data", str(tmp_path / "data"))
    question = ReadFile(
        id="1", run_id=run.id, name="outputs/data", start_bytes=90, limit_bytes=1000
    )
    piece = ask(run, question)
    assert (piece.data, piece.start_bytes, piece.size_bytes) == (bytes(range(90, 100)), 90, 100)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "outputs/none"])
def test_only_files_of_the_run_are_read(run: Run, name: str) -> None:
    question = ReadFile(id="1", run_id=run.id, name=name, start_bytes=0, limit_bytes=9)
    answer = ask(run, question)
    assert isinstance(answer, Refusal)
    assert "has no file" in answer.message


LOG = "user_logs/std_log.txt"


def find(run: Run, text: str) -> Any:
    return ask(run, FindText(id="1", run_id=run.id, name=LOG, text=text))


@pytest.fixture
def write(run: Run) -> Callable[[str], None]:
    def _write(text: str) -> None:
        run._paths.std_log.parent.mkdir(parents=True, exist_ok=True)
        run._paths.std_log.write_bytes(text.encode())

    return _write


def test_lines_that_have_a_text_are_found(run: Run, write: Any) -> None:
    write("first\nan Error here, error\nnone\nerror: ünï\n")
    assert find(run, "error").lines_bytes == [6, 32]
    assert find(run, "ÜNï").lines_bytes == [32]
    assert find(run, "(").lines_bytes == find(run, "").lines_bytes == []


def test_of_too_many_lines_the_newest_are_found(run: Run, write: Any) -> None:
    line = "loss 0.125\n"
    write(line * 1500)
    found = find(run, "LOSS")
    assert found.lines_bytes == [len(line) * n for n in range(500, 1500)]
    assert (found.searched_bytes, found.size_bytes) == (len(line) * 1000, len(line) * 1500)
    write(line * 1000)
    found = find(run, "loss")
    assert len(found.lines_bytes) == 1000
    assert found.searched_bytes == found.size_bytes


@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n"])
def test_a_text_that_was_written_over_is_not_found(run: Run, write: Any, end: str) -> None:
    write("begin\r\n 10%\r 20%\r 30%\r\n 10%\r 20%" + end)
    assert find(run, "begin").lines_bytes == [0]
    assert find(run, "10%").lines_bytes == []
    assert find(run, "20%").lines_bytes == [28]
    assert find(run, "30%").lines_bytes == [17]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    pieces=st.lists(st.sampled_from(["\n", "\r", "ab", "aB", "x" * 20, "é"]), max_size=60),
    block_bytes=st.integers(1, 40),
)
def test_a_log_that_is_read_in_blocks_is_searched_as_a_whole(
    tmp_path: Path, pieces: list[str], block_bytes: int
) -> None:
    log = tmp_path / "log"
    log.write_bytes("".join(pieces).encode())
    with open(log, "rb") as file, pytest.MonkeyPatch.context() as patch:
        whole = finding.find(file, "Ab")
        patch.setattr(finding, "BLOCK_BYTES", block_bytes)
        assert finding.find(file, "Ab") == whole
    shown = [line.removesuffix("\r").rpartition("\r")[2] for line in "".join(pieces).split("\n")]
    assert len(whole.lines_bytes) == sum("ab" in line.lower() for line in shown)


def test_a_search_that_takes_too_long_says_how_far_it_came(
    run: Run, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("needle\n" + "hay\n" * 100 + "needle\n")
    monkeypatch.setattr(finding, "WITHIN_S", -1.0)
    monkeypatch.setattr(finding, "BLOCK_BYTES", 50)
    found = find(run, "needle")
    assert found.lines_bytes == [407]
    assert found.searched_bytes < 50 < found.size_bytes


def test_the_experiments_tags_are_suggested_the_most_frequent_first(
    run: Run, experiment: Experiment
) -> None:
    for value in ("bad", "good", "good"):
        experiment.start_logging().set_tags({"quality": value, "seen": None})
    found = ask(run, SuggestTags(id="1", run_id=run.id))
    assert found.tags == {"seen": [], "quality": ["good", "bad"]}


def test_points_are_exported_as_csv_and_as_a_plotly_figure(run: Run) -> None:
    run.display_name = "a, b"
    run.log("loss", 0.5, step=3)
    run.log("loss", float("nan"), step=4)
    run.flush()
    csv = ask(run, Export(id="1", run_ids=[run.id], name="loss", format="csv"))
    head, first, _ = csv.data.decode().splitlines()
    assert head == "run_id,run,metric,step,time,value"
    assert first.startswith('asked,"a, b",loss,3,20')
    assert first.endswith(",0.5")
    figure = ask(run, Export(id="1", run_ids=[run.id], name="loss", format="plotly"))
    assert figure.name == "loss.plotly.json"
    (line,) = json.loads(figure.data)["data"]
    assert (line["name"], line["x"], line["y"]) == ("a, b", [3, 4], [0.5, None])


def test_what_is_asked_of_a_run_that_is_not_there_is_refused_in_words(run: Run) -> None:
    answer = ask(run, SuggestTags(id="1", run_id="nobody"))
    assert answer == Refusal(id="1", message="Run nobody was not found.")


def test_a_tag_that_each_run_has_another_value_of_leaves_room_for_others(
    experiment: Experiment,
) -> None:
    run = experiment.start_logging()
    for number, child in enumerate(run.create_children(tag_key="number", tag_values=range(90))):
        child.tag(f"key {number % 3}", str(number))
    run.tag("season", "autumn")
    with run._record.database.read() as connection:
        found = labels.tags_used_in(connection, experiment._row.key)
    assert found["season"] == ["autumn"]
    assert set(found) == {"number", "key 0", "key 1", "key 2", "season"}
    assert len(found["number"]) == 20
