"""Lists workspaces, experiments and runs, of one workspace or of all."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from runwatch.exceptions import ServiceException, UserErrorException
from runwatch.feed.family import first_line_of_error
from runwatch.server.lookup import workspaces_of
from runwatch.server.models import (
    ExperimentItem,
    ExperimentList,
    OfWorkspaceQuery,
    RunItem,
    RunList,
    RunsQuery,
    WorkspaceList,
    WorkspacesQuery,
)
from runwatch.server.workspaces import Workspaces
from runwatch.store import experiments, labels, runs
from runwatch.store.clock import to_ms
from runwatch.store.database import Database
from runwatch.store.runs import RunRow
from runwatch.store.schema import experiments as experiments_table
from runwatch.store.schema import runs as runs_table
from runwatch.store.status import ALL, LIVE

_SHORT = 8
"""So many characters of a workspace's id tell it from the others."""
_PLACE = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})\Z")


class _Listed(NamedTuple):
    """A run, and the record that it is from."""

    database: Database
    row: RunRow


def list_workspaces(workspaces: Workspaces, query: WorkspacesQuery) -> WorkspaceList:
    """List the workspaces that the server shows."""
    return WorkspaceList(workspaces=workspaces.shown(search=query.search))


def list_experiments(workspaces: Workspaces, query: OfWorkspaceQuery) -> ExperimentList:
    """List experiments with the number of their runs, the one with the newest run first."""
    found = []
    for database in _records(workspaces, query.workspace):
        with database.read() as connection:
            newest_us = runs.newest_of_experiments(connection)
            counts: dict[int, dict[str, int]] = {}
            for key, status, count in runs.counted(connection):
                counts.setdefault(key, {})[status] = count
            found += [
                ExperimentItem(
                    workspace_id=database.workspace_id,
                    name=row.name,
                    run_counts=counts.get(row.key, {}),
                    newest_ms=to_ms(newest_us.get(row.key)),
                )
                for row in experiments.all_active(connection)
            ]
    found.sort(key=lambda one: one.newest_ms or 0, reverse=True)
    return ExperimentList(experiments=found)


def list_runs(workspaces: Workspaces, query: RunsQuery) -> RunList:
    """List the runs of experiments that are not archived, the newest first."""
    wanted = _conditions(query)
    after = _read_cursor(query.before)
    records = _records(workspaces, query.workspace)
    _check_experiment(records, query.experiment)
    begin = {**{_short(one): _end(one) for one in records}, **after}
    found = [_page(one, wanted, begin[_short(one)], query) for one in records]
    merged = list(heapq.merge(*found, key=lambda listed: -listed.row.created_us))
    page = merged[: query.limit]
    for listed in page:
        begin[_short(listed.database)] = listed.row.id
    more = len(merged) > query.limit
    return RunList(runs=_items(page), next=_cursor(begin) if more else None)


def _records(workspaces: Workspaces, workspace_id: str) -> list[Database]:
    """Return the records that are meant, with no dead run left Running."""
    return [one._record.settled_database() for one in workspaces_of(workspaces, workspace_id)]


def _conditions(query: RunsQuery) -> list[ColumnElement[bool]]:
    active = select(experiments_table.c.id).where(experiments_table.c.archived_us.is_(None))
    if query.experiment:
        active = active.where(experiments_table.c.name == query.experiment)
    found: list[ColumnElement[bool]] = [runs_table.c.experiment.in_(active)]
    for text in query.tag:
        key, equals, value = text.partition("=")
        if not key:
            raise UserErrorException(f"tag can't be {text!r}: write key, or key=value.")
        found.append(labels.has_tag(key, value) if equals else labels.has_tag(key))
    statuses = {one for text in query.status for one in text.split(",")}
    if unknown := statuses - {*ALL, "live"}:
        raise UserErrorException(
            f"status can't be {min(unknown)!r}: it is one of {', '.join(ALL)}, or live for all "
            "that have not ended."
        )
    live = "live" in statuses
    if not query.include_children:
        top = runs_table.c.parent.is_(None)
        found.append(top | _outlives_its_parent() if live else top)
    if statuses:
        found.append(runs_table.c.status.in_(statuses | (LIVE if live else set())))
    return found


def _outlives_its_parent() -> ColumnElement[bool]:
    of_live = select(runs_table.c.id).where(runs_table.c.status.in_(LIVE))
    return runs_table.c.status.in_(LIVE) & runs_table.c.parent.not_in(of_live)


def _check_experiment(records: Sequence[Database], name: str) -> None:
    if not name:
        return
    for database in records:
        with database.read() as connection:
            if experiments.find(connection, name) is not None:
                return
    raise ServiceException(
        f"There is no experiment {name!r} in the workspaces that were looked in, or it was "
        "archived.",
        status_code=404,
    )


def _short(database: Database) -> str:
    return database.workspace_id[:_SHORT]


def _end(database: Database) -> int:
    """Return a key above all that there are: runs that come later are on no later page."""
    with database.read() as connection:
        return runs.newest_key(connection) + 1


def _page(
    database: Database, wanted: Sequence[ColumnElement[bool]], before: int, query: RunsQuery
) -> list[_Listed]:
    """Return one run more than is asked for, if there are so many."""
    older, most = runs_table.c.id < before, query.limit + 1
    with database.read() as connection:
        rows = runs.where(connection, *wanted, older, newest_first=True, limit=most)
    return [_Listed(database, row) for row in rows]


def _items(page: Iterable[_Listed]) -> list[RunItem]:
    items: dict[int, RunItem] = {}
    of_record: dict[Database, list[tuple[int, RunRow]]] = {}
    for place, (database, row) in enumerate(page):
        of_record.setdefault(database, []).append((place, row))
    for database, placed in of_record.items():
        items.update(_items_of(database, placed))
    return [items[place] for place in sorted(items)]


def _items_of(database: Database, placed: list[tuple[int, RunRow]]) -> dict[int, RunItem]:
    rows = [row for _, row in placed]
    with database.read() as connection:
        tags = labels.tags(connection, [row.id for row in rows])
        parents = runs.ids_of(connection, {row.parent for row in rows if row.parent is not None})
        names = {row.key: row.name for row in experiments.all_active(connection)}
    return {
        place: RunItem(
            workspace_id=database.workspace_id,
            experiment=names.get(row.experiment, ""),
            run_id=row.run_id,
            display_name=row.shown_name,
            number=row.number,
            status=row.status,
            created_ms=row.created_us // 1000,
            started_ms=to_ms(row.started_us),
            ended_ms=to_ms(row.ended_us),
            parent_id=None if row.parent is None else parents.get(row.parent),
            error=first_line_of_error(row),
            tags=tags[row.id],
        )
        for place, row in placed
    }


def _read_cursor(text: str) -> dict[str, int]:
    """Return for each workspace, by the beginning of its id, the last run that was listed."""
    places = [_PLACE.match(part) for part in text.split(".")] if text else []
    found = {place[1]: int(place[2]) for place in places if place is not None}
    if None in places:
        raise UserErrorException(
            f"before can't be {text!r}: it is what an earlier answer has as its next."
        )
    return found


def _cursor(places: dict[str, int]) -> str:
    return ".".join(f"{short}-{key}" for short, key in sorted(places.items()))
