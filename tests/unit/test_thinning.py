"""Fewer points that look the same, and numbers that travel short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runwatch.feed.messages import Numbers
from runwatch.feed.series import numbers
from runwatch.feed.thinning import extremes, stretch_for
from tests.unit.test_feed import decoded

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@settings(deadline=None)
@given(st.lists(FINITE, min_size=1, max_size=300), st.sampled_from([1, 4, 8, 64]))
def test_the_extremes_of_each_stretch_are_kept(values: list[float], stretch: int) -> None:
    array = np.array(values)
    keep = extremes(array, stretch)
    assert list(keep) == sorted(set(keep))
    for begin in range(0, len(values), stretch):
        kept = [values[i] for i in keep if begin <= i < begin + stretch]
        assert (min(kept), max(kept)) == (
            min(values[begin : begin + stretch]),
            max(values[begin : begin + stretch]),
        )
        assert stretch == 1 or len(kept) <= 2


def test_what_is_not_finite_hides_no_extreme() -> None:
    array = np.array([np.nan, 1.0, np.inf, -1.0, np.nan, np.nan, np.nan, np.nan])
    assert list(extremes(array, 4)) == [1, 3, 4]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1_000, 1_000_000])
def test_a_stretch_keeps_at_most_as_many_as_wanted(count: int) -> None:
    stretch = stretch_for(count, 500)
    kept = count if stretch == 1 else 2 * count / stretch
    assert kept <= 500
    assert stretch == 1 or kept > 500 / 4


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(-(2**40), 2**40), st.floats(width=64)), max_size=20))
def test_numbers_come_back_exactly(values: list[float]) -> None:
    array = np.array(values, dtype=np.float64)
    back = np.array(decoded(numbers(array)), dtype=np.float64)
    np.testing.assert_array_equal(back, array)


def test_steps_that_count_on_need_no_buffer() -> None:
    assert numbers(np.arange(100, 200, 5)) == Numbers(kind="range", start=100, step=5, count=20)
    assert numbers(np.array([1, 2, 4])).kind == "u4"
    assert numbers(np.array([-1, 2, 4])).kind == "i4"
    assert numbers(np.array([0.5, 2, 4])).kind == "f8"
