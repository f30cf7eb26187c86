"""Which rows of a tree can be seen, and in what order."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from runwatch.feed.family import TOP_OF_EXPERIMENT, Family, Touched
from runwatch.feed.filter import Condition, FilterFault, parse
from runwatch.feed.messages import Look, Sort
from runwatch.store.clock import now_us
from runwatch.store.metrics import comparable

_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}
_NAN = "NaN"


class Place(NamedTuple):
    """Where a run stands among the visible rows."""

    key: int
    level: int
    position: int
    """1-based, among its siblings."""


class TreeOrder:
    """The visible rows of a family as one view looks at it.

    An order by values is made when it is asked for and then kept: rows do not jump while a person
    reads them. Runs that come later stand at the end.
    """

    def __init__(self, family: Family) -> None:
        self._family = family
        self.visible: list[Place] = []
        self.filter_fault: FilterFault | None = None
        self._look = Look()
        self._condition: Condition | None = None
        self._matching: set[int] = set()
        self._sorted: dict[int, list[int]] = {}

    def arrange(self, look: Look) -> None:
        """Take in what the view looks at now."""
        before, self._look = self._look, look
        if before.sort != look.sort:
            self._sorted = {}
        if before.filter != look.filter:
            self._filter(look.filter)
        self._list()

    def take(self, touched: Touched) -> bool:
        """Take in what has changed of the family; return whether other rows can be seen now."""
        if self._condition is not None:
            matching = {key for key in touched.keys if self._matches(key)}
            if not touched.new and matching == self._matching & touched.keys:
                return False
            self._matching = (self._matching - touched.keys) | matching
        elif not touched.new:
            return False
        elif self._append(touched.new):
            return True
        for key in touched.new:
            siblings = self._sorted.get(self._parent(key))
            if siblings is not None and key not in siblings:
                siblings.append(key)
        before = self.visible
        self._list()
        return before != self.visible or bool(touched.new)

    def _append(self, new: list[int]) -> bool:
        """Add children of the watched run at the end, if that is where they all belong."""
        top = self._family.top
        if self._look.sort is not None or top == TOP_OF_EXPERIMENT:
            return False
        if any(self._parent(key) != top for key in new):
            return False
        first = len(self._family.children[top]) - len(new) + 1
        self.visible += [Place(key, 1, first + i) for i, key in enumerate(new)]
        return True

    def _parent(self, key: int) -> int:
        parent = self._family.rows[key].parent
        return self._family.top if parent is None else parent

    def _filter(self, text: str) -> None:
        self.filter_fault = None
        try:
            self._condition = parse(text)
        except FilterFault as fault:
            self._condition, self.filter_fault = None, fault
        if self._condition is not None:
            self._matching = {key for key in self._family.rows if self._matches(key)}

    def _matches(self, key: int) -> bool:
        return self._condition is not None and self._condition(self._family.described(key))

    def _list(self) -> None:
        """Put the visible rows in a line: each before its children."""
        top = self._family.top
        shown = self._with_ancestors() if self._condition is not None else None
        opened = {top, *self._opened()}
        found: list[Place] = []
        waiting = [Place(top, 0, 1)]
        while waiting:
            place = waiting.pop()
            if place.level:
                found.append(place)
            if shown is None and place.key not in opened:
                continue
            below = self._children(place.key)
            if shown is not None:
                below = [key for key in below if key in shown]
            level, count = place.level + 1, len(below)
            waiting += [Place(key, level, count - i) for i, key in enumerate(reversed(below))]
        self.visible = found

    def _opened(self) -> list[int]:
        if not self._look.expanded:
            return []
        wanted = set(self._look.expanded)
        return [key for key in self._family.children if key and self._id(key) in wanted]

    def _id(self, key: int) -> str:
        return self._family.rows[key].run_id

    def _with_ancestors(self) -> set[int]:
        shown: set[int] = set()
        for key in self._matching:
            at: int | None = key
            while at is not None and at not in shown and at in self._family.rows:
                shown.add(at)
                at = self._family.rows[at].parent
        return shown

    def _children(self, parent: int) -> list[int]:
        keys = self._family.children.get(parent, [])
        sort = self._look.sort
        if sort is None:
            # Of an experiment the newest runs are what a person looks for.
            return keys[::-1] if parent == TOP_OF_EXPERIMENT else keys
        if parent not in self._sorted:
            self._sorted[parent] = _in_order(keys, sort, _value_of(self._family, sort.column))
        return self._sorted[parent]


def _value_of(family: Family, column: str) -> Callable[[int], Any]:
    """Return what gives a run's value in a column."""
    rows = family.rows
    kind, _, name = column.partition(":")
    if kind in ("metric", "spark"):
        return lambda key: family.metrics.get(key, {}).get(name)
    if kind == "param":
        return lambda key: family.parameters[key].get(name)
    if kind == "tag":
        return lambda key: family.tags[key].get(name)
    if kind == "status":
        return lambda key: rows[key].status
    if kind == "duration":
        now = now_us()
        return lambda key: (rows[key].ended_us or now) - (rows[key].started_us or now)
    if kind == "created":
        return lambda key: key  # keys are given in the order of creation
    return lambda key: rows[key].shown_name.casefold()


def _in_order(keys: list[int], sort: Sort, value: Callable[[int], Any]) -> list[int]:
    """Return the keys in order of their values: numbers, then text, then those without one.

    NaN is no value: upwards or downwards, a run that has diverged is not the best.
    """
    numbers: list[tuple[int, float]] = []
    texts: list[tuple[int, str]] = []
    lacking: list[int] = []
    for key in keys:
        found = value(key)
        if isinstance(found, str):  # as `json_number` spells what JSON lacks
            found = _INFINITE.get(found, found)
        number = comparable(found)
        if number is not None:
            numbers.append((key, number))
        elif found is None or found == _NAN:
            lacking.append(key)
        else:
            texts.append((key, str(found)))
    numbers.sort(key=itemgetter(1), reverse=sort.descending)
    texts.sort(key=itemgetter(1), reverse=sort.descending)
    return [key for key, _ in numbers] + [key for key, _ in texts] + lacking
