"""What names, labels and values may be; each check returns the checked thing or says what to do."""

from __future__ import annotations

import logging
import math
import operator
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runwatch.exceptions import UserErrorException

_EXPERIMENT = re.compile(r"[a-zA-Z0-9][\w-]{0,254}\Z")
_log = logging.getLogger("runwatch")


def experiment_name(name: object) -> str:
    """Return `name` if an experiment can have it."""
    if not isinstance(name, str) or not _EXPERIMENT.match(name):
        raise UserErrorException(
            f"Experiment name must be between 1 and 255 characters long, and {name!r} won't do. "
            "Its first character has to be a letter or a digit, and the rest may contain letters, "
            "digits, hyphens and underscores. No whitespace is allowed."
        )
    return name


def metric_name(name: object) -> str:
    """Return `name` if a metric can have it."""
    return _known_metric_name(name) if type(name) is str else text("A metric's name", name)


@lru_cache(maxsize=4096)
def _known_metric_name(name: str) -> str:
    """Check a name once, not with each point that is logged under it."""
    return text("A metric's name", name)


def labels(kind: str, new: object) -> dict[str, str | None]:
    """Return tags or properties with keys and values as strings; a value may be None.

    Numbers and other values are taken as their string, as azureml does it, with a warning.
    """
    if not isinstance(new, Mapping):
        raise UserErrorException(
            f"A {kind} needs a key and a value: pass a dict, such as {{'quality': 'good'}}, "
            f"and not {new!r}."
        )
    return {text(f"The key of a {kind}", key): _value(kind, key, new[key]) for key in new}


def parameters(new: object) -> dict[str, Any]:
    """Return parameters with values as plain scalars."""
    if not isinstance(new, Mapping):
        raise UserErrorException(
            f"Parameters need names and values: pass a dict, such as {{'lr': 0.1}}, not {new!r}."
        )
    return {text("A parameter's name", name): scalar(name, new[name]) for name in new}


def _value(kind: str, key: object, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        _log.warning("Converting non-string %s to string: (%s: %s)", kind, key, value)
        value = str(value)
    return _encodable(f"The value of the {kind} {key!r}", value)


def text(what: str, value: object) -> str:
    """Return `value` if it is a string that can be stored, with at least one character."""
    if not isinstance(value, str) or not value:
        raise UserErrorException(
            f"{what} must be a string with at least one character; got {value!r}."
        )
    return _encodable(what, value)


def _encodable(what: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserErrorException(
            f"{what}, {text!r}, holds half a surrogate pair, which is no text. Decode it with the "
            "right encoding first."
        ) from None
    if "\0" in text:
        raise UserErrorException(f"{what}, {text!r}, holds a NUL character. Leave it out.")
    return text


def scalar(name: str, value: object) -> Any:
    """Return `value` as a plain Python scalar: float, int, bool, str or None.

    NumPy and pandas scalars, and arrays and tensors with one element and no dimension, are taken
    as what they hold.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return _plain(value)
    if isinstance(value, str):
        return _encodable(f"The value of {name!r}", str(value))
    unwrap = getattr(value, "item", None)
    if callable(unwrap) and getattr(value, "ndim", 0) == 0:
        inner = unwrap()
        if inner is None or isinstance(inner, (bool, int, float, str)):
            return _plain(inner)
    if isinstance(value, (list, tuple, range)) or hasattr(value, "__next__"):
        raise UserErrorException(
            f"run.log does not support {type(value).__name__} type, given for {name!r}. Use "
            "run.log_list instead."
        )
    raise UserErrorException(
        f"run.log can't log {name!r}: {_shortly(value)} is a {type(value).__name__}. Log a number, "
        "a string, a boolean or None; for several values use run.log_list, run.log_row or "
        "run.log_table."
    )


def _plain(value: Any) -> Any:
    """Return subclasses of the plain types, such as np.float64 or IntEnum, as what they are."""
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


LEAST_STEP, MOST_STEP = 1 - 2**63, 2**63 - 1


def step(value: object) -> int | None:
    """Return a metric's step as an int of 64 bits."""
    if type(value) is int and LEAST_STEP <= value <= MOST_STEP:
        return value
    if value is None:
        return None
    try:
        number: int | None = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = int(value) if isinstance(value, float) and value.is_integer() else None
    if number is None or not LEAST_STEP <= number <= MOST_STEP:
        raise UserErrorException(f"step must be a whole number (64 bit); got {_shortly(value)}.")
    return number


def progress(done: object, total: object, label: object) -> dict[str, Any]:
    """Return how far a run has come, if that can be said."""
    numbers = [scalar(name, value) for name, value in (("done", done), ("total", total))]
    for name, number in zip(("done", "total"), numbers, strict=True):
        if not isinstance(number, (int, float)) or not math.isfinite(number):
            raise UserErrorException(
                f"set_progress needs {name} as a finite number; got {_shortly(number)}."
            )
    if numbers[0] < 0 or numbers[1] <= 0:
        raise UserErrorException(
            "set_progress needs how much is done (0 or more) and the total (more than 0); got "
            f"{numbers[0]} of {numbers[1]}."
        )
    return {
        "done": numbers[0],
        "total": numbers[1],
        "label": None if label is None else text("The label of a progress", label),
    }


def _shortly(value: object) -> str:
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001 the object's own __repr__ failed
        shown = f"<{type(value).__name__}>"
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def vector(name: str, values: Any) -> list[Any]:
    """Return the elements of an iterable as plain scalars."""
    try:
        elements = iter(values)
    except TypeError:
        raise UserErrorException(
            f"run.log_list needs something to iterate over for {name!r}; got {_shortly(values)}. "
            "Use run.log for a single value."
        ) from None
    return [scalar(name, element) for element in elements]


def table(name: str, columns: Any) -> dict[str, list[Any]]:
    """Return a dict of columns of equal length; a single value makes a column of one."""
    if not isinstance(columns, Mapping):
        raise UserErrorException(
            f"run.log_table needs a dict of columns for {name!r}; got {_shortly(columns)}."
        )
    lists = {
        text("A column's name", column): vector(column, values)
        if hasattr(values, "__iter__") and not isinstance(values, str)
        else [scalar(column, values)]
        for column, values in columns.items()
    }
    lengths = {column: len(values) for column, values in lists.items()}
    if len(set(lengths.values())) > 1:
        raise UserErrorException(
            f"Columns must have the same length, and those of {name!r} have not: {lengths}."
        )
    return lists
