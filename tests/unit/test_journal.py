"""What `log()` has returned from is in the journal, and comes into the record once."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runwatch.core import Experiment
from runwatch.exceptions import WorkspaceException
from runwatch.store import journal, points, stretch
from runwatch.store.database import Database
from runwatch.store.journal import JournalWriter, SegmentReader, SeriesName, segments
from runwatch.store.shipper import Shipper, ship_abandoned

LOSS = SeriesName("run", "loss", "scalar")

values = st.one_of(
    st.floats(), st.integers(), st.booleans(), st.none(), st.text(), st.lists(st.integers())
)


def read_all(folder: Path) -> dict[SeriesName, list[Any]]:
    found: dict[SeriesName, list[Any]] = {}
    for segment in segments(folder):
        batch, _ = SegmentReader(segment).read(0, most_bytes=1 << 30)
        for series, chunks in batch.items():
            for chunk in chunks:
                pairs = zip(points.steps(chunk), points.values(chunk), strict=True)
                found.setdefault(series, []).extend(pairs)
    return found


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    return type(left) is type(right) and left == right


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    logged=st.lists(
        st.tuples(st.text(min_size=1), st.integers(-(2**62), 2**62) | st.none(), values),
        max_size=150,
    )
)
def test_any_name_and_value_comes_back_as_it_was_in_order(
    tmp_path_factory: pytest.TempPathFactory, logged: list[tuple[str, int | None, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    writer = JournalWriter(folder)
    expected: dict[str, list[tuple[int | None, Any]]] = {}
    for name, step, value in logged:
        writer.append(SeriesName("run", name, "scalar"), step, value)
        expected.setdefault(name, []).append((step, value))
    writer.close()
    found = read_all(folder)
    assert {series.name for series in found} == set(expected)
    for series, logged_points in found.items():
        pairs = zip(logged_points, expected[series.name], strict=True)
        for (got_step, got), (step, value) in pairs:
            assert got_step == step
            assert same(got, value)


@pytest.mark.parametrize("lost", range(1, 40, 3))
def test_a_torn_record_at_the_end_harms_no_other(tmp_path: Path, lost: int) -> None:
    writer = JournalWriter(tmp_path)
    for step in range(5):
        writer.append(LOSS, step, step / 2)
    writer.close()
    (segment,) = segments(tmp_path)
    os.truncate(segment.path, segment.size() - lost)
    (found,) = read_all(tmp_path).values()
    assert [value for _, value in found] == [0.0, 0.5, 1.0, 1.5][: len(found)]
    assert len(found) == (4 if lost <= 37 else 3)


def test_a_damaged_record_is_noticed(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.append(LOSS, 0, 1.0)
    writer.append(LOSS, 1, 2.0)
    writer.close()
    (segment,) = segments(tmp_path)
    content = bytearray(segment.path.read_bytes())
    content[-3] ^= 0xFF
    segment.path.write_bytes(content)
    (found,) = read_all(tmp_path).values()
    assert [value for _, value in found] == [1.0]


def test_a_damaged_record_in_a_long_stretch_is_noticed(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    for step in range(500):
        writer.append(LOSS, step, float(step))
    writer.close()
    (segment,) = segments(tmp_path)
    content = bytearray(segment.path.read_bytes())
    content[-1 - 100 * stretch.RECORD_BYTES] ^= 0xFF
    segment.path.write_bytes(content)
    (found,) = read_all(tmp_path).values()
    assert [step for step, _ in found] == list(range(399))


def test_series_and_kinds_of_numbers_mix_in_a_long_stretch(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    expected: dict[str, list[tuple[int | None, Any]]] = {"a": [], "b": []}
    for index in range(1000):
        name = "ab"[index % 3 == 0]
        value = index if index % 100 < 30 else index / 2
        step = None if index < 300 else index
        writer.append(SeriesName("run", name, "scalar"), step, value)
        expected[name].append((step, value))
    writer.close()
    for series, found in read_all(tmp_path).items():
        assert found == expected[series.name]
        assert [type(value) for _, value in found] == [type(v) for _, v in expected[series.name]]


def test_each_segment_can_be_read_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 200)
    writer = JournalWriter(tmp_path)
    for step in range(20):
        writer.append(LOSS, step, float(step))
    writer.close()
    assert len(segments(tmp_path)) > 2
    assert [step for step, _ in read_all(tmp_path)[LOSS]] == list(range(20))


@pytest.fixture
def database(experiment: Experiment) -> Database:
    experiment.start_logging(run_id="run")
    return experiment.workspace._record.database


def values_of(experiment: Experiment) -> Any:
    return next(iter(experiment.get_runs())).get_metrics().get("loss")


def test_points_are_shipped_once_by_however_many_shippers(
    database: Database, experiment: Experiment
) -> None:
    folder = database.paths.journals / "group"
    writer = JournalWriter(folder)
    one, other = Shipper(database, folder), Shipper(database, folder)
    for step in range(30):
        writer.append(LOSS, step, float(step))
        (one if step % 3 else other).ship()
    Shipper(database, folder).ship()
    assert values_of(experiment) == [float(step) for step in range(30)]


def test_a_transaction_that_fails_ships_nothing_and_the_next_all(
    database: Database, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = database.paths.journals / "group"
    writer = JournalWriter(folder)
    writer.append(LOSS, 0, 1.0)
    writer.append(LOSS, 1, 2.0)

    def full(*_: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("runwatch.store.shipper.metrics.append", full)
        with pytest.raises(OSError, match="no room"):
            Shipper(database, folder).ship()
    Shipper(database, folder).ship()
    assert values_of(experiment) == [1.0, 2.0]


def test_what_a_dead_writer_left_is_shipped_and_removed(
    database: Database, experiment: Experiment
) -> None:
    folder = database.paths.journals / "group"
    writer = JournalWriter(folder)
    writer.append(LOSS, 0, 1.0)
    ship_abandoned(database)
    assert segments(folder), "a living writer's journal was taken away"
    writer.append(LOSS, 1, 2.0)
    writer.close()
    ship_abandoned(database)
    assert not folder.exists()
    assert values_of(experiment) == [1.0, 2.0]


def test_full_segments_of_a_living_writer_are_removed_when_shipped(
    database: Database, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 500)
    folder = database.paths.journals / "group"
    writer = JournalWriter(folder)
    for step in range(100):
        writer.append(LOSS, step, float(step))
    Shipper(database, folder).ship()
    assert len(segments(folder)) == 1
    assert values_of(experiment) == [float(step) for step in range(100)]


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(WorkspaceException, match="was not logged"):
        JournalWriter(blocked / "journal").append(LOSS, 0, 1.0)


def test_a_folder_that_is_removed_before_the_first_point_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "group"
    mkdir, removals = Path.mkdir, iter([True, True, False])

    def mkdir_and_be_shipped(path: Path, **options: Any) -> None:
        mkdir(path, **options)
        if path == folder and next(removals):
            path.rmdir()

    monkeypatch.setattr(Path, "mkdir", mkdir_and_be_shipped)
    writer = JournalWriter(folder)
    writer.append(LOSS, 0, 1.0)
    writer.close()
    assert read_all(folder) == {LOSS: [(0, 1.0)]}


def test_a_fork_writes_a_journal_of_its_own(database: Database, experiment: Experiment) -> None:
    run = next(iter(experiment.get_runs()))
    run.log("loss", 1.0)
    pid = os.fork()
    if pid == 0:
        try:
            run.log("loss", 2.0)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    run.log("loss", 3.0)
    ship_abandoned(database)
    assert sorted(run.get_metrics()["loss"]) == [1.0, 2.0, 3.0]
