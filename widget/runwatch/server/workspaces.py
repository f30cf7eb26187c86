"""The workspaces that a Jupyter server shows."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

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
MOST_LINKS = 1_000
"""To see where a link leads takes a while, and a data set may consist of links."""
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
        searched = self._search.folders(now=search)
        noted = [p.root.parent for p in registry.all_known()]
        noted = [folder for folder in noted if self._search.place_of(folder) is not None]
        found: dict[str, Path] = {}
        for folder in dict.fromkeys((*noted, *sorted(searched | self._named))):
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
        seen = self._search.place_of(folder) or folder
        below = seen.is_relative_to(self._root)
        return WorkspaceHead(
            workspace_id=workspace_id,
            name=as_text(seen.name or str(seen)),
            folder=as_text(str(seen.relative_to(self._root) if below else seen)),
        )

    def _open(self, folder: Path) -> Workspace:
        with self._lock:
            held = self._opened.get(folder)
            if held is None or held._record._is_gone():
                held = self._opened[folder] = Workspace(path=folder)
            return held


class _Search:
    """Looks now and then through the folders below a root, also those that a link there leads to.

    Folders are known by where they really are, so that a link that leads back ends there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._found: frozenset[Path] = frozenset()
        self._links: dict[Path, Path] = {}
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

    def place_of(self, folder: Path) -> Path | None:
        """Return where a folder is seen below the root; None if it is not."""
        if folder.is_relative_to(self._root):
            return folder
        links = self._links
        for there in (folder, *folder.parents):
            if there in links:
                return links[there] / folder.relative_to(there)
        return None

    def _look(self, *, now: bool) -> None:
        since = time.monotonic() - self._searched
        if since < SEARCH_EVERY_S and not (now and since >= REST * self._took_s):
            return
        begun = time.monotonic()
        walk = _Walk(self._root)
        self._found = frozenset(walk.folders())
        self._links = walk.links
        self._searched = time.monotonic()
        self._took_s = self._searched - begun
        if walk.left_out and not self._warned:
            self._warned = True
            _log.warning(
                "Workspaces are not looked for in %s: %s. Those that you open from a notebook are "
                "shown none the less; name others in c.RunwatchServer.workspaces.",
                *walk.left_out,
            )


class _Place(NamedTuple):
    """A folder on a walk."""

    real: Path
    """Where it is, with no link on the way."""
    seen: Path
    """Where it is seen below the root."""
    depth: int


class _Walk:
    """One walk through the folders below a root, as far as it is sane to go."""

    def __init__(self, root: Path) -> None:
        self.links: dict[Path, Path] = {}
        """By the folder that a link leads to: where the link is below the root."""
        self.left_out: tuple[Path, str] | None = None
        """A folder that was not looked into, and why."""
        self._root = root
        self._known: set[Path] = set()
        self._waiting = deque([_Place(root, root, 0)])
        # For the end, so that one that leads to a large place keeps nothing else from sight.
        self._behind_links: deque[_Place] = deque()
        self._links_left = MOST_LINKS

    def folders(self) -> Iterator[Path]:
        """Yield the folders with a workspace, the nearest first."""
        for _ in range(MOST_FOLDERS):
            queue = self._waiting or self._behind_links
            if not queue:
                return
            place = queue.popleft()
            if place.real not in self._known:
                self._known.add(place.real)
                yield from self._look_into(place, queue)
        if queue := self._waiting or self._behind_links:
            self._leave_out(queue[0].seen, f"there are more than {MOST_FOLDERS:,} folders")

    def _look_into(self, place: _Place, queue: deque[_Place]) -> Iterator[Path]:
        for inside in self._folders_in(place.real):
            seen = place.seen / inside.name
            if inside.name == FOLDER:
                yield _home_of(Path(inside))
            elif inside.name.startswith("."):
                continue
            elif place.depth == DEEPEST:
                self._leave_out(seen, f"it is more than {DEEPEST} folders below {self._root}")
            elif inside.is_symlink():
                real = Path(inside).resolve()
                self.links.setdefault(real, seen)
                self._behind_links.append(_Place(real, seen, place.depth + 1))
            else:
                queue.append(_Place(Path(inside), seen, place.depth + 1))

    def _folders_in(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name not in _WITHOUT_WORKSPACES and self._is_folder(entry):
                        yield entry
        except OSError:
            return  # another user's, or removed meanwhile

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        if not entry.is_symlink():
            return entry.is_dir(follow_symlinks=False)
        if self._links_left == 0:
            self._leave_out(Path(entry), f"there are more than {MOST_LINKS:,} links")
            return False
        self._links_left -= 1
        try:
            return entry.is_dir()
        except OSError:  # in a circle, or to where another user lets nobody look
            return False

    def _leave_out(self, folder: Path, why: str) -> None:
        self.left_out = self.left_out or (folder, why)


def _home_of(workspace: Path) -> Path:
    """Return the folder that a `.runwatch` belongs to, which may be a link to another's."""
    there = workspace.resolve()
    return there.parent if there.name == FOLDER else workspace.parent
