"""The workspaces that a Jupyter server shows."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from runwatch.core.workspace import Workspace
from runwatch.exceptions import ServiceException
from runwatch.feed.messages import WorkspaceHead
from runwatch.store import registry, sqlite_file
from runwatch.store.paths import FOLDER, WorkspacePaths, as_text

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
        self._named = {folder.resolve() for folder in named}
        self._search = _Search(self._root)
        self._lock = threading.Lock()
        self._ids: dict[Path, tuple[object, str | None]] = {}
        """By folder: what tells its database from another, and the id that is in it."""
        self._opened: dict[Path, Workspace] = {}

    def shown(self, *, search: bool = False) -> list[WorkspaceHead]:
        """Return the workspaces, in the order of their folders; `search` looks for new ones now."""
        return [self._head(folder, one) for one, folder in self._found(search=search).items()]

    def get(self, workspace_id: str) -> Workspace:
        """Return a workspace that is shown, or that a notebook of this user has opened.

        Raises
        ------
        ServiceException
            There is none with that id.
        """
        noted = registry.find(workspace_id)
        if noted is not None and self._id_in(noted.root.parent) == workspace_id:
            return self._open(noted.root.parent)
        for search in (False, True):
            folder = self._found(search=search).get(workspace_id)
            if folder is not None:
                return self._open(folder)
        raise ServiceException(
            "The Jupyter server does not know this workspace: its folder was moved or removed. "
            "Run the cell again.",
            status_code=404,
        )

    def _found(self, *, search: bool) -> dict[str, Path]:
        """Return the folders by id. Of a folder and its copy, the one that was noted is meant."""
        noted = [p.root.parent for p in registry.all_known() if p.root.is_relative_to(self._root)]
        found: dict[str, Path] = {}
        for folder in (*noted, *sorted(self._search.folders(now=search) | self._named)):
            workspace_id = self._id_in(folder)
            if workspace_id in found:  # a copy gets an id of its own when it is opened
                workspace_id = self._id_in(folder, anew=True)
            if workspace_id is not None:
                found.setdefault(workspace_id, folder)
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def _id_in(self, folder: Path, *, anew: bool = False) -> str | None:
        """Return the id of the workspace in a folder, without opening it; None if there is none."""
        database = WorkspacePaths(folder / FOLDER).database
        try:
            now = database.stat()
        except OSError:
            return None
        # A file that comes in place of another may get its number.
        identity = now.st_dev, now.st_ino, now.st_mtime_ns
        with self._lock:
            known = self._ids.get(folder)
        if known is not None and known[0] == identity and known[1] and not anew:
            return known[1]
        found = sqlite_file.workspace_id(database)
        with self._lock:
            self._ids[folder] = identity, found
        return found

    def _head(self, folder: Path, workspace_id: str) -> WorkspaceHead:
        below = folder.is_relative_to(self._root)
        place = folder.relative_to(self._root) if below else folder
        return WorkspaceHead(
            workspace_id=workspace_id,
            name=as_text(folder.name or str(folder)),
            folder=as_text(str(place)),
        )

    def _open(self, folder: Path) -> Workspace:
        with self._lock:
            held = self._opened.get(folder)
            if held is None or held._record._is_gone():
                held = self._opened[folder] = Workspace(path=folder)
            return held


class _Search:
    """Looks now and then through the folders below a root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._found: frozenset[Path] = frozenset()
        self._searched = -SEARCH_EVERY_S
        self._took_s = 0.0
        self._warned = False

    def folders(self, *, now: bool) -> frozenset[Path]:
        """Return the folders that have a workspace; one thread looks while others go on."""
        due = time.monotonic() - self._searched >= SEARCH_EVERY_S
        if due or now:
            first = self._searched < 0
            # Who asks for a look now waits for one; nobody else does, but for the very first.
            if self._lock.acquire(blocking=now or first):
                try:
                    self._look(now=now)
                finally:
                    self._lock.release()
        return self._found

    def _look(self, *, now: bool) -> None:
        since = time.monotonic() - self._searched
        if since < SEARCH_EVERY_S and not (now and since >= REST * self._took_s):
            return
        begun = time.monotonic()
        self._found = frozenset(self._below())
        self._searched = time.monotonic()
        self._took_s = self._searched - begun

    def _below(self) -> Iterable[Path]:
        """Yield the folders with a workspace, the nearest first, as far as it is sane to look."""
        waiting = deque([(self._root, 0)])
        for _ in range(MOST_FOLDERS):
            if not waiting:
                return
            folder, depth = waiting.popleft()
            for inside in _folders_in(folder):
                if inside.name == FOLDER:
                    yield folder
                elif depth < DEEPEST and not inside.name.startswith("."):
                    waiting.append((Path(inside), depth + 1))
        if waiting and not self._warned:
            self._warned = True
            _log.warning(
                "Looked for workspaces in the first %d folders below %s; name others in "
                "c.RunwatchServer.workspaces.",
                MOST_FOLDERS,
                self._root,
            )


def _folders_in(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name not in _WITHOUT_WORKSPACES and entry.is_dir(follow_symlinks=False):
                    yield entry
    except OSError:
        return  # another user's, or removed meanwhile
