"""The record's side of a view: its channels, its commands and its questions.

The same for every carrier: a widget's comm, a page's WebSocket. The browser's twin is
`state/session.ts`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from runwatch.exceptions import RunwatchException
from runwatch.feed import commands, questions, wire
from runwatch.feed.commands import Commandable
from runwatch.feed.family import OfRun
from runwatch.feed.messages import (
    ChangeLook,
    Command,
    Look,
    Ping,
    Pong,
    Refusal,
    Request,
    Steady,
    Trouble,
    Unwatch,
    Update,
    Watch,
)
from runwatch.feed.watcher import Scope, Send, Subscription, Watcher
from runwatch.store.clock import now_us
from runwatch.store.database import Database

_log = logging.getLogger("runwatch.feed")


class Session:
    """Handles what a view sends, and sends what it is to know.

    Parameters
    ----------
    database
        The record.
    watcher
        The record's watcher.
    scope
        What the view was made for.
    send
        Called with each update, from any thread.
    open_run
        Returns the run with an id, to carry out a command on it.
    """

    def __init__(
        self,
        database: Database,
        watcher: Watcher,
        scope: Scope,
        *,
        send: Send,
        open_run: Callable[[str], Commandable],
    ) -> None:
        self.database = database
        self._watcher = watcher
        self.scope = scope
        self._send = send
        self._open_run = open_run
        self.channels: dict[str, Subscription] = {}

    def watch(self, channel: str, scope: Scope, look: Look) -> Subscription:
        """Open a channel, or begin it again."""
        before = self.channels.pop(channel, None)
        if before is not None:
            before.hush()
        try:
            opened = self._watcher.subscribe(scope, look, self._send, channel=channel)
        finally:
            if before is not None:  # only now, so that what both look at is not loaded again
                before.close()
        self.channels[channel] = opened
        return opened

    def unwatch(self, channel: str) -> None:
        """Close a channel; one that is not open is no error."""
        subscription = self.channels.pop(channel, None)
        if subscription is not None:
            subscription.close()

    def close(self) -> None:
        """Close all channels: the view has gone."""
        for channel in list(self.channels):
            self.unwatch(channel)

    def take(self, content: Any) -> None:
        """Handle what the view has sent; what can't be done is told to it in words."""
        try:
            self.handle(wire.decode_request(content))
        except RunwatchException as error:
            refused = refusal(content, error.message)
            if refused is None:
                _log.warning("%s", error)
            else:
                self._send(refused)

    def handle(self, request: Request) -> None:
        """Handle one request of the view. Raises `RunwatchException` if it can't be served."""
        if isinstance(request, Watch):
            scope = self.scope if request.run_id is None else OfRun(request.run_id)
            self.watch(request.channel, scope, request.look)
        elif isinstance(request, Unwatch):
            self.unwatch(request.channel)
        elif isinstance(request, (ChangeLook, Ping)):
            subscription = self.channels.get(request.channel)
            if subscription is None:  # a number that no view has: it opens the channel again
                self._send(Pong(channel=request.channel, seq=-1, now_ms=now_us() // 1000))
            elif isinstance(request, Ping):
                subscription.ping()
            else:
                subscription.look(request.look)
        elif isinstance(request, Steady):
            pass  # it concerns only who keeps an output
        elif isinstance(request, Command):
            self._send(commands.answer(self.database, request, self._open_run))
        else:
            self._send(questions.answer(self.database, request))


def refusal(content: Any, message: str) -> Update | None:
    """Return what tells the view that its request can't be served, if it says who asks."""
    asked = content if isinstance(content, dict) else {}
    if isinstance(asked.get("id"), str):
        return Refusal(id=asked["id"], message=message)
    if isinstance(asked.get("channel"), str):
        return Trouble(channel=asked["channel"], message=message)
    return None
