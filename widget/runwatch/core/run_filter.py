"""What `get_runs`, `Run.list` and `get_children` are asked for, as conditions on the record."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from runwatch.core import names
from runwatch.exceptions import UserErrorException
from runwatch.store.status import ALL

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement

LabelFilter: TypeAlias = "str | Mapping[str, str | None] | None"
Comparisons: TypeAlias = "str | Mapping[str, Any] | None"
Moment: TypeAlias = "datetime | timedelta | str | None"

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ORDERS = ("created", "started", "ended", "duration", "number", "display_name", "status")
_NUMBERED = ("metrics", "parameters")


def conditions(
    *,
    type: str | None = None,
    tags: LabelFilter = None,
    properties: LabelFilter = None,
    status: str | Iterable[str] | None = None,
    metrics: Comparisons = None,
    parameters: Comparisons = None,
    since: Moment = None,
    until: Moment = None,
) -> list[ColumnElement[bool]]:
    """Return the conditions, all of which must hold.

    Raises
    ------
    UserErrorException
        A filter is of a kind that is not known.
    """
    from runwatch.store import labels
    from runwatch.store import metrics as series
    from runwatch.store.schema import runs

    found = of_labels("run tags", tags, labels.has_tag)
    found += of_labels("run properties", properties, labels.has_property)
    found += _compared("metrics", metrics, series.has_metric, series.metric_number)
    found += _compared("parameters", parameters, labels.has_parameter, labels.parameter_number)
    if type is not None:
        found.append(runs.c.type == type)
    if status is not None:
        found.append(runs.c.status.in_(_statuses(status)))
    if since is not None:
        found.append(runs.c.created_us >= _microseconds("since", since))
    if until is not None:
        found.append(runs.c.created_us < _microseconds("until", until))
    return found


def of_labels(
    what: str, wanted: LabelFilter, has: Callable[..., ColumnElement[bool]]
) -> list[ColumnElement[bool]]:
    """Return a condition for each key, or each key and value, that `wanted` names."""
    if wanted is None:
        return []
    if isinstance(wanted, str):
        return [has(wanted)]
    if isinstance(wanted, Mapping):
        return [has(key, None if v is None else str(v)) for key, v in wanted.items()]
    raise UserErrorException(
        f"Unknown filter type for {what}: {wanted.__class__}. Pass a key, such as 'quality', "
        "or a dict, such as {'quality': 'good'}."
    )


def _compared(
    what: str,
    wanted: Comparisons,
    has: Callable[..., ColumnElement[bool]],
    number: Callable[[str], tuple[Column[float], Column[int], list[ColumnElement[bool]]]],
) -> list[ColumnElement[bool]]:
    """Return a condition for each name, name and value, or name and comparison."""
    from runwatch.store import runs

    if wanted is None:
        return []
    if isinstance(wanted, str):
        return [has(wanted)]
    if not isinstance(wanted, Mapping):
        raise UserErrorException(
            f"Unknown filter type for {what}: {wanted.__class__}. Pass a name, such as 'loss', or "
            "a dict, such as {'loss': 0.1} or {'loss': ('<', 0.1)}."
        )
    found = []
    for name, value in wanted.items():
        if not isinstance(value, tuple):
            found.append(has(name, names.scalar(name, value)))
            continue
        compare, operand = _comparison(what, name, value)
        column, run, rows = number(name)
        found.append(runs.among(run, *rows, compare(column, operand)))
    return found


def _comparison(
    what: str, name: str, given: tuple[Any, ...]
) -> tuple[Callable[[Any, Any], Any], float]:
    from runwatch.store.metrics import comparable

    if len(given) == 2 and given[0] in _OPERATORS:
        operand = comparable(names.scalar(name, given[1]))
        if operand is not None:
            return _OPERATORS[given[0]], operand
    raise UserErrorException(
        f"{given!r} is no comparison for {what}[{name!r}]. Pass an operator and a number, such as "
        f"('<', 0.1); the operators are {', '.join(_OPERATORS)}."
    )


def _statuses(given: str | Iterable[str]) -> list[str]:
    wanted = [given] if isinstance(given, str) else list(given)
    for status in wanted:
        if status not in ALL:
            raise UserErrorException(
                f"There is no status {status!r}. The statuses are {', '.join(ALL)}."
            )
    return wanted


def _microseconds(what: str, given: datetime | timedelta | str) -> int:
    """Return a moment as microseconds since the epoch; a naive datetime is local time."""
    try:
        if isinstance(given, timedelta):
            given = datetime.now(timezone.utc) - given
        elif isinstance(given, str):
            given = datetime.fromisoformat(given.replace("Z", "+00:00"))
        return int(given.timestamp() * 1e6)
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise UserErrorException(
            f"{what} must be a datetime, a text such as '2026-05-31 14:00', or a timedelta before "
            f"now; got {given!r}.",
            error,
        ) from error


def order(given: str | Sequence[str] | None) -> list[ColumnElement[Any]]:
    """Return what to sort runs by.

    Parameters
    ----------
    given
        One name or several: a field of the run ("created", "started", "ended", "duration",
        "number", "display_name", "status"), "metrics.loss" or "parameters.lr"; followed by
        " DESC" for the greatest first. Runs that have no such value come last.

    Raises
    ------
    UserErrorException
        There is no such field.
    """
    from sqlalchemy import select

    from runwatch.store import labels
    from runwatch.store import metrics as series
    from runwatch.store.schema import runs

    found: list[ColumnElement[Any]] = []
    for one in [given] if isinstance(given, str) else given or []:
        name, descending = names.text("order_by", one), False
        for ending in (" DESC", " ASC"):
            if name.upper().endswith(ending):
                name, descending = name[: -len(ending)].strip(), ending == " DESC"
        kind, dot, key = name.partition(".")
        key_column: ColumnElement[Any]
        if dot and kind in _NUMBERED:
            numbers = {"metrics": series.metric_number, "parameters": labels.parameter_number}
            number, run, rows = numbers[kind](key)
            key_column = select(number).where(run == runs.c.id, *rows).scalar_subquery()
        elif name == "duration":
            key_column = runs.c.ended_us - runs.c.started_us
        elif name in _ORDERS:
            key_column = runs.c[f"{name}_us" if f"{name}_us" in runs.c else name]
        else:
            raise UserErrorException(
                f"Runs can't be ordered by {one!r}. Use one of {', '.join(_ORDERS)}, or "
                "'metrics.<name>', or 'parameters.<name>', each with ' DESC' after it for the "
                "greatest first."
            )
        found.append((key_column.desc() if descending else key_column.asc()).nulls_last())
    return found


def limit(given: int | None) -> int | None:
    """Return how many runs are wanted at most.

    Raises
    ------
    UserErrorException
        That is no count.
    """
    if given is None or (type(given) is int and given >= 0):
        return given
    raise UserErrorException(f"max_results must be a whole number, 0 or more; got {given!r}.")
