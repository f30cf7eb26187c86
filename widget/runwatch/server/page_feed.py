"""All that one page watches, over one connection; knows nothing of HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, get_args

from runwatch.core.run import Run
from runwatch.exceptions import RunwatchException, UserErrorException
from runwatch.feed import wire
from runwatch.feed.family import OfExperiment, OfRun
from runwatch.feed.messages import Carried, ChangeLook, Command, Ping, Unwatch, Update, Watch
from runwatch.feed.overview import OfWorkspace
from runwatch.feed.session import Session, refusal
from runwatch.feed.watcher import Scope, watcher_of
from runwatch.server.workspaces import Workspaces
from runwatch.store import experiments

SHARE = 4
"""Of its time, a workspace's watcher works one part in so many at the most."""


def _kinds(requests: Any) -> frozenset[str]:
    """Return the words that stand for these requests in what a page sends."""
    return frozenset(str(one.__struct_config__.tag) for one in get_args(requests))


_IN_ORDER = _kinds(Watch | Unwatch | ChangeLook | Ping)
_WRITING = _kinds(Command)

Key = tuple[str, str | None, str | None]
_log = logging.getLogger("runwatch.server")


class PageFeed:
    """Keeps a session for each thing that the page's views were made for.

    Parameters
    ----------
    workspaces
        The workspaces that the page may ask for.
    send
        Called with each frame, from any thread.
    """

    def __init__(self, workspaces: Workspaces, send: Callable[[str | bytes], None]) -> None:
        self._workspaces = workspaces
        self._send = send
        self._sessions: dict[Key, Session] = {}

    @staticmethod
    def in_order(message: Any) -> bool:
        """Return whether a message is of those that must be handled one after the other."""
        return _kind_of(message) in _IN_ORDER

    def take(self, message: Any) -> None:
        """Handle a `Carried` of the page. May take as long as reading files does."""
        request = message.get("request") if isinstance(message, dict) else None
        try:
            carried = wire.decode_carried(message)
            key = (carried.workspace_id, carried.run_id, carried.experiment)
            session = self._held(key) or self._open(carried)
            session.take(request)
            if not self.in_order(message):
                return  # it has no channels, and may come between two messages that have
            if session.channels:
                self._sessions[key] = session
            else:
                self._sessions.pop(key, None)
        except RunwatchException as error:
            self._refuse(request, error.message)
        except Exception as error:  # noqa: BLE001 what is odd in one message must not end the feed
            _log.exception("What a page has sent could not be handled.")
            self._refuse(request, f"This could not be done: {error!r}.")

    def _refuse(self, request: Any, message: str) -> None:
        refused = refusal(request, message)
        if refused is not None:
            self.tell(refused)

    def tell(self, update: Update) -> None:
        """Send an update to the page."""
        self._send(wire.frame(update))

    def close(self) -> None:
        """The page has gone."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def _held(self, key: Key) -> Session | None:
        """Return the session of a view; none if its workspace was moved, and is to be reopened."""
        session = self._sessions.get(key)
        if session is None or session.database.is_there():
            return session
        try:
            moved = self._workspaces.get(key[0])._record.database is not session.database
        except RunwatchException:  # it is nowhere; it may come back to where it was
            return session
        if not moved:
            return session
        del self._sessions[key]
        session.close()
        return None

    def _open(self, carried: Carried) -> Session:
        workspace = self._workspaces.get(carried.workspace_id)
        record = workspace._record
        return Session(
            record.database,
            watcher_of(record.database, record.settle, share=SHARE),
            self._scope(carried),
            send=self.tell,
            open_run=lambda run_id: Run.get(workspace, run_id),
        )

    def _scope(self, carried: Carried) -> Scope:
        if carried.run_id is not None:
            return OfRun(carried.run_id)
        if carried.experiment is None:
            return OfWorkspace()
        database = self._workspaces.get(carried.workspace_id)._record.database
        with database.read() as connection:
            found = experiments.find(connection, carried.experiment)
        if found is None:
            raise UserErrorException(
                f"There is no experiment {carried.experiment!r} any more: it was archived or "
                "removed."
            )
        return OfExperiment(found.key)


def refused_command(message: Any) -> Update | None:
    """Return what is said to one who may only read; None if the message is no command."""
    if _kind_of(message) not in _WRITING:
        return None
    return refusal(
        message["request"], "You may watch the runs of this server, but not change them."
    )


def _kind_of(message: Any) -> str | None:
    """Return what sort of request a page has sent, if that is said with a word."""
    request = message.get("request") if isinstance(message, dict) else None
    kind = request.get("type") if isinstance(request, dict) else None
    return kind if isinstance(kind, str) else None


def parsed(text: str | bytes) -> Any:
    """Return what a page has sent, or None if it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
