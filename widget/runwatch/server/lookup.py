"""Finds the workspace and the run that a request means."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from runwatch.core.run import Run
from runwatch.core.workspace import Workspace
from runwatch.exceptions import ServiceException, WorkspaceException
from runwatch.server.workspaces import Workspaces
from runwatch.store import runs
from runwatch.store.database import Database
from runwatch.store.paths import RunPaths, checked_run_id
from runwatch.store.runs import RunRow

_log = logging.getLogger("runwatch.server")


@dataclass(frozen=True)
class Found:
    """A run, and where it is."""

    workspace: Workspace
    database: Database
    row: RunRow

    @property
    def workspace_id(self) -> str:
        """Id of its workspace."""
        return self.database.workspace_id

    @property
    def paths(self) -> RunPaths:
        """Where its files are."""
        return self.database.paths.run(self.row.run_id)

    def to_change(self) -> Run:
        """Return the run as one that can be changed.

        Raises
        ------
        ServiceException
            This server may only read the workspace (403).
        """
        try:
            self.database.check_writable()
        except WorkspaceException as error:
            raise ServiceException(error.message, error, status_code=403) from error
        return Run.get(self.workspace, self.row.run_id)


def workspaces_of(workspaces: Workspaces, workspace_id: str) -> list[Workspace]:
    """Return the workspace with that id, or without one all that are shown and can be read.

    Raises
    ------
    ServiceException
        There is none with that id (404).
    """
    if not workspace_id:
        ids = dict.fromkeys(head.workspace_id for head in workspaces.shown())
        return [place for one in ids if _is_readable(place := workspaces.get(one))]
    try:
        return [workspaces.get(workspace_id)]
    except ServiceException as error:
        raise ServiceException(
            f"This server shows no workspace {workspace_id!r}: its folder was moved or removed, or "
            "the id is wrong. Look among those that it shows.",
            error,
            status_code=404,
        ) from error


def _is_readable(workspace: Workspace) -> bool:
    """Return whether it can be read; one that is damaged must not keep the others from sight."""
    try:
        workspace._record.database.last_change()
    except Exception as error:  # noqa: BLE001 whatever is wrong with it
        _log.warning("A workspace is passed over: %s", error)
        return False
    return True


def find_run(workspaces: Workspaces, run_id: str, workspace_id: str) -> Found:
    """Return the run with that id; one whose process is gone is settled first.

    Raises
    ------
    ServiceException
        There is none (404), or it is not said in which of several workspaces (409).
    UserErrorException
        That can't be the id of a run.
    """
    checked_run_id(run_id)
    places = workspaces_of(workspaces, workspace_id)
    having = [place for place in places if _row(place, run_id) is not None]
    if len(having) > 1:
        ids = ", ".join(place._record.database.workspace_id for place in having)
        raise ServiceException(
            f"There is a run {run_id} in several workspaces. Say with ?workspace= which is meant: "
            f"{ids}.",
            status_code=409,
        )
    for place in having:
        database = place._record.settled_database()
        row = _row(place, run_id)
        if row is not None:
            return Found(place, database, row)
    where = f"the workspace {workspace_id}" if workspace_id else "the workspaces of this server"
    raise ServiceException(f"Run {run_id} was not found in {where}.", status_code=404)


def _row(workspace: Workspace, run_id: str) -> RunRow | None:
    with workspace._record.database.read() as connection:
        return runs.find(connection, run_id)
