"""One watcher for all views of a record in this process.

Its thread runs only while somebody looks. It asks the database for its `data_version`, which
costs some 5 µs, and reads nothing unless that has changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from runwatch.exceptions import RunwatchException
from runwatch.feed.messages import Look, Update
from runwatch.feed.run_view import RunView
from runwatch.store import metrics, runs
from runwatch.store.database import Database

TICK_S = 0.05
COALESCE_S = 0.1
_RETRY_S = 1.0
"""Views hear of changes at most this often."""
SETTLE_S = 1.0

_log = logging.getLogger("runwatch.feed")

Send = Callable[[Update], None]


class Subscription:
    """One view's place at the watcher."""

    def __init__(self, watcher: Watcher, view: RunView, send: Send) -> None:
        self._watcher = watcher
        self.view = view
        self.send = send

    def look(self, look: Look) -> None:
        """The view looks at something else now; send it what it lacks for that."""
        self._watcher.change_look(self, look)

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
    """

    def __init__(self, database: Database, settle: Callable[[], None]) -> None:
        self._database = database
        self._settle = settle
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._subscriptions: list[Subscription] = []
        self._thread: threading.Thread | None = None
        self._version = -1
        self._change = 0
        self._settled = 0.0

    def subscribe(self, run_id: str, look: Look, send: Send) -> Subscription:
        """Send a snapshot of a run now, and deltas as it changes, until the subscription is closed.

        `send` is called from this thread and from the watcher's.

        Raises
        ------
        ServiceException
            There is no such run.
        """
        with self._lock:
            if not self._subscriptions:
                self._change = self._database.last_change()
            subscription = Subscription(self, RunView(self._database, run_id, look), send)
            send(subscription.view.snapshot())
            self._subscriptions.append(subscription)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="runwatch-watcher", daemon=True
                )
                self._thread.start()
            return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send this subscription nothing more; without subscriptions the thread ends."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
        self._wake.set()

    def change_look(self, subscription: Subscription, look: Look) -> None:
        """Send a subscription what it lacks for another look."""
        with self._lock:
            delta = subscription.view.change_look(look)
            if delta is not None:
                subscription.send(delta)

    def _watch(self) -> None:
        told = ""
        while True:
            with self._lock:
                if not self._subscriptions:
                    self._thread = None
                    return
                try:
                    pause_s = COALESCE_S if self._look_once() else TICK_S
                except RunwatchException as error:  # a full disk, a deleted workspace
                    if error.message != told:
                        _log.warning("%s", error.message)
                    told, pause_s = error.message, _RETRY_S
            self._wake.wait(pause_s)
            self._wake.clear()

    def _look_once(self) -> bool:
        """Send what has changed since the last look; return whether there was anything."""
        live = any(s.view.is_live() for s in self._subscriptions)
        if live and time.monotonic() - self._settled > SETTLE_S:
            self._settled = time.monotonic()
            self._settle()
        version = self._database.data_version()
        changed = version != self._version
        if not changed and not live:
            return False
        self._version = version
        sent = False
        with self._database.read() as connection:
            rows = runs.changed_since(connection, self._change) if changed else []
            series = metrics.changed_since(connection, self._change) if changed else []
            newest = [row.change for row in rows] + [item.change for item in series]
            self._change = max([self._change, *newest])
            for subscription in list(self._subscriptions):
                delta = subscription.view.refresh(connection, rows, series)
                if delta is not None:
                    sent = True
                    self._send(subscription, delta)
        return sent

    def _send(self, subscription: Subscription, update: Update) -> None:
        try:
            subscription.send(update)
        except Exception:  # noqa: BLE001 one view that can't be reached must not end the others' feed
            _log.exception("A view could not be reached and is let go.")
            self._subscriptions.remove(subscription)
