"""Many journal records at once.

A process that logs fast writes long stretches of records of one size: numbers with a step. Read one
by one they cost some 8 µs each, which a training process would feel, as its shipper shares the
interpreter with it; read as arrays they cost a tenth of a microsecond.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from runwatch.store.points import NO_STEP, Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAYLOAD_BYTES = 29
RECORD_BYTES = 8 + PAYLOAD_BYTES
FEWEST = 32
"""Records that make a stretch; below, NumPy is not worth its import."""

_LENGTH = struct.Struct("<I")
_KINDS = (b"d", b"q")


def count(data: bytes, position: int) -> int:
    """Return how many whole records of numbers follow each other from `position` on.

    Returns 0 when they are too few to be worth it.
    """
    last = position + (FEWEST - 1) * RECORD_BYTES
    if last + RECORD_BYTES > len(data):
        return 0
    if any(_LENGTH.unpack_from(data, at)[0] != PAYLOAD_BYTES for at in (position, last)):
        return 0
    if _sound(data, position, FEWEST) < FEWEST:
        return 0
    return _sound(data, position, (len(data) - position) // RECORD_BYTES)


def _sound(data: bytes, position: int, most: int) -> int:
    """Return how many of the next `most` records are numbers and whole before one that is not."""
    records = _records(data, position, most)
    good = (records["length"] == PAYLOAD_BYTES) & _is_number(records["kind"])
    whole = _prefix(good)
    return _prefix(_checksums(data, position, whole) == records["crc32"][:whole])


def chunks(data: bytes, position: int, number: int) -> Iterator[tuple[int, Chunk]]:
    """Yield the points of `number` records as chunks, with the series that each belongs to."""
    import numpy as np

    records = _records(data, position, number)
    for series in np.unique(records["series"]):
        mine = records[records["series"] == series]
        changes = np.flatnonzero(mine["kind"][1:] != mine["kind"][:-1]) + 1
        for part in np.split(mine, changes):
            yield int(series), _chunk(part)


def _chunk(part: NDArray[Any]) -> Chunk:
    steps = part["step"]
    return Chunk(
        encoding=bytes(part["kind"][0]).decode(),
        count=len(part),
        steps=None if (steps == NO_STEP).all() else steps.tobytes(),
        times=part["time"].tobytes(),
        data=part["value"].tobytes(),
    )


def _records(data: bytes, position: int, number: int) -> NDArray[Any]:
    import numpy as np

    return np.frombuffer(data, dtype=_dtype(), count=number, offset=position)


@cache
def _dtype() -> np.dtype[Any]:
    import numpy as np

    return np.dtype(
        [
            ("length", "<u4"),
            ("crc32", "<u4"),
            ("kind", "S1"),
            ("series", "<u4"),
            ("step", "<i8"),
            ("time", "<f8"),
            ("value", "V8"),
        ]
    )


def _is_number(kinds: NDArray[Any]) -> NDArray[np.bool_]:
    first, second = _KINDS
    found: NDArray[np.bool_] = (kinds == first) | (kinds == second)
    return found


def _prefix(good: NDArray[np.bool_]) -> int:
    """Return how many are good before the first that is not."""
    return len(good) if good.all() else int(good.argmin())


def _checksums(data: bytes, position: int, number: int) -> NDArray[np.uint32]:
    """Return the CRC-32 of each record's payload, all of them byte by byte together."""
    import numpy as np

    raw = np.frombuffer(data, np.uint8, count=number * RECORD_BYTES, offset=position)
    payloads = raw.reshape(number, RECORD_BYTES)[:, 8:]
    table = _crc_table()
    crc = np.full(number, 0xFFFFFFFF, np.uint32)
    for column in range(PAYLOAD_BYTES):
        crc = table[(crc ^ payloads[:, column]) & 0xFF] ^ (crc >> np.uint32(8))
    return crc ^ np.uint32(0xFFFFFFFF)


@cache
def _crc_table() -> NDArray[np.uint32]:
    import numpy as np

    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0xEDB88320), table >> 1)
    return table.astype(np.uint32)
