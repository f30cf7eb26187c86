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
