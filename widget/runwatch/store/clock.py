"""Wall-clock time as the record keeps it: whole microseconds since the Unix epoch."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def now_us() -> int:
    """Return the time now."""
    return time.time_ns() // 1000


def iso_utc(unix_us: int) -> str:
    """Return e.g. ``2026-04-05T09:30:00.000001Z``, the form of `Run.get_details()`."""
    moment = datetime.fromtimestamp(unix_us // 1_000_000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{unix_us % 1_000_000:06d}Z"


def to_ms(unix_us: int | None) -> int | None:
    """Return milliseconds, or None for None."""
    return None if unix_us is None else unix_us // 1000


def elapsed(started_ms: int | None, ended_ms: int | None, now_ms: int) -> str:
    """Return the time between start and end, or until now, as the view says it.

    That is e.g. ``0.4 s``, ``12 s``, ``3 m 04 s``, ``1 h 02 m`` or ``2 d 7 h``, and empty for what
    has not started. Tenths are told only of what has ended.
    """
    if started_ms is None:
        return ""
    took_ms = max(0, (now_ms if ended_ms is None else ended_ms) - started_ms)
    if ended_ms is not None and took_ms < 10_000:
        return f"{took_ms // 100 / 10:.1f} s"
    minutes, seconds = divmod(took_ms // 1000, 60)
    hours, minutes_left = divmod(minutes, 60)
    if minutes == 0:
        return f"{seconds} s"
    if hours == 0:
        return f"{minutes} m {seconds:02d} s"
    if hours < 48:
        return f"{hours} h {minutes_left:02d} m"
    return f"{hours // 24} d {hours % 24} h"
