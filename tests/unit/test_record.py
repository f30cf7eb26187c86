"""The database: made, upgraded, shared, refused."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from runwatch.core import Experiment, ScriptRunConfig, Workspace
from runwatch.exceptions import ServiceException, WorkspaceException
from runwatch.store import runs, schema, sqlite_file
from runwatch.store.database import Database
from runwatch.store.migrations import upgrade


def test_the_migrations_make_the_schema(workspace: Workspace) -> None:
    assert upgrade.newest() == schema.VERSION
    with workspace._record.database.read() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    assert difference == []


def test_a_workspace_of_a_newer_version_is_refused_with_the_version_to_install(
    workspace: Workspace,
) -> None:
    paths = workspace._record.paths
    with sqlite3.connect(paths.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
        connection.execute("UPDATE workspace SET value = '7.1.0' WHERE key = 'written_by'")
    with pytest.raises(WorkspaceException, match=r"Install version 7\.1\.0 or newer"):
        Database(paths)


def test_the_workspace_is_the_users_alone(workspace: Workspace) -> None:
    paths = workspace._record.paths
    assert stat.S_IMODE(paths.root.stat().st_mode) == 0o700
    assert workspace._record.database.workspace_id
    assert stat.S_IMODE(paths.database.stat().st_mode) == 0o600


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def made_in(workspace: Workspace, source: Path) -> dict[str, int]:
    """Have all sorts of things made in a workspace, and return their rights by place."""
    root = workspace._record.paths.root
    source.mkdir()
    (source / "train.py").write_text("import runwatch; print(runwatch.Run.get_context().id)")
    run = Experiment(workspace, "e").start_logging(outputs=str(source / "outputs"))
    run.log("loss", 1)
    run.upload_file("a/file.txt", io.BytesIO(b"x"))
    (source / "outputs/deep").mkdir(parents=True)
    (source / "outputs/deep/own.txt").write_text("x")
    run.register_model("m", "a/file.txt")
    run.flush()
    rights = {}
    for place in (root, *root.rglob("*")):
        rights[place.relative_to(root).as_posix()] = stat.S_IMODE(place.lstat().st_mode)
    run.complete()
    run.take_snapshot(source)
    for place in root.rglob("*"):
        rights[place.relative_to(root).as_posix()] = stat.S_IMODE(place.lstat().st_mode)
    assert {"record.sqlite-wal", "write.lock", "models/m/1/file.txt"} <= set(rights)
    ends = (".journal", "/files/a/file.txt", "/files/outputs/deep/own.txt", "/train.py")
    assert all(any(name.endswith(end) for name in rights) for end in ends)
    del rights[".gitignore"]
    return rights


@pytest.mark.usefixtures("strict_umask")
def test_what_is_made_in_a_shared_workspace_is_shared(folder: Path) -> None:
    workspace = Workspace.from_config()
    root = workspace._record.paths.root
    for place in (root, *(path for path in root.iterdir() if path.is_dir())):
        place.chmod(0o2770)
    rights = made_in(workspace, folder / "source")
    folders = {name for name in rights if (root / name).is_dir()}
    assert {name: oct(rights[name]) for name in folders} == dict.fromkeys(folders, oct(0o2770))
    assert {name: oct(mode) for name, mode in rights.items() if mode & 0o067 != 0o060} == {}


@pytest.mark.usefixtures("strict_umask")
def test_what_is_made_where_others_may_read_can_be_read_and_not_locked(folder: Path) -> None:
    workspace = Workspace.from_config()
    root = workspace._record.paths.root
    for place in (root, *(path for path in root.iterdir() if path.is_dir())):
        place.chmod(0o755)
    rights = made_in(workspace, folder / "source")
    for_writers = {n for n in rights if n.endswith(".lock") or n.startswith("journal/")}
    assert {name: oct(rights[name]) for name in for_writers if rights[name] & 0o077} == {}
    others = set(rights) - for_writers - {".gitignore"}
    assert {
        name: oct(rights[name]) for name in others if rights[name] & 0o077 not in (0o44, 0o55)
    } == {}


@pytest.mark.usefixtures("strict_umask")
def test_what_is_made_in_a_workspace_of_ones_own_is_ones_own(folder: Path) -> None:
    rights = made_in(Workspace.from_config(), folder / "source")
    assert {name: oct(mode) for name, mode in rights.items() if mode & 0o077} == {}


@pytest.mark.usefixtures("strict_umask")
def test_what_a_script_leaves_is_shared_and_nothing_behind_its_links(folder: Path) -> None:
    workspace = Workspace.from_config()
    root = workspace._record.paths.root
    for place in (root, root / "runs"):
        place.chmod(0o2770)
    secret = folder / "secret"
    secret.write_text("x")
    (folder / "source").mkdir()
    script = f"import os; os.symlink({str(secret)!r}, 'outputs/link'); open('outputs/own', 'w')"
    (folder / "source/train.py").write_text(script)
    run = Experiment(workspace, "e").submit(ScriptRunConfig(folder / "source", "train.py"))
    run.wait_for_completion()
    for file in (run._paths.files / "outputs/own", run._paths.std_log, run._paths.supervisor_log):
        assert stat.S_IMODE(file.stat().st_mode) == 0o660
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o2770
    assert (run._paths.files / "outputs/link").is_symlink()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary copies are made."""
    place = tmp_path / "copies"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def counted(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM t").fetchone()
    return int(count)


class Writer:
    """Another process that writes to a database now and then."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("CREATE TABLE IF NOT EXISTS t (x)")

    def add(self) -> None:
        self.connection.execute("INSERT INTO t VALUES (1)")


def test_who_may_only_read_sees_what_is_written_later(tmp_path: Path, copies: Path) -> None:
    file = tmp_path / "a.sqlite"
    Writer(file).connection.close()
    reading = sqlite_file.Reading(file)
    before = reading.connect()
    assert counted(before) == 0
    assert not reading.is_outdated()
    writer = Writer(file)
    writer.add()
    assert reading.is_outdated()
    before.close()
    reading.begin_anew()
    with_writer = reading.connect()
    assert counted(with_writer) == 1
    writer.add()  # which SQLite sees by itself from now on
    assert not reading.is_outdated()
    assert counted(with_writer) == 2
    with_writer.close()
    writer.connection.close()
    assert not file.with_name("a.sqlite-wal").exists()
    alone = reading.connect()
    assert counted(alone) == 2
    alone.close()
    assert list(copies.iterdir()) == []


def test_a_copy_is_read_no_longer_than_it_is_true_and_not_left_behind(
    tmp_path: Path, copies: Path
) -> None:
    file = tmp_path / "a.sqlite"
    writer = Writer(file)
    writer.add()
    (tmp_path / "copied").mkdir()
    copied = tmp_path / "copied/a.sqlite"

    def copy_without_index() -> None:
        for end in ("", "-wal"):
            shutil.copyfile(f"{file}{end}", f"{copied}{end}")

    copy_without_index()
    reading = sqlite_file.Reading(copied)
    connections = [reading.connect(), reading.connect()]
    assert [counted(one) for one in connections] == [1, 1]
    assert len(list(copies.iterdir())) == 1
    writer.add()
    copy_without_index()
    reading._look_again = float("inf")
    assert not reading.is_outdated()  # as a large file took long to copy
    reading._look_again = 0.0
    assert reading.is_outdated()
    for one in connections:
        one.close()
    reading.begin_anew()
    assert list(copies.iterdir()) == []
    again = reading.connect()
    assert counted(again) == 2
    again.close()
    assert len(list(copies.iterdir())) == 1
    del reading
    assert list(copies.iterdir()) == []
    assert sorted(path.name for path in copied.parent.iterdir()) == ["a.sqlite", "a.sqlite-wal"]
    writer.connection.close()


def test_a_copy_that_can_not_be_made_is_told_and_not_left_behind(
    tmp_path: Path, copies: Path
) -> None:
    file = tmp_path / "a.sqlite"
    Writer(file).connection.close()
    file.with_name("a.sqlite-wal").mkdir()
    (tmp_path / "a.sqlite-wal/x").write_text("so that it is no empty log")
    with pytest.raises(sqlite3.OperationalError, match="unable to read or copy it"):
        sqlite_file.Reading(file).connect()
    assert list(copies.iterdir()) == []


def test_a_record_that_may_only_be_read_tells_that_others_have_written(
    workspace: Workspace, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = Experiment(workspace, "e")
    database = workspace._record.database
    database.close()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sqlite_file, "is_read_only", lambda _: True)
        reader = Database(workspace._record.paths)
    versions = [reader.data_version()]
    for number in range(3):
        experiment.start_logging(run_id=f"run-{number}", outputs=False).complete()
        versions.append(reader.data_version())
        with reader.read() as connection:
            statuses = [row.status for row in runs.where(connection)]
        assert statuses == ["Completed"] * (number + 1)
        database.close()
        assert reader.data_version() is not None
    assert len(set(versions)) == len(versions)
    workspace._record.recorder.stop()  # its thread may still have a sign of life to write
    assert reader.data_version() == reader.data_version()
    reader.close()
    assert list(copies.iterdir()) == []


def test_many_processes_make_one_workspace(folder: Path) -> None:
    program = (
        "from runwatch import *; e = Experiment(Workspace.from_config(), 'e'); "
        "e.start_logging().complete()"
    )
    started = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(6)]
    assert [process.wait() for process in started] == [0] * 6
    found = list(Experiment(Workspace.from_config(), "e").get_runs())
    assert sorted(run.number for run in found) == [1, 2, 3, 4, 5, 6]


def test_threads_may_share_a_run(experiment: Experiment) -> None:
    run = experiment.start_logging()

    def work(number: int) -> None:
        for step in range(50):
            run.log(f"metric {number}", step)
            run.tag(f"tag {number}", str(step))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert run.get_metrics() == {f"metric {n}": list(range(50)) for n in range(8)}
    assert run.get_tags() == {f"tag {n}": "49" for n in range(8)}


def test_a_damaged_database_is_named(workspace: Workspace) -> None:
    paths = workspace._record.paths
    workspace._record.database.close()
    paths.database.write_bytes(b"this is no database" * 1000)
    with pytest.raises(WorkspaceException, match=r"record\.sqlite is damaged"):
        Database(paths)


def test_an_id_that_is_taken_is_refused(experiment: Experiment) -> None:
    experiment.start_logging(run_id="mine")
    with pytest.raises(ServiceException, match="'mine' exists already"):
        experiment.start_logging(run_id="mine")
