"""Rows of runs: make them, read them, change their status by compare-and-set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from runwatch.exceptions import ServiceException
from runwatch.store import experiments, schema
from runwatch.store.clock import now_us
from runwatch.store.database import Database, Transaction
from runwatch.store.status import ALL, LIVE, SUBMITTED, TERMINAL, RunStatus, may_become

_T = TypeVar("_T")
_runs = schema.runs
_MOST_KEYS = 10_000
"""Keys in one statement: SQLite takes up to 32,766 parameters."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The process that answers for a live run."""

    host: str
    pid: int
    process_started: float
    """Start of the process in seconds since the epoch; tells a reused pid from the same one."""


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """What is known of a run when it begins."""

    run_id: str
    status: str
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    type: str | None = None
    target: str | None = None
    definition: dict[str, Any] | None = None
    snapshot: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run as it is kept. Times are microseconds since the Unix epoch."""

    id: int
    run_id: str
    experiment: int
    parent: int | None
    root: int
    number: int
    name: str | None
    display_name: str | None
    description: str | None
    type: str | None
    target: str | None
    status: str
    error: str | None
    snapshot: str | None
    created_us: int
    started_us: int | None
    ended_us: int | None
    cancel_requested_us: int | None
    cancel_forced_us: int | None
    fail_requested: str | None
    host: str | None
    pid: int | None
    process_started: float | None
    heartbeat_us: int | None
    change: int

    @property
    def shown_name(self) -> str:
        """The name that a person reads."""
        return self.display_name or f"run {self.number}"

    @property
    def error_body(self) -> dict[str, Any] | None:
        """Why it failed: code, message, and what else is known."""
        return None if self.error is None else error_from(self.error)

    @property
    def owner(self) -> Owner | None:
        """The process that answers for it, if one was recorded."""
        if self.host is None or self.pid is None or self.process_started is None:
            return None
        return Owner(host=self.host, pid=self.pid, process_started=self.process_started)


def error_from(kept: str) -> dict[str, Any]:
    """Return an error as it was before it was kept as JSON."""
    return dict(json.loads(kept))


_FIELDS = tuple(field.name for field in fields(RunRow))
COLUMNS = tuple(_runs.c[name] for name in _FIELDS)


def create(
    tx: Transaction,
    experiment: int,
    new: Sequence[NewRun],
    *,
    parent: RunRow | None = None,
    owner: Owner | None = None,
) -> list[RunRow]:
    """Write new runs of one experiment, under one parent or none, and return them in order.

    Raises
    ------
    ServiceException
        A run with one of the ids exists.
    """
    first = experiments.take_numbers(tx, experiment, len(new))
    now = now_us()
    owned = asdict(owner) if owner else {"host": None, "pid": None, "process_started": None}
    rows = [
        {
            **vars(one),
            **owned,
            "definition": None if one.definition is None else json.dumps(one.definition),
            "experiment": experiment,
            "parent": parent.id if parent else None,
            "root": parent.root if parent else None,
            "number": first + index,
            "created_us": now,
            "started_us": now if one.status == RunStatus.RUNNING else None,
            "heartbeat_us": now,
            "change": tx.change,
        }
        for index, one in enumerate(new)
    ]
    try:
        tx.connection.execute(insert(_runs), rows)
    except IntegrityError as error:
        ids = ", ".join(repr(one.run_id) for one in new)
        raise ServiceException(
            f"A run with the id {ids} exists already. Leave run_id out to get a new one, or open "
            "that run with Run(experiment, run_id).",
            error,
            status_code=409,
        ) from error
    if parent is None:
        tx.connection.execute(
            update(_runs)
            .where(_runs.c.change == tx.change, _runs.c.root.is_(None))
            .values(root=_runs.c.id)
        )
    by_id = {row.run_id: row for row in with_ids(tx.connection, [one.run_id for one in new])}
    return [by_id[one.run_id] for one in new]


def _rows(connection: Connection, query: Any, **parameters: Any) -> Iterator[RunRow]:
    for values in connection.execute(query, parameters).all():
        row = RunRow.__new__(RunRow)
        # As its own __init__ does, which being frozen takes a call for each field.
        vars(row).update(zip(_FIELDS, values, strict=True))
        yield row


def find(connection: Connection, run_id: str) -> RunRow | None:
    """Return the run with that id."""
    return next(_rows(connection, select(*COLUMNS).where(_runs.c.run_id == run_id)), None)


def where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    newest_first: bool = False,
    order: Sequence[ColumnElement[Any]] = (),
    limit: int | None = None,
) -> list[RunRow]:
    """Return the runs for which all conditions hold, oldest first unless told otherwise.

    `order` comes before the order of age, which decides between equals.
    """
    age = _runs.c.id.desc() if newest_first else _runs.c.id
    query = select(*COLUMNS).where(*conditions).order_by(*order, age).limit(limit)
    return list(_rows(connection, query))


def pages(database: Database, *conditions: ColumnElement[bool]) -> Iterator[RunRow]:
    """Yield the runs for which all conditions hold, newest first, read as they are asked for."""
    size = 128
    older: ColumnElement[bool] = true()
    while True:
        with database.read() as connection:
            page = where(connection, older, *conditions, newest_first=True, limit=size)
        yield from page
        if len(page) < size:
            return
        size, older = min(4 * size, 4096), _runs.c.id < page[-1].id


def among(column: ColumnElement[int], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition: the run is one that `column` names where the conditions hold.

    The rows of that other table are found by its index and lead to the runs, so that the time
    it takes grows with what is found and not with what there is.
    """
    return _runs.c.id.in_(select(column).where(*conditions))


