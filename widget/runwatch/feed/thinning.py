"""Fewer points that look the same: of each stretch its lowest and its highest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stretch_for(count: int, most: int) -> int:
    """Return how many points make a stretch, so that at most `most` of `count` are kept.

    It is 1, or a power of two from 4 on: two of two points would spare nothing.
    """
    stretch = 1
    while (2 * count // stretch if stretch > 1 else count) > most:
        stretch = 4 if stretch == 1 else 2 * stretch
    return stretch


def extremes(values: NDArray[np.float64], stretch: int) -> NDArray[np.intp]:
    """Return where the lowest and the highest value of each stretch stand, in order.

    Parameters
    ----------
    values
        Shape (points,). The last stretch may be shorter. NaN and infinities are passed over; a
        stretch of nothing else is kept as its first point.
    stretch
        How many points make one; 1 keeps all.

    Returns
    -------
    ndarray
        Indexes into `values`, shape (at most 2 * points / stretch,).
    """
    if stretch <= 1:
        return np.arange(len(values))
    short = -len(values) % stretch
    finite = np.isfinite(values)
    low = np.pad(np.where(finite, values, np.inf), (0, short), constant_values=np.inf)
    high = np.pad(np.where(finite, values, -np.inf), (0, short), constant_values=-np.inf)
    begins = np.arange(0, len(values), stretch)
    lowest = begins + low.reshape(-1, stretch).argmin(axis=1)
    highest = begins + high.reshape(-1, stretch).argmax(axis=1)
    return np.unique(np.concatenate([lowest, highest]))
