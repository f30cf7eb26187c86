"""One watcher for all views of a record in this process.

Its thread runs only while somebody looks. It asks the database for its `data_version`, which
costs some 5 µs, and reads nothing unless that has changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from runwatch.exceptions import RunwatchException
from runwatch.feed.audience import Audience
from runwatch.feed.channel import Channel
from runwatch.feed.family import Family, FamilyScope, Touched
from runwatch.feed.messages import Delta, Look, Overview, Pong, Snapshot, Trouble, Update
from runwatch.feed.overview import OfWorkspace, Overviewer, Survey
from runwatch.store import metrics, runs
from runwatch.store.clock import now_us
from runwatch.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

TICK_S = 0.05
QUIET_TICK_S = 0.15
"""How long to rest when nothing has changed for `QUIET_AFTER_S`."""
QUIET_AFTER_S = 5.0
COALESCE_S = 0.1
"""Views hear of changes at most this often."""
STEADY_S = 0.3
STEADY_AFTER = 10
"""The same once there was something at so many looks in a row: a script that logs all the time."""
SHARE = 20
"""Of its time, the thread works one part in so many: the more there is to do, the less often. It
shares the process with what a person does there; a server's does not, and may do more."""
LONGEST_PAUSE_S = 1.0
RETRY_S = 1.0
SETTLE_S = 2.0

_log = logging.getLogger("runwatch.feed")

Send = Callable[[Update], None]
Scope = FamilyScope | OfWorkspace
News = Snapshot | Delta | Overview


