"""One row of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was measured, beside what it is to be compared with."""

    work: str
    measured: str
    beside: str
    ratio: str
    reach: str
    reached: bool
