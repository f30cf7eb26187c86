"""Tags (may change), properties and parameters (may not) of runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from runwatch.exceptions import ServiceException
from runwatch.store import runs
from runwatch.store.database import Transaction
from runwatch.store.metrics import comparable
from runwatch.store.schema import run_parameters, run_properties, run_tags
from runwatch.store.schema import runs as runs_table

Labels = dict[str, "str | None"]
_MOST_SUGGESTED = 200
_MOST_VALUES = 20


def _of(connection: Connection, table: Table, keys: Iterable[int]) -> dict[int, Labels]:
    found: dict[int, Labels] = {key: {} for key in keys}
    for part in runs.batched(list(found)):
        for run, key, value in connection.execute(_query(table), {"keys": part}):
            found[run][key] = value
    return found


@cache
def _query(table: Table) -> Select[Any]:
    run, key, value = table.c.run, table.c.key, table.c.value
    wanted = run.in_(bindparam("keys", expanding=True))
    return select(run, key, value).where(wanted).order_by(run, key)


def tags(connection: Connection, keys: Iterable[int]) -> dict[int, Labels]:
    """Return the tags of each run."""
    return _of(connection, run_tags, keys)


def properties(connection: Connection, keys: Iterable[int]) -> dict[int, Labels]:
    """Return the properties of each run."""
    return _of(connection, run_properties, keys)


def tags_used_in(connection: Connection, experiment: int) -> dict[str, list[str]]:
    """Return the tags of an experiment's runs with their values, the most frequent first."""
    count = func.count().label("count")
    place = func.row_number().over(
        partition_by=run_tags.c.key, order_by=(count.desc(), run_tags.c.value)
    )
    used = (
        select(run_tags.c.key, run_tags.c.value, count, place.label("place"))
        .join(runs_table, runs_table.c.id == run_tags.c.run)
        .where(runs_table.c.experiment == experiment)
        .group_by(run_tags.c.key, run_tags.c.value)
        .subquery()
    )
    # A tag that is another for each run must not take the room of all others.
    query = (
        select(used.c.key, used.c.value)
        .where(used.c.place <= _MOST_VALUES)
        .order_by(used.c.count.desc(), used.c.key, used.c.value)
        .limit(_MOST_SUGGESTED)
    )
    found: dict[str, list[str]] = {}
    for key, value in connection.execute(query):
        values = found.setdefault(key, [])
        if value is not None:
            values.append(value)
    return found


def set_tags(tx: Transaction, key: int, new: Mapping[str, str | None]) -> None:
    """Add tags, or give them other values."""
    for name, value in new.items():
        tx.connection.execute(
            upsert(run_tags)
            .values(run=key, key=name, value=value)
            .on_conflict_do_update(index_elements=["run", "key"], set_={"value": value})
        )
    runs.set_fields(tx, key)


def remove_tags(tx: Transaction, key: int, names: Iterable[str]) -> None:
    """Remove tags; those that are not there are passed over."""
    tx.connection.execute(
        delete(run_tags).where(run_tags.c.run == key, run_tags.c.key.in_(list(names)))
    )
    runs.set_fields(tx, key)


def add_properties(tx: Transaction, key: int, new: Mapping[str, str | None]) -> None:
    """Add properties, all or none.

    Raises
    ------
    ServiceException
        One of them is there with another value: properties are a permanent record.
    """
    there = properties(tx.connection, [key])[key]
    for name, value in new.items():
        if name in there and there[name] != value:
            raise ServiceException(
                f"The property {name!r} is {there[name]!r} and can't be changed to {value!r}: "
                "properties are a permanent record, and nothing of this call was stored. Use a "
                "tag for what may change.",
                status_code=409,
            )
    added = [{"run": key, "key": n, "value": v} for n, v in new.items() if n not in there]
    if added:
        tx.connection.execute(insert(run_properties), added)
        runs.set_fields(tx, key)


def has_tag(name: str, *value: str | None) -> ColumnElement[bool]:
    """Condition on runs: has that tag, with any value or with the one given."""
    return _has(run_tags, name, value)


def has_property(name: str, *value: str | None) -> ColumnElement[bool]:
    """Condition on runs: has that property, with any value or with the one given."""
    return _has(run_properties, name, value)


def _has(table: Table, name: str, value: tuple[str | None, ...]) -> ColumnElement[bool]:
    conditions = [table.c.key == name]
    conditions += [table.c.value.is_(None) if v is None else table.c.value == v for v in value]
    return runs.among(table.c.run, *conditions)


def parameters(connection: Connection, keys: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the parameters of each run, as they were logged."""
    kept = _of(connection, run_parameters, keys)
    return {run: {k: json.loads(v or "null") for k, v in of.items()} for run, of in kept.items()}


def add_parameters(tx: Transaction, key: int, new: Mapping[str, Any]) -> None:
    """Add parameters, all or none; the values are numbers, strings, booleans or None.

    Raises
    ------
    ServiceException
        One of them is there with another value: a run has been made with it.
    """
    there = parameters(tx.connection, [key])[key]
    for name, value in new.items():
        if name in there and json.dumps(there[name]) != json.dumps(value):
            raise ServiceException(
                f"The parameter {name!r} is {there[name]!r} and can't be changed to {value!r}: "
                "parameters say what a run was made with, and nothing of this call was stored. Use "
                "a tag for what may change, or log a metric for what does.",
                status_code=409,
            )
    added = [
        {"run": key, "key": name, "value": json.dumps(value), "number": comparable(value)}
        for name, value in new.items()
        if name not in there
    ]
    if added:
        tx.connection.execute(insert(run_parameters), added)
        runs.set_fields(tx, key)


def has_parameter(name: str, *value: Any) -> ColumnElement[bool]:
    """Condition on runs: has that parameter, with any value or with the one given."""
    column = run_parameters.c
    conditions = [column.key == name]
    for v in value:
        number = comparable(v)
        conditions.append(column.value == json.dumps(v) if number is None else column.number == v)
    return runs.among(column.run, *conditions)


def parameter_number(name: str) -> tuple[Column[float], Column[int], list[ColumnElement[bool]]]:
    """Return where a parameter stands as a number: its column, that of its run, its rows."""
    column = run_parameters.c
    return column.number, column.run, [column.key == name]


def add_first_tags(tx: Transaction, new: Mapping[int, Mapping[str, str | None]]) -> None:
    """Write the tags of runs that were made in this transaction."""
    added = [
        {"run": run, "key": key, "value": value}
        for run, tags_of_run in new.items()
        for key, value in tags_of_run.items()
    ]
    if added:
        tx.connection.execute(insert(run_tags), added)