class Subscription:
    """One view's place at the watcher: the channel that it shares, and its own numbers."""

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
        self.seq = 0
        self.trouble: str | None = None
        """Why nothing can be read, in words, while that is so."""

    def tell(self, news: News) -> None:
        """Send what the channel has made, under this view's name and number."""
        self.seq += 1
        self.send(msgspec.structs.replace(news, channel=self.name, seq=self.seq))

    def pong(self) -> None:
        """Send the answer to a view that asks whether somebody is there, and can read."""
        if self.trouble is not None:
            self.send(Trouble(channel=self.name, message=self.trouble))
            return
        self.send(Pong(channel=self.name, seq=self.seq, now_ms=now_us() // 1000))

    def look(self, look: Look) -> None:
        """The view looks at something else now; send it what it lacks for that."""
        self._watcher.change_look(self, look)

    def ping(self) -> None:
        """Send the view a sign of life."""
        self._watcher.ping(self)

    def hush(self) -> None:
        """Send nothing more, as another subscription takes the view's name."""
        self.send = _unheard

    def close(self) -> None:
        """The view has gone."""
        self._watcher.unsubscribe(self)


def _unheard(_update: Update) -> None:
    pass


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
        self._audience = Audience()
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
            if not self._audience:
                self._families.clear()
                self._survey = None
                self._change = self._database.last_change()
            with self._database.read() as connection:
                shared = self._audience.alike(scope, look)
                made = shared or self._channel(connection, scope, look)
                subscription = Subscription(self, scope, made, channel, send)
                subscription.tell((made.repeat if shared else made.snapshot)(connection))
            self._audience.add(subscription)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="runwatch-watcher", daemon=True
                )
                self._thread.start()
            return subscription

    def _channel(self, connection: Connection, scope: Scope, look: Look) -> Channel | Overviewer:
        if isinstance(scope, OfWorkspace):
            self._survey = self._survey or Survey(connection)
            return Overviewer(self._survey, look)
        if scope not in self._families:
            self._families[scope] = Family(connection, scope)
        return Channel(self._database, self._families[scope], look)

    def glance(self, scope: FamilyScope, look: Look) -> Snapshot:
        """Return what a view would be sent first, once.

        Raises
        ------
        ServiceException
            There is no such run.
        """
        with self._lock, self._database.read() as connection:
            family = self._families.get(scope) or Family(connection, scope)
            return Channel(self._database, family, look).snapshot(connection)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send this subscription nothing more; without subscriptions the thread ends."""
        with self._lock:
            self._audience.remove(subscription)
            scope = subscription.scope
            if all(one.scope != scope for one in self._audience.views()):
                if isinstance(scope, OfWorkspace):
                    self._survey = None
                else:
                    self._families.pop(scope, None)
        self._wake.set()

    def change_look(self, subscription: Subscription, look: Look) -> None:
        """Send a subscription what it lacks for another look."""
        with self._lock, self._database.read() as connection:
            before = subscription.channel
            channel = self._audience.alike(subscription.scope, look)
            together = self._audience.of(before)
            if channel is before or subscription not in together:
                return  # nothing is lacking, or the view was let go
            if channel is None and len(together) == 1:
                delta = before.change_look(connection, look)
            else:
                delta = self._move(connection, subscription, channel, look)
            if delta is not None:
                subscription.tell(delta)

    def _move(
        self,
        connection: Connection,
        subscription: Subscription,
        channel: Channel | Overviewer | None,
        look: Look,
    ) -> Delta | None:
        """Give a view another channel, a new one if need be, and return what it lacks for that."""
        if channel is None:
            channel = self._channel(connection, subscription.scope, look)
            channel.snapshot(connection)
        before = subscription.channel
        self._audience.remove(subscription)
        subscription.channel = channel
        self._audience.add(subscription)
        if isinstance(channel, Channel) and isinstance(before, Channel):
            return channel.beyond(connection, before)
        return None

    def ping(self, subscription: Subscription) -> None:
        """Send a subscription a sign of life, in order with its deltas."""
        with self._lock:
            subscription.pong()

    def _watch(self) -> None:
        before_s = 0.0
        while True:
            with self._lock:
                if not self._audience:
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
                except Exception as error:  # noqa: BLE001 views that hear nothing would look live
                    _log.exception("The record can't be watched.")
                    self._tell_trouble(f"The record can't be watched: {error!r}.")
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
        live = any(channel.is_live() for channel, _ in self._audience)
        now = time.monotonic()
        if live and now - self._settled > SETTLE_S:
            self._settled = now
            self._settle()
        version = self._database.data_version()
        troubled = any(one.trouble is not None for one in self._audience.views())
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
            for channel, views in self._audience:
                if any(one.trouble is not None for one in views):
                    for one in views:
                        one.trouble = None
                    sent |= self._tell(views, channel.snapshot(connection))
                else:
                    news = channel.refresh(connection, touched[views[0].scope], series)
                    sent |= self._tell(views, news)
        return sent

    def _look_at_files(self) -> bool:
        """Send what was written to files, of which the database knows nothing."""
        if time.monotonic() - self._files_seen < COALESCE_S:
            return False
        self._files_seen = time.monotonic()
        sent = False
        for channel, views in self._audience:
            sent |= self._tell(views, channel.refresh_files())
        return sent

    def _tell(self, views: list[Subscription], news: News | None) -> bool:
        """Send each of a channel's views what is new; return whether there was anything."""
        if news is None:
            return False
        for subscription in views:
            self._reach(subscription, partial(subscription.tell, news))
        return True

    def _tell_trouble(self, message: str) -> None:
        """Tell each view once that nothing can be read."""
        if any(one.trouble is None for one in self._audience.views()):
            _log.warning("%s", message)
        for subscription in self._audience.views():
            if subscription.trouble is None:
                subscription.trouble = message
                self._reach(subscription, subscription.pong)

    def _reach(self, subscription: Subscription, send: Callable[[], None]) -> None:
        try:
            send()
        except Exception:  # noqa: BLE001 one view that can't be reached must not end the others' feed
            _log.exception("A view could not be reached and is let go.")
            self._audience.remove(subscription)


_watchers: dict[Database, Watcher] = {}
_watchers_lock = threading.Lock()


def watcher_of(database: Database, settle: Callable[[], None], *, share: int = SHARE) -> Watcher:
    """Return the one watcher that all views of this process share for a record."""
    with _watchers_lock:
        for gone in [one for one in _watchers if one is not database and not one.is_there()]:
            del _watchers[gone]
        if database not in _watchers:
            _watchers[database] = Watcher(database, settle, share=share)
        return _watchers[database]
