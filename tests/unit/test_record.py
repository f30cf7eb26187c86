"""The database: made, upgraded, shared, refused."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from runwatch.core import Experiment, Workspace
from runwatch.exceptions import ServiceException, WorkspaceException
from runwatch.store import schema
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


def test_many_processes_make_one_workspace(folder: Path) -> None:
    program = (
        "from runwatch import *; e = Experiment(Workspace.from_config(), 'e'); "
        "e.start_logging().complete()"
    )
    started = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(6)]
    assert [process.wait() for process in started] == [0] * 6
    runs = list(Experiment(Workspace.from_config(), "e").get_runs())
    assert sorted(run.number for run in runs) == [1, 2, 3, 4, 5, 6]


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