def with_ids(connection: Connection, run_ids: Sequence[str]) -> list[RunRow]:
    """Return the runs with these ids, however many."""
    return [row for part in batched(run_ids) for row in where(connection, _runs.c.run_id.in_(part))]


def ids_of(connection: Connection, keys: Iterable[int]) -> dict[int, str]:
    """Return the run ids of these keys."""
    return {
        key: run_id
        for part in batched(list(keys))
        for key, run_id in connection.execute(
            select(_runs.c.id, _runs.c.run_id).where(_runs.c.id.in_(part))
        )
    }


def batched(keys: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Yield keys in portions that one statement takes."""
    for start in range(0, len(keys), _MOST_KEYS):
        yield keys[start : start + _MOST_KEYS]


def definition(connection: Connection, key: int) -> dict[str, Any] | None:
    """Return how a submitted run was configured."""
    kept = connection.execute(select(_runs.c.definition).where(_runs.c.id == key)).scalar_one()
    return None if kept is None else json.loads(kept)


# Made once: who watches asks for these ten times a second.
_CHANGED_SINCE = select(*COLUMNS).where(_runs.c.change > bindparam("since")).order_by(_runs.c.id)


def changed_since(connection: Connection, change: int) -> list[RunRow]:
    """Return the runs written by transactions later than `change`, oldest first."""
    return list(_rows(connection, _CHANGED_SINCE, since=change))


def children(connection: Connection, key: int) -> list[RunRow]:
    """Return the direct children of a run, oldest first."""
    return where(connection, _runs.c.parent == key)


def subtree(connection: Connection, run: RunRow) -> list[RunRow]:
    """Return a run and all its descendants, each after its parent."""
    family = where(connection, _runs.c.root == run.root)
    inside = {run.id}
    for row in family:  # ids grow, so a parent comes before its children
        if row.parent in inside:
            inside.add(row.id)
    return [row for row in family if row.id in inside]


def set_fields(tx: Transaction, key: int, **values: Any) -> None:
    """Write columns that are no status."""
    tx.connection.execute(update(_runs).where(_runs.c.id == key).values(**values, change=tx.change))


def change_status(
    tx: Transaction,
    key: int,
    new: str,
    *,
    error: dict[str, Any] | None = None,
    started_us: int | None = None,
    **values: Any,
) -> bool:
    """Give a run the status `new` if the status machine lets it; return whether it did.

    Inside a write transaction nobody else can change the status between the look and the change.
    """
    row = tx.connection.execute(
        select(_runs.c.status, _runs.c.started_us).where(_runs.c.id == key)
    ).one()
    if not may_become(row.status, new):
        return False
    if error is not None:
        values["error"] = json.dumps(error)
    if new in TERMINAL and row.status not in TERMINAL:
        values["ended_us"] = now_us()
    if new == RunStatus.RUNNING and row.started_us is None:
        values["started_us"] = started_us if started_us is not None else now_us()
    tx.connection.execute(
        update(_runs)
        .where(_runs.c.id == key, _runs.c.status == row.status)
        .values(status=new, change=tx.change, **values)
    )
    return True


def change_statuses(tx: Transaction, keys: Sequence[int], new: str, **values: Any) -> None:
    """Give the status `new` to those of many runs that the status machine lets have it."""
    sources = [old for old in ALL if may_become(old, new)]
    if new in TERMINAL:
        values["ended_us"] = now_us()
    for part in batched(keys):
        tx.connection.execute(
            update(_runs)
            .where(_runs.c.id.in_(part), _runs.c.status.in_(sources))
            .values(status=new, change=tx.change, **values)
        )


def request_cancel(tx: Transaction, run: RunRow, *, grace_s: float | None = None) -> None:
    """Ask a run and its live descendants to end.

    With a grace, those that a supervisor looks after have so long before they are forced; without
    one, as long as their submitter said.
    """
    family = subtree(tx.connection, run)
    now = now_us()
    change_statuses(
        tx, [row.id for row in family], RunStatus.CANCEL_REQUESTED, cancel_requested_us=now
    )
    if grace_s is None:
        return
    forced = now + int(grace_s * 1e6)
    for row in family:
        # Asked again, it can only be sooner.
        sooner = row.cancel_forced_us is None or forced < row.cancel_forced_us
        if row.type == SUBMITTED and row.status not in TERMINAL and sooner:
            set_fields(tx, row.id, cancel_forced_us=forced)


def beat(tx: Transaction, keys: Sequence[int]) -> None:
    """Record that the owner of these runs is alive. Feeds need not know, so no change number."""
    tx.connection.execute(update(_runs).where(_runs.c.id.in_(keys)).values(heartbeat_us=now_us()))


def live(connection: Connection, *conditions: ColumnElement[bool]) -> list[RunRow]:
    """Return the runs that have not ended."""
    return where(connection, _runs.c.status.in_(LIVE), *conditions)


def newest_key(connection: Connection) -> int:
    """Return the key of the run that was made last, or 0."""
    return connection.execute(select(func.max(_runs.c.id))).scalar() or 0


def counted(connection: Connection, experiment: int | None = None) -> list[tuple[int, str, int]]:
    """Return how many runs have which status, as (experiment, status, count)."""
    query = select(_runs.c.experiment, _runs.c.status, func.count()).group_by(
        _runs.c.experiment, _runs.c.status
    )
    if experiment is not None:
        query = query.where(of_experiment(experiment))
    return [(key, status, count) for key, status, count in connection.execute(query)]


def newest_of_experiments(connection: Connection) -> dict[int, int]:
    """Return when the newest run of each experiment was made, in µs, by the experiment's key."""
    newest = select(func.max(_runs.c.id)).group_by(_runs.c.experiment)
    query = select(_runs.c.experiment, _runs.c.created_us).where(_runs.c.id.in_(newest))
    return {row.experiment: row.created_us for row in connection.execute(query)}


# Made once: who watches asks each second.
_OWNERS_OF_LIVE = (
    select(_runs.c.host, _runs.c.pid, _runs.c.process_started)
    .where(_runs.c.status.in_(LIVE), _runs.c.host.is_not(None))
    .distinct()
)


def owners_of_live(connection: Connection) -> list[Owner]:
    """Return the processes that answer for runs that have not ended; there are few of them."""
    return [Owner(**row) for row in connection.execute(_OWNERS_OF_LIVE).mappings()]


def remove_all(tx: Transaction, experiment: int) -> list[str]:
    """Forget the runs of an experiment and all that was kept of them; return their ids."""
    mine = select(_runs.c.id).where(of_experiment(experiment))
    ids = list(
        tx.connection.execute(select(_runs.c.run_id).where(of_experiment(experiment))).scalars()
    )
    series = select(schema.series.c.id).where(schema.series.c.run.in_(mine))
    tx.connection.execute(delete(schema.chunks).where(schema.chunks.c.series.in_(series)))
    for table in (schema.series, schema.run_tags, schema.run_properties, schema.run_parameters):
        tx.connection.execute(delete(table).where(table.c.run.in_(mine)))
    models = schema.models
    tx.connection.execute(update(models).where(models.c.run.in_(mine)).values(run=None))
    tx.connection.execute(delete(_runs).where(of_experiment(experiment)))
    return ids


def of_experiment(key: int) -> ColumnElement[bool]:
    """Condition: belongs to that experiment."""
    return _runs.c.experiment == key


def of_root(root: int) -> ColumnElement[bool]:
    """Condition: belongs to the tree of that top-level run."""
    return _runs.c.root == root


def of_owner(owner: Owner) -> ColumnElement[bool]:
    """Condition: that process answers for it."""
    return (
        (_runs.c.host == owner.host)
        & (_runs.c.pid == owner.pid)
        & (_runs.c.process_started == owner.process_started)
    )
