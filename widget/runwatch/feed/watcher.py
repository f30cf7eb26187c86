"""One watcher for all views of a record in this process.

Its thread runs only while somebody looks. It asks the database for its `data_version`, which
costs some 5 µs, and reads nothing unless that has changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from runwatch.exceptions import RunwatchException
from runwatch.feed.channel import Channel
from runwatch.feed.family import Family, FamilyScope, Touched
from runwatch.feed.messages import Look, Snapshot, Trouble, Update
from runwatch.feed.overview import OfWorkspace, Overviewer, Survey
from runwatch.store import metrics, runs
from runwatch.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from runwatch.store.metrics import SeriesRow

TICK_S = 0.05
QUIET_TICK_S = 0.15
"""How long to rest when nothing has changed for `QUIET_AFTER_S`."""
QUIET_AFTER_S = 5.0
COALESCE_S = 0.1
"""Views hear of changes at most this often."""
STEADY_S = 0.25
STEADY_AFTER = 10
"""The same once there was something at so many looks in a row: a script that logs all the time."""
SHARE = 20
"""Of its time, the thread works one part in so many: the more there is to do, the less often. It
shares the process with what a person does there; a server's does not, and may do more."""
LONGEST_PAUSE_S = 1.0
RETRY_S = 1.0
SETTLE_S = 1.0
QUIET_SETTLE_S = 2.0

_log = logging.getLogger("runwatch.feed")

Send = Callable[[Update], None]
Scope = FamilyScope | OfWorkspace


class Subscription:
    """One channel's place at the watcher."""

    def __init__(
        self,
        watcher: Watcher,
        scope: Scope,
        channel: Channel | Overviewer,
        name: str,
        send: Send,
    ) -> None:
        self._watcher = watcher
        self.scope = scope
        self.channel = channel
        self.name = name
        self.send = send
        self.in_trouble = False

    def look(self, look: Look) -> None:
        """The view looks at something else now; send it what it lacks for that."""
        self._watcher.change_look(self, look)

    def ping(self) -> None:
        """Send the view a sign of life."""
        self._watcher.ping(self)

    def close(self) -> None:
        """The view has gone."""
        self._watcher.unsubscribe(self)


