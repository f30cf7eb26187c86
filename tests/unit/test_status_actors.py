"""Several actors change one run's status at the same time, each with a database of its own."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runwatch.compute import settle
from runwatch.store import experiments, runs
from runwatch.store.database import Database, Transaction
from runwatch.store.paths import WorkspacePaths
from runwatch.store.runs import NewRun, RunRow
from runwatch.store.status import TERMINAL, RunStatus, may_become

ACTORS = 3


def _cancel(tx: Transaction, row: RunRow) -> None:
    runs.request_cancel(tx, row)


def _end(tx: Transaction, row: RunRow) -> None:
    settle.end(tx, row, error={"code": "ProcessEnded", "message": "gone"})


def _becomes(status: str) -> object:
    return lambda tx, row: runs.change_status(tx, row.id, status)


ACTIONS = {
    "starts": _becomes(RunStatus.RUNNING),
    "completes": _becomes(RunStatus.COMPLETED),
    "fails": _becomes(RunStatus.FAILED),
    "is asked to cancel": _cancel,
    "is found dead": _end,
    "falls silent": _becomes(RunStatus.NOT_RESPONDING),
    "comes back": _becomes(RunStatus.RUNNING),
}


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> list[Database]:
    paths = WorkspacePaths(tmp_path_factory.mktemp("record") / ".runwatch")
    return [Database(paths) for _ in range(ACTORS)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    plans=st.lists(
        st.lists(st.sampled_from(sorted(ACTIONS)), max_size=8), min_size=ACTORS, max_size=ACTORS
    ),
)
def test_whatever_actors_do_at_once_a_run_goes_one_way(
    databases: list[Database], plans: list[list[str]]
) -> None:
    run_id = str(uuid.uuid4())
    with databases[0].write() as tx:
        known = experiments.find(tx.connection, "e") or experiments.create(tx, "e")
        new = NewRun(run_id=run_id, status=RunStatus.PREPARING)
        runs.create(tx, known.key, [new])
    seen: list[tuple[int, str, str, RunRow]] = []
    together = threading.Barrier(ACTORS)

    def act(actor: int) -> None:
        together.wait()
        for action in plans[actor]:
            with databases[actor].write() as tx:
                before = runs.find(tx.connection, run_id)
                assert before is not None
                ACTIONS[action](tx, before)  # type: ignore[operator]
                after = runs.find(tx.connection, run_id)
                assert after is not None
            seen.append((tx.change, before.status, after.status, after))

    with ThreadPoolExecutor(ACTORS) as pool:
        list(pool.map(act, range(ACTORS)))

    status = str(RunStatus.PREPARING)
    asked = False
    for _, before, after, row in sorted(seen, key=lambda one: one[0]):
        assert before == status, "nobody changes it between two transactions"
        assert after == before or may_become(before, after)
        asked = asked or after == RunStatus.CANCEL_REQUESTED
        if asked:
            assert after in (RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED, RunStatus.FAILED)
        assert (row.ended_us is not None) == (after in TERMINAL)
        status = after
    with databases[0].read() as connection:
        last = runs.find(connection, run_id)
    assert last is not None
    assert last.status == status
