"""One run: what is known of it, its tree, its tags, and its end."""

from __future__ import annotations

import re

import msgspec

from runwatch.exceptions import ServiceException, UserErrorException
from runwatch.feed import filter as tree_filter
from runwatch.feed.family import Family, OfRun
from runwatch.feed.messages import Look, Sort
from runwatch.feed.progress import ProgressInLog
from runwatch.feed.tree_view import TreeView
from runwatch.server.lookup import find_run
from runwatch.server.models import (
    Canceling,
    CancelQuery,
    NewTagValue,
    OfWorkspaceQuery,
    RunDetail,
    Tag,
    Tags,
    Tree,
    TreeQuery,
)
from runwatch.server.workspaces import Workspaces
from runwatch.store import labels
from runwatch.store.status import TERMINAL

_SORTABLE = re.compile(r"(name|status|duration|created)\Z|(metric|param|tag):")


def get_run(workspaces: Workspaces, run_id: str, query: OfWorkspaceQuery) -> RunDetail:
    """Return all that is known of a run but its tree, metrics, logs and files."""
    found = find_run(workspaces, run_id, query.workspace)
    with found.database.read() as connection:
        head = Family(connection, OfRun(run_id)).head()
    assert head is not None
    progress = head.progress
    if progress is None and head.status not in TERMINAL:
        progress = ProgressInLog(found.paths.std_log).look()
    known = msgspec.structs.asdict(head) | {"progress": progress}
    return RunDetail(workspace_id=found.workspace_id, **known)


def get_tree(workspaces: Workspaces, run_id: str, query: TreeQuery) -> Tree:
    """Return rows of the tree of a run's descendants, filtered and sorted."""
    if query.sort and not _SORTABLE.match(query.sort):
        raise UserErrorException(
            f"sort can't be {query.sort!r}: it is name, status, duration, created, metric:<name>, "
            "param:<name> or tag:<key>."
        )
    try:
        tree_filter.parse(query.filter)
    except UserErrorException as error:
        raise UserErrorException(f"filter can't be {query.filter!r}: {error.message}") from error
    look = Look(
        expanded=query.expanded,
        filter=query.filter,
        sort=Sort(column=query.sort, descending=query.descending) if query.sort else None,
        columns=query.column or None,
        offset=query.offset,
        limit=query.limit,
    )
    found = find_run(workspaces, run_id, query.workspace)
    with found.database.read() as connection:
        # A view of its own, as the watcher's is locked while it reads.
        view = TreeView(Family(connection, OfRun(run_id)))
        window, rows = view.whole(connection, look)
    return Tree(workspace_id=found.workspace_id, run_id=run_id, window=window, rows=rows)


def get_tags(workspaces: Workspaces, run_id: str, query: OfWorkspaceQuery) -> Tags:
    """Return the tags of a run."""
    found = find_run(workspaces, run_id, query.workspace)
    with found.database.read() as connection:
        tags = labels.tags(connection, [found.row.id])[found.row.id]
    return Tags(workspace_id=found.workspace_id, run_id=run_id, tags=tags)


def get_tag(workspaces: Workspaces, run_id: str, key: str, query: OfWorkspaceQuery) -> Tag:
    """Return a tag of a run."""
    tags = get_tags(workspaces, run_id, query).tags
    if key not in tags:
        raise ServiceException(f"The run {run_id} has no tag {key!r}.", status_code=404)
    return Tag(key=key, value=tags[key])


def put_tag(
    workspaces: Workspaces, run_id: str, key: str, query: OfWorkspaceQuery, new: NewTagValue
) -> Tag:
    """Add a tag to a run, or give it another value."""
    find_run(workspaces, run_id, query.workspace).to_change().tag(key, new.value)
    return Tag(key=key, value=new.value)


def delete_tag(workspaces: Workspaces, run_id: str, key: str, query: OfWorkspaceQuery) -> None:
    """Remove a tag from a run; one that is not there is no error."""
    find_run(workspaces, run_id, query.workspace).to_change().remove_tags([key])


def cancel_run(workspaces: Workspaces, run_id: str, query: CancelQuery) -> Canceling:
    """Ask a run and its live descendants to end; does not wait until they have."""
    run = find_run(workspaces, run_id, query.workspace).to_change()
    grace_s = None if query.grace_s is msgspec.UNSET else query.grace_s
    return Canceling(message=run.cancel(grace_s=grace_s))