class Watcher:
    """Tells views what changes in a record.

    Parameters
    ----------
    database
        The record.
    settle
        Called now and then while a watched run is live; ends the runs whose processes are gone.
    share
        Of its time, the thread works one part in so many at the most.
    """

    def __init__(
        self, database: Database, settle: Callable[[], None], *, share: int = SHARE
    ) -> None:
        self._database = database
        self._settle = settle
        self._share = share
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._subscriptions: list[Subscription] = []
        self._families: dict[FamilyScope, Family] = {}
        self._survey: Survey | None = None
        self._thread: threading.Thread | None = None
        self._version = -1
        self._change = 0
        self._settled = 0.0
        self._files_seen = 0.0
        self._changed_at = 0.0
        self._in_a_row = 0

    def subscribe(self, scope: Scope, look: Look, send: Send, *, channel: str = "") -> Subscription:
        """Send a snapshot now, and deltas as it changes, until the subscription is closed.

        `send` is called from this thread and from the watcher's.

        Raises
        ------
        ServiceException
            There is no such run.
        """
        with self._lock:
            if not self._subscriptions:
                self._families.clear()
                self._survey = None
                self._change = self._database.last_change()
            with self._database.read() as connection:
                made = self._channel(connection, scope, look, channel)
                subscription = Subscription(self, scope, made, channel, send)
                send(made.snapshot(connection))
            self._subscriptions.append(subscription)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="runwatch-watcher", daemon=True
                )
                self._thread.start()
            return subscription

    def _channel(
        self, connection: Connection, scope: Scope, look: Look, name: str
    ) -> Channel | Overviewer:
        if isinstance(scope, OfWorkspace):
            self._survey = self._survey or Survey(connection)
            return Overviewer(self._survey, name)
        if scope not in self._families:
            self._families[scope] = Family(connection, scope)
        return Channel(self._database, name, self._families[scope], look)

    def glance(self, scope: FamilyScope, look: Look) -> Snapshot:
        """Return what a view would be sent first, once.

        Raises
        ------
        ServiceException
            There is no such run.
        """
        with self._lock, self._database.read() as connection:
            family = self._families.get(scope) or Family(connection, scope)
            return Channel(self._database, "", family, look).snapshot(connection)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send this subscription nothing more; without subscriptions the thread ends."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
            scope = subscription.scope
            if all(one.scope != scope for one in self._subscriptions):
                if isinstance(scope, OfWorkspace):
                    self._survey = None
                else:
                    self._families.pop(scope, None)
        self._wake.set()

    def change_look(self, subscription: Subscription, look: Look) -> None:
        """Send a subscription what it lacks for another look."""
        with self._lock, self._database.read() as connection:
            delta = subscription.channel.change_look(connection, look)
            if delta is not None:
                subscription.send(delta)

    def ping(self, subscription: Subscription) -> None:
        """Send a subscription a sign of life, in order with its deltas."""
        with self._lock:
            subscription.send(subscription.channel.pong())

    def _watch(self) -> None:
        before_s = 0.0
        while True:
            with self._lock:
                if not self._subscriptions:
                    self._thread = None
                    return
                begun = time.thread_time()
                try:
                    pause_s = self._look_once()
                    worked_s = time.thread_time() - begun
                    # One look that was dear, such as the first, slows nothing down.
                    pause_s = max(pause_s, (self._share - 1) * min(worked_s, before_s))
                    pause_s = min(pause_s, LONGEST_PAUSE_S)
                    before_s = worked_s
                except RunwatchException as error:  # a full disk, a deleted workspace
                    self._tell_trouble(error.message)
                    pause_s = RETRY_S
            self._wake.wait(pause_s)
            self._wake.clear()

    def _look_once(self) -> float:
        """Send what has changed since the last look; return in how many seconds to look again."""
        now = time.monotonic()
        if self._send_news():
            self._changed_at = now
            self._in_a_row += 1
            return COALESCE_S if self._in_a_row < STEADY_AFTER else STEADY_S
        self._in_a_row = 0
        return TICK_S if now - self._changed_at < QUIET_AFTER_S else QUIET_TICK_S

    def _send_news(self) -> bool:
        """Send what has changed since the last look; return whether there was anything."""
        live = any(s.channel.is_live() for s in self._subscriptions)
        now = time.monotonic()
        quiet = now - self._changed_at >= QUIET_AFTER_S
        if live and now - self._settled > (QUIET_SETTLE_S if quiet else SETTLE_S):
            self._settled = now
            self._settle()
        version = self._database.data_version()
        troubled = any(subscription.in_trouble for subscription in self._subscriptions)
        if version == self._version and not troubled:
            return self._look_at_files()
        sent = False
        with self._database.read() as connection:
            rows = runs.changed_since(connection, self._change)
            series = metrics.changed_since(connection, self._change)
            newest = [row.change for row in rows] + [item.change for item in series]
            touched: dict[Scope, Touched] = {
                scope: family.apply(connection, rows, series)
                for scope, family in self._families.items()
            }
            if self._survey is not None:
                touched[OfWorkspace()] = self._survey.apply(connection, rows, series)
            self._change = max([self._change, *newest])
            self._version = version
            for subscription in list(self._subscriptions):
                news = self._news_for(subscription, touched[subscription.scope], connection, series)
                if news is not None:
                    sent = True
                    self._send(subscription, news)
        return sent

    def _look_at_files(self) -> bool:
        """Send what was written to files, of which the database knows nothing."""
        if time.monotonic() - self._files_seen < COALESCE_S:
            return False
        self._files_seen = time.monotonic()
        sent = False
        for subscription in list(self._subscriptions):
            news = subscription.channel.refresh_files()
            if news is not None:
                sent = True
                self._send(subscription, news)
        return sent

    def _news_for(
        self,
        subscription: Subscription,
        touched: Touched,
        connection: Connection,
        series: list[SeriesRow],
    ) -> Update | None:
        if subscription.in_trouble:
            subscription.in_trouble = False
            return subscription.channel.snapshot(connection)
        return subscription.channel.refresh(connection, touched, series)

    def _tell_trouble(self, message: str) -> None:
        """Tell each view once that nothing can be read."""
        if not all(subscription.in_trouble for subscription in self._subscriptions):
            _log.warning("%s", message)
        for subscription in list(self._subscriptions):
            if not subscription.in_trouble:
                subscription.in_trouble = True
                self._send(subscription, Trouble(channel=subscription.name, message=message))

    def _send(self, subscription: Subscription, update: Update) -> None:
        try:
            subscription.send(update)
        except Exception:  # noqa: BLE001 one view that can't be reached must not end the others' feed
            _log.exception("A view could not be reached and is let go.")
            self._subscriptions.remove(subscription)


_watchers: dict[Database, Watcher] = {}


def watcher_of(database: Database, settle: Callable[[], None], *, share: int = SHARE) -> Watcher:
    """Return the one watcher that all views of this process share for a record."""
    if database not in _watchers:
        _watchers[database] = Watcher(database, settle, share=share)
    return _watchers[database]
