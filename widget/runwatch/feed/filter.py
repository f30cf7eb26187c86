"""The filter of a tree of runs: words and conditions, all of which must hold.

=========================  ===================================================================
``resnet``                 the name, id, status, a tag, a parameter or a metric's name has the text
``"two words"``            the same with a space in it
``status:failed``          the status begins so, in upper or lower case
``tag:quality``            has that tag
``tag:quality=good``       with that value
``param:rate>=0.01``       a parameter, compared with ``= != < <= > >=``
``metric:loss<0.1``        a metric's last value, likewise; in order only with a number
``-tag:bad``               the opposite
=========================  ===================================================================
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from runwatch.exceptions import UserErrorException
from runwatch.feed.messages import FilterCode, FilterProblem
from runwatch.store.status import RunStatus

_SENTENCES: dict[FilterCode, str] = {
    "quote": 'A quotation mark is not closed: write "two words".',
    "kind": "{0}: is no kind of condition; there are {2} and {3}. To look for the text itself "
    'write "{1}".',
    "wanted": "{0} lacks what to look for, as in status:failed.",
    "status": "{0} is no status; there are {1}.",
    "no_limit": "{0} lacks the number to compare with.",
    "number": "{0} is no number: write one, as in metric:loss<0.1.",
    "comma": "{0} is no number: write {1}.",
}


class FilterFault(UserErrorException):
    """A filter can't be understood.

    Parameters
    ----------
    code
        What is wrong.
    about
        The words that its sentence needs, in whatever language.
    """

    def __init__(self, code: FilterCode, *about: str) -> None:
        super().__init__(_SENTENCES[code].format(*about))
        self.problem = FilterProblem(code=code, about=list(about))


class Described(NamedTuple):
    """What a filter looks at in a run."""

    name: str
    run_id: str
    status: str
    tags: Mapping[str, str | None]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]


Condition = Callable[[Described], bool]

_WORD = re.compile(r'-?(?:[^\s"]|"[^"]*")+')
_COMPARED = re.compile(r"(.+?)(!=|<=|>=|=|<|>)(.*)\Z", re.DOTALL)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITIES = ("=", "!=")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+\Z")


def parse(text: str) -> Condition | None:
    """Return the condition that a filter states, or None if it is empty.

    Raises
    ------
    FilterFault
        The filter can't be understood; the message says which word.
    """
    if text.count('"') % 2:
        raise FilterFault("quote")
    conditions = [_condition(word) for word in _WORD.findall(text)]
    if not conditions:
        return None
    return lambda run: all(condition(run) for condition in conditions)


def _condition(word: str) -> Condition:
    if word.startswith("-") and len(word) > 1:
        inner = _condition(word[1:])
        return lambda run: not inner(run)
    kind, colon, rest = word.partition(":")
    wanted = rest.replace('"', "")
    if not colon or '"' in kind:
        return _anywhere(word.replace('"', "").casefold())
    if kind not in _KINDS:
        *known, last = (f"{name}:" for name in _KINDS)
        raise FilterFault("kind", kind, word, ", ".join(known), last)
    if not wanted:
        raise FilterFault("wanted", word)
    return _KINDS[kind](wanted)


def _anywhere(text: str) -> Condition:
    def holds(run: Described) -> bool:
        labels = (run.tags, run.parameters)
        pairs = [key if v is None else f"{key}={v}" for of in labels for key, v in of.items()]
        words = [run.name, run.run_id, run.status, *run.metrics, *pairs]
        return any(text in word.casefold() for word in words)

    return holds


def _name(wanted: str) -> Condition:
    text = wanted.casefold()
    return lambda run: text in run.name.casefold()


def _status(wanted: str) -> Condition:
    text = wanted.casefold()
    if not any(status.casefold().startswith(text) for status in RunStatus.list()):
        raise FilterFault("status", wanted, ", ".join(RunStatus.list()))
    return lambda run: run.status.casefold().startswith(text)


def _labelled(part: str) -> Callable[[str], Condition]:
    """Return what makes conditions on tags, parameters or metrics."""

    def make(wanted: str) -> Condition:
        compared = _COMPARED.match(wanted)
        if compared is None:
            return lambda run: wanted in getattr(run, part)
        key, sign, limit = compared.groups()
        if not limit and part == "metrics":
            raise FilterFault("no_limit", wanted)
        orders = sign not in _EQUALITIES
        if orders and part != "tags" and _DECIMAL_COMMA.match(limit):
            raise FilterFault("comma", limit, limit.replace(",", "."))
        numbers_only = orders and part == "metrics"
        if numbers_only and not _is_number(limit):
            raise FilterFault("number", limit)
        return lambda run: (
            key in getattr(run, part)
            and _holds(getattr(run, part)[key], sign, limit, numbers_only=numbers_only)
        )

    return make


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False


def _holds(value: Any, sign: str, limit: str, *, numbers_only: bool) -> bool:
    """Compare as numbers if both are, else as text where that may be."""
    compare = _OPERATORS[sign]
    try:
        return compare(float(value), float(limit))
    except (TypeError, ValueError, OverflowError):
        return not numbers_only and compare("" if value is None else str(value), limit)


_KINDS: dict[str, Callable[[str], Condition]] = {
    "name": _name,
    "status": _status,
    "tag": _labelled("tags"),
    "param": _labelled("parameters"),
    "metric": _labelled("metrics"),
}
