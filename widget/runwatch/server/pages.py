"""The pages that are open: each is told when workspaces come and go."""

from __future__ import annotations

import asyncio
import logging

from runwatch.feed.messages import WorkspaceHead
from runwatch.feed.messages import Workspaces as WorkspacesMessage
from runwatch.server.page_feed import PageFeed
from runwatch.server.workspaces import Workspaces

LOOK_EVERY_S = 2.0

_log = logging.getLogger("runwatch.server")


class Pages:
    """Looks for workspaces while a page is open."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._open: set[PageFeed] = set()
        self._known: list[WorkspaceHead] | None = None
        self._looking: asyncio.Task[None] | None = None

    def add(self, page: PageFeed) -> None:
        """A page was opened; it is told of the workspaces now and when they change."""
        self._open.add(page)
        if self._known is not None:
            page.tell(WorkspacesMessage(workspaces=self._known))
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._look())

    def remove(self, page: PageFeed) -> None:
        """A page was closed."""
        self._open.discard(page)

    async def _look_once(self) -> None:
        try:
            found = await asyncio.to_thread(self._workspaces.shown)
        except Exception:  # noqa: BLE001 what is odd in one folder must not end it for all pages
            _log.exception("The workspaces could not be listed.")
            return
        if found != self._known:
            self._known = found
            for page in self._open:
                page.tell(WorkspacesMessage(workspaces=found))

    async def _look(self) -> None:
        while self._open:
            await self._look_once()
            await asyncio.sleep(LOOK_EVERY_S)
        self._known = self._looking = None
