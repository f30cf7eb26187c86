"""The one watcher that all widgets of this process share for a record."""

from __future__ import annotations

from runwatch.core.record import Record
from runwatch.feed.watcher import Watcher

_watchers: dict[Record, Watcher] = {}


def watcher_of(record: Record) -> Watcher:
    """Return the record's watcher. It has a thread only while somebody looks."""
    if record not in _watchers:
        _watchers[record] = Watcher(record.database, record.settle)
    return _watchers[record]
