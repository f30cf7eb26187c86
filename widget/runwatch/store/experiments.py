"""Rows of experiments."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from runwatch.store.clock import now_us
from runwatch.store.database import Transaction
from runwatch.store.schema import experiment_tags, experiments


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


def with_id(connection: Connection, experiment_id: str) -> ExperimentRow | None:
    """Return the experiment with that id, archived or not."""
    found = where(connection, experiments.c.experiment_id == experiment_id)
    return found[0] if found else None


def where(connection: Connection, *conditions: ColumnElement[bool]) -> Sequence[ExperimentRow]:
    """Return the experiments for which all conditions hold, oldest first."""
    query = select(*_COLUMNS).where(*conditions).order_by(experiments.c.id)
    return [_row(row) for row in connection.execute(query)]


def all_active(connection: Connection) -> Sequence[ExperimentRow]:
    """Return the active experiments, oldest first."""
    return where(connection, experiments.c.archived_us.is_(None))


def archive(tx: Transaction, key: int) -> None:
    """Take an experiment out of the active ones; its runs stay."""
    tx.connection.execute(
        update(experiments)
        .where(experiments.c.id == key, experiments.c.archived_us.is_(None))
        .values(archived_us=now_us())
    )


def reactivate(tx: Transaction, key: int) -> None:
    """Make an archived experiment active again. No other active one may have its name."""
    tx.connection.execute(
        update(experiments).where(experiments.c.id == key).values(archived_us=None)
    )


def remove(tx: Transaction, key: int) -> None:
    """Forget an experiment that has no runs."""
    tx.connection.execute(delete(experiment_tags).where(experiment_tags.c.experiment == key))
    tx.connection.execute(delete(experiments).where(experiments.c.id == key))


def tags(connection: Connection, key: int) -> dict[str, str | None]:
    """Return the tags of an experiment."""
    query = select(experiment_tags.c.key, experiment_tags.c.value)
    rows = connection.execute(query.where(experiment_tags.c.experiment == key))
    return {row.key: row.value for row in rows}


def set_tags(tx: Transaction, key: int, new: Mapping[str, str | None]) -> None:
    """Add tags, or give them other values."""
    for name, value in new.items():
        tx.connection.execute(
            upsert(experiment_tags)
            .values(experiment=key, key=name, value=value)
            .on_conflict_do_update(index_elements=["experiment", "key"], set_={"value": value})
        )


def remove_tags(tx: Transaction, key: int, names: Iterable[str]) -> None:
    """Remove tags; those that are not there are passed over."""
    mine = experiment_tags.c.experiment == key
    tx.connection.execute(
        delete(experiment_tags).where(mine, experiment_tags.c.key.in_(list(names)))
    )


def has_tag(name: str, *value: str | None) -> ColumnElement[bool]:
    """Condition on experiments: has that tag, with any value or with the one given."""
    column = experiment_tags.c
    conditions = [column.experiment == experiments.c.id, column.key == name]
    conditions += [column.value.is_(None) if v is None else column.value == v for v in value]
    return exists().where(*conditions)


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
