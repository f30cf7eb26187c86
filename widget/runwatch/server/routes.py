"""Routes under ``/runwatch/api/``, all behind Jupyter's own login, authorisation and XSRF check."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import url_path_join
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from runwatch.server.page_feed import PageFeed, parsed, refused_command
from runwatch.server.pages import Pages
from runwatch.server.rest import RESOURCE, rest_routes
from runwatch.server.workspaces import Workspaces

MOST_WAITING_BYTES = 16 * 1024 * 1024
"""What is not taken by a page that is too slow is dropped: a channel asks again when it sees the
gap, and what waits for an answer is told that there was none."""


class FeedHandler(WebSocketMixin, JupyterHandler, WebSocketHandler):
    """The feed of one page: the same messages as over a widget's comm, for all of its views."""

    auth_resource = RESOURCE

    def initialize(self, workspaces: Workspaces, pages: Pages) -> None:
        """Take what the route was added with."""
        self._pages = pages
        self._feed = PageFeed(workspaces, self._send_from_any_thread)
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting_bytes = 0
        self._may_write = False

    @ws_authenticated
    @authorized
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the WebSocket."""
        self._may_write = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "write", RESOURCE)
        )
        await super().get(*args, **kwargs)

    def open(self, *args: str, **kwargs: str) -> None:
        """Begin: the page hears of the workspaces first."""
        super().open(*args, **kwargs)
        self._start(self._take_in_order())
        self._pages.add(self._feed)

    def on_message(self, message: str | bytes) -> None:
        """Handle what the page has sent, without keeping the server from its other work."""
        content = parsed(message)
        if PageFeed.in_order(content):
            self._inbox.put_nowait(content)
        elif not self._may_write and (refused := refused_command(content)) is not None:
            self._feed.tell(refused)
        else:
            self._start(asyncio.to_thread(self._feed.take, content))

    def on_close(self) -> None:
        """The page has gone."""
        self._pages.remove(self._feed)
        self._inbox.put_nowait(None)
        super().on_close()

    async def _take_in_order(self) -> None:
        try:
            while (content := await self._inbox.get()) is not None:
                await asyncio.to_thread(self._feed.take, content)
        finally:
            await asyncio.to_thread(self._feed.close)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send_from_any_thread(self, frame: str | bytes) -> None:
        self._loop.call_soon_threadsafe(self._send, frame)

    def _send(self, frame: str | bytes) -> None:
        if self._waiting_bytes > MOST_WAITING_BYTES:
            return
        try:
            written = self.write_message(frame, binary=isinstance(frame, bytes))
        except WebSocketClosedError:
            return
        self._waiting_bytes += len(frame)
        written.add_done_callback(partial(self._sent, len(frame)))

    def _sent(self, size: int, written: asyncio.Future[None]) -> None:
        self._waiting_bytes -= size
        if not written.cancelled():
            written.exception()  # that the page has gone is no news here


def all_routes(workspaces: Workspaces) -> list[tuple[str, Any, dict[str, Any]]]:
    """Return all routes: a pattern below the base of the API, its handler, what that is given."""
    return [
        ("feed", FeedHandler, {"workspaces": workspaces, "pages": Pages(workspaces)}),
        *rest_routes(workspaces),
    ]


def add_routes(web_app: Any, workspaces: Workspaces) -> None:
    """Add this extension's routes to the server's application."""
    base = url_path_join(web_app.settings["base_url"], "runwatch", "api")
    routes = all_routes(workspaces)
    web_app.add_handlers(".*$", [(url_path_join(base, path), *how) for path, *how in routes])
