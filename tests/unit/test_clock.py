"""Times as they are told."""

from __future__ import annotations

import pytest

from runwatch.store.clock import elapsed


@pytest.mark.parametrize(
    ("took_ms", "told"),
    [
        (-5, "0 s"),
        (12_900, "12 s"),
        (184_000, "3 m 04 s"),
        (3_720_000, "1 h 02 m"),
        (200_000_000, "2 d 7 h"),
    ],
)
def test_what_goes_on_is_told_in_whole_seconds(took_ms: int, told: str) -> None:
    assert elapsed(1_000, None, 1_000 + took_ms) == told


@pytest.mark.parametrize(
    ("took_ms", "told"),
    [(-5, "0.0 s"), (399, "0.3 s"), (2_000, "2.0 s"), (9_999, "9.9 s"), (12_900, "12 s")],
)
def test_what_has_ended_soon_is_told_in_tenths(took_ms: int, told: str) -> None:
    assert elapsed(1_000, 1_000 + took_ms, 99_000) == told


def test_what_has_not_started_has_no_time() -> None:
    assert elapsed(None, None, 99_000) == ""
