"""Where the workspaces of this user are, by id.

A view names its workspace by id, so that no path of this machine is written into a notebook; the
Jupyter server finds the folder here. One small file for each workspace, readable by its user
alone.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import platformdirs

from runwatch.store import sqlite_file
from runwatch.store.paths import WorkspacePaths

_ID = re.compile(r"[0-9a-f]{32}\Z")
_log = logging.getLogger("runwatch")


def _folder() -> Path:
    return Path(platformdirs.user_state_dir("runwatch")) / "workspaces"


def remember(workspace_id: str, paths: WorkspacePaths) -> None:
    """Note where a workspace is. Where the user's folder can't be written to, it is not noted."""
    try:
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = folder / workspace_id
        path = os.fsencode(paths.root)
        if not note.exists() or note.read_bytes() != path:
            note.write_bytes(path)
    except OSError as error:
        _log.warning(
            "The Jupyter server won't find this workspace, because it can't be noted in %s: %s.",
            error.filename,
            error.strerror,
        )


def is_elsewhere(workspace_id: str, paths: WorkspacePaths) -> bool:
    """Return whether another folder was noted for this workspace, and still has it."""
    noted = find(workspace_id)
    if noted is None or sqlite_file.identity(noted.database) == sqlite_file.identity(
        paths.database
    ):
        return False
    return sqlite_file.workspace_id(noted.database) == workspace_id


def all_known() -> list[WorkspacePaths]:
    """Return the folders of all workspaces that were noted and are still there."""
    try:
        ids = sorted(note.name for note in _folder().iterdir())
    except OSError:
        return []
    return [paths for one in ids if (paths := find(one)) is not None]


def find(workspace_id: str) -> WorkspacePaths | None:
    """Return the folder of a workspace that was noted and is still there."""
    if not _ID.match(workspace_id):
        return None
    try:
        noted = (_folder() / workspace_id).read_bytes()
        paths = WorkspacePaths(Path(os.fsdecode(noted)))
        return paths if paths.database.is_file() else None
    except (OSError, ValueError):  # nothing was noted, or the folder may not be looked into
        return None
