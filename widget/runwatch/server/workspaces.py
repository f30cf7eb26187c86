"""The workspaces that a Jupyter server shows."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from runwatch.core.workspace import Workspace
from runwatch.exceptions import RunwatchException, ServiceException
from runwatch.feed.messages import WorkspaceHead
from runwatch.store import registry
from runwatch.store.paths import FOLDER, WorkspacePaths

SEARCH_EVERY_S = 60.0
"""How often the folders below the root are looked through; those that this user's kernels open are
known at once, by the registry."""
REST = 10
"""A search that is asked for waits so many times as long as the last one took."""
MOST_FOLDERS = 5_000
DEEPEST = 5
_WITHOUT_WORKSPACES = {"node_modules", "site-packages", "__pycache__"}

_log = logging.getLogger("runwatch.server")


class Workspaces:
    """Finds workspaces, and opens them when they are asked for.

    Whoever may use the server sees what its process may read: the rights of the files decide.

    Parameters
    ----------
    root
        The server's root folder.
    named
        Folders of other workspaces that are to be shown.
    """

    def __init__(self, root: Path, named: Sequence[Path] = ()) -> None:
        self._root = root.resolve()
        self._named = [folder.resolve() for folder in named]
        self._lock = threading.Lock()
        self._found: set[Path] = set()
        self._searched = -SEARCH_EVERY_S
        self._search_took_s = 0.0
        self._opened: dict[Path, Workspace] = {}

    def shown(self, *, search: bool = False) -> list[WorkspaceHead]:
        """Return the workspaces, in the order of their folders; `search` looks for new ones now."""
        with self._lock:
            since = time.monotonic() - self._searched
            if since >= SEARCH_EVERY_S or (search and since >= REST * self._search_took_s):
                begun = time.monotonic()
                self._found = set(_below(self._root))
                self._searched = time.monotonic()
                self._search_took_s = self._searched - begun
            folders = self._found | set(self._named) | set(self._known_below_root())
            heads = (self._head(folder) for folder in sorted(folders))
            return [head for head in heads if head is not None]

    def get(self, workspace_id: str) -> Workspace:
        """Return a workspace that is shown, or that a notebook of this user has opened.

        Raises
        ------
        ServiceException
            There is none with that id.
        """
        paths = registry.find(workspace_id)
        if paths is not None:
            with self._lock:
                return self._open(paths.root.parent)
        for search in (False, True):
            for head in self.shown(search=search):
                if head.workspace_id == workspace_id:
                    return self._opened[self._root / head.folder]
        raise ServiceException(
            "The Jupyter server does not know this workspace: its folder was moved or removed. "
            "Run the cell again.",
            status_code=404,
        )

    def all(self) -> list[Workspace]:
        """Return the workspaces that are shown."""
        return [self._opened[self._root / head.folder] for head in self.shown()]

    def _known_below_root(self) -> Iterator[Path]:
        for paths in registry.all_known():
            if paths.root.is_relative_to(self._root):
                yield paths.root.parent

    def _head(self, folder: Path) -> WorkspaceHead | None:
        try:
            if not WorkspacePaths(folder / FOLDER).database.is_file():
                self._opened.pop(folder, None)
                return None
            workspace = self._open(folder)
            workspace_id = workspace._record.database.workspace_id
        except (RunwatchException, OSError) as error:  # another user's, or of a newer version
            _log.debug("The workspace in %s is not shown: %s", folder, error)
            return None
        return WorkspaceHead(
            workspace_id=workspace_id,
            name=folder.name or str(folder),
            folder=os.fspath(
                folder.relative_to(self._root) if folder.is_relative_to(self._root) else folder
            ),
        )

    def _open(self, folder: Path) -> Workspace:
        held = self._opened.get(folder)
        if held is None or held._record._is_gone():
            held = self._opened[folder] = Workspace(path=folder)
        return held


def _below(root: Path) -> Iterable[Path]:
    """Yield the folders at and below `root` that have a workspace, as far as it is sane to look."""
    for looked, (folder, names, _) in enumerate(os.walk(root), start=1):
        if FOLDER in names:
            yield Path(folder)
        depth = len(Path(folder).relative_to(root).parts)
        names[:] = [
            name
            for name in names
            if depth < DEEPEST and not name.startswith(".") and name not in _WITHOUT_WORKSPACES
        ]
        if looked >= MOST_FOLDERS:
            _log.warning(
                "Looked for workspaces in the first %d folders below %s; name others in "
                "c.RunwatchServer.workspaces.",
                MOST_FOLDERS,
                root,
            )
            return
