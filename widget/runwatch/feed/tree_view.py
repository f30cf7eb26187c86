"""The window of a tree that views have: what they were sent, and what they lack."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection

from runwatch.feed.family import Family, Touched, first_line_of_error
from runwatch.feed.messages import Look, Scalar, TreeRow, TreeWindow
from runwatch.feed.series import sparkline
from runwatch.feed.tree_order import Place, TreeOrder
from runwatch.store import metrics
from runwatch.store.clock import to_ms

LIMIT_ROWS = 1000
"""Rows of a window, at most."""
SPARKS_EVERY_S = 2.0
_FIRST = {"param": 2, "metric": 3}
"""How many parameters and metrics have a column before a person chooses."""
_FIELDS = TreeRow.__struct_fields__


class TreeView:
    """Makes the rows of a window and tells which of them have changed."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._order = TreeOrder(family)
        self._look = Look(limit=0)
        self._window = TreeWindow(offset=0, total=0, ids=[], columns=[])
        self._offered = 0
        self._sent: dict[str, TreeRow] = {}
        self._sparks: dict[tuple[int, str], tuple[int, list[float]]] = {}
        self._sparked = 0.0
        self._changed = False
        """Whether something has changed since the small lines were read."""

    def whole(self, connection: Connection, look: Look) -> tuple[TreeWindow, list[TreeRow]]:
        """Return the window and all its rows, made anew."""
        self._offered = len(self._family.offered)
        self._look = look
        self._order.arrange(look)
        self._read_sparks(connection)
        self._window = self._current()
        self._sent = {row.run_id: row for row in self._rows(self._shown())}
        return self.repeat()

    def repeat(self) -> tuple[TreeWindow, list[TreeRow]]:
        """Return the window and all its rows as views have them by now."""
        return self._window, [self._sent[run_id] for run_id in self._window.ids]

    def beyond(self, other: TreeView) -> dict[str, Any]:
        """Return the parts of a delta that a view of another window lacks to have this one."""
        changes = [_change(other._sent.get(row.run_id), row) for row in self.repeat()[1]]
        news: dict[str, Any] = {"rows": [change for change in changes if change] or None}
        if self._window != other._window:
            news["tree"] = self._window
        return news

    def offered(self) -> list[str] | None:
        """Return the columns that there can be, if there are more than were sent."""
        if self._offered == len(self._family.offered):
            return None
        self._offered = len(self._family.offered)
        return list(self._family.offered)

    def change_look(self, connection: Connection, look: Look) -> dict[str, Any]:
        """Return the parts of a delta that the view lacks for another look."""
        self._look = look
        self._order.arrange(look)
        self._read_sparks(connection)
        return self._lacking(self._shown())

    def news(self, connection: Connection, touched: Touched) -> dict[str, Any]:
        """Return the parts of a delta that the view lacks after a change."""
        moved = self._order.take(touched)
        self._changed = True
        if self.is_behind() and self._read_sparks(connection):
            return self._lacking(self._shown())
        if moved or self._columns() != self._window.columns:
            return self._lacking(self._shown())
        return self._lacking([place for place in self._shown() if place.key in touched.keys])

    def is_behind(self) -> bool:
        """Return whether the small lines may lack something, and it is time to read them."""
        return self._changed and time.monotonic() - self._sparked > SPARKS_EVERY_S

    def late_news(self, connection: Connection) -> dict[str, Any]:
        """Return the parts of a delta that the view lacks since the small lines were read."""
        return self._lacking(self._shown()) if self._read_sparks(connection) else {}

    def _lacking(self, places: list[Place]) -> dict[str, Any]:
        changes = []
        for row in self._rows(places):
            change = _change(self._sent.get(row.run_id), row)
            if change:
                changes.append(change)
                self._sent[row.run_id] = row
        news: dict[str, Any] = {"rows": changes or None}
        window = self._current()
        if window != self._window:
            self._window = news["tree"] = window
            here = set(window.ids)
            self._sent = {run_id: row for run_id, row in self._sent.items() if run_id in here}
        return news

    def _current(self) -> TreeWindow:
        fault = self._order.filter_fault
        return TreeWindow(
            offset=self._offset(),
            total=len(self._order.visible),
            ids=[self._family.rows[place.key].run_id for place in self._shown()],
            columns=self._columns(),
            filter_error=None if fault is None else fault.message,
            filter_problem=None if fault is None else fault.problem,
        )

    def _offset(self) -> int:
        return max(0, min(self._look.offset, len(self._order.visible)))

    def _shown(self) -> list[Place]:
        start = self._offset()
        return self._order.visible[start : start + max(0, min(self._look.limit, LIMIT_ROWS))]

    def _columns(self) -> list[str]:
        if self._look.columns is not None:
            return self._look.columns
        of_kind = {kind: [c for c in self._family.offered if c.startswith(kind)] for kind in _FIRST}
        chosen = [column for kind, most in _FIRST.items() for column in of_kind[kind][:most]]
        return ["status", "duration", *chosen, "tags"]

    def _opened(self) -> set[int]:
        """Return those in the window whose children can be seen, which follow them at once."""
        start = self._offset() + 1
        after = self._order.visible[start : start + LIMIT_ROWS]
        pairs = zip(self._shown(), after, strict=False)
        return {place.key for place, next_place in pairs if next_place.level > place.level}

    def _rows(self, places: list[Place]) -> list[TreeRow]:
        opened = self._opened()
        return [self._row(place, place.key in opened) for place in places]

    def _row(self, place: Place, expanded: bool) -> TreeRow:
        family, key = self._family, place.key
        row = family.rows[key]
        children = family.children.get(key, ())
        return TreeRow(
            run_id=row.run_id,
            level=place.level,
            position=place.position,
            display_name=row.shown_name,
            number=row.number,
            status=row.status,
            created_ms=row.created_us // 1000,
            child_count=len(children),
            expanded=expanded,
            started_ms=to_ms(row.started_us),
            ended_ms=to_ms(row.ended_us),
            cancel_requested_ms=to_ms(row.cancel_requested_us),
            cancel_forced_ms=to_ms(row.cancel_forced_us),
            error=first_line_of_error(row),
            tags=family.tags[key],
            values=self._values(key),
        )

    def _values(self, key: int) -> dict[str, Scalar | list[float]]:
        found: dict[str, Scalar | list[float]] = {}
        of_kind = {
            "metric": self._family.metrics.get(key, {}),
            "param": self._family.parameters[key],
            "tag": self._family.tags[key],
        }
        for column in self._columns():
            kind, _, name = column.partition(":")
            if name in of_kind.get(kind, ()):
                found[column] = of_kind[kind][name]
            elif kind == "spark" and (key, name) in self._sparks:
                found[column] = self._sparks[key, name][1]
        return found

    def _read_sparks(self, connection: Connection) -> bool:
        """Read the small lines of the rows in the window; return whether any has changed."""
        self._sparked, self._changed = time.monotonic(), False
        wanted = {c.partition(":")[2] for c in self._columns() if c.startswith("spark:")}
        if not wanted:
            return False
        found: dict[tuple[int, str], tuple[int, list[float]]] = {}
        for item in metrics.of_runs(connection, [place.key for place in self._shown()]):
            if item.kind != "scalar" or item.name not in wanted:
                continue
            known = self._sparks.get((item.run, item.name))
            if known is None or known[0] != item.count:
                known = (item.count, sparkline(connection, item.id))
            found[item.run, item.name] = known
        changed = found != self._sparks
        self._sparks = found
        return changed


def _change(before: TreeRow | None, after: TreeRow) -> dict[str, Any] | None:
    """Return what is new of a row, all of it if it was not there; None if nothing is."""
    if before is None:
        return {name: getattr(after, name) for name in _FIELDS}
    changed = {
        name: value for name in _FIELDS if (value := getattr(after, name)) != getattr(before, name)
    }
    return {"run_id": after.run_id, **changed} if changed else None
