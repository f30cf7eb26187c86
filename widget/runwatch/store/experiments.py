"""Rows of experiments."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from runwatch.store.clock import now_us
from runwatch.store.database import Transaction
from runwatch.store.schema import experiments


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment as it is kept."""

    key: int
    experiment_id: str
    name: str
    created_us: int
    archived_us: int | None


_COLUMNS = (
    experiments.c.id,
    experiments.c.experiment_id,
    experiments.c.name,
    experiments.c.created_us,
    experiments.c.archived_us,
)
_FIELDS = ("key", "experiment_id", "name", "created_us", "archived_us")


def _row(row: Any) -> ExperimentRow:
    return ExperimentRow(**dict(zip(_FIELDS, row, strict=True)))


def find(connection: Connection, name: str) -> ExperimentRow | None:
    """Return the active experiment of that name."""
    query = select(*_COLUMNS).where(experiments.c.name == name, experiments.c.archived_us.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _row(row)


def get(connection: Connection, key: int) -> ExperimentRow:
    """Return the experiment with that key, archived or not."""
    return _row(connection.execute(select(*_COLUMNS).where(experiments.c.id == key)).one())


def all_active(connection: Connection) -> Sequence[ExperimentRow]:
    """Return the active experiments, oldest first."""
    query = select(*_COLUMNS).where(experiments.c.archived_us.is_(None)).order_by(experiments.c.id)
    return [_row(row) for row in connection.execute(query)]


def create(tx: Transaction, name: str) -> ExperimentRow:
    """Return the active experiment of that name, made if there is none."""
    found = find(tx.connection, name)
    if found is not None:
        return found
    values = {"experiment_id": str(uuid.uuid4()), "name": name, "created_us": now_us()}
    tx.connection.execute(insert(experiments).values(**values))
    made = find(tx.connection, name)
    assert made is not None
    return made


def take_numbers(tx: Transaction, key: int, count: int) -> int:
    """Reserve `count` run numbers of an experiment and return the first."""
    last = tx.connection.execute(
        update(experiments)
        .where(experiments.c.id == key)
        .values(last_number=experiments.c.last_number + count)
        .returning(experiments.c.last_number)
    ).scalar_one()
    return int(last) - count + 1
