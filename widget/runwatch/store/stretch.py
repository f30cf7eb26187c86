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
from zlib import crc32

from runwatch.store.points import NO_STEP, Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAYLOAD_BYTES = 29
RECORD_BYTES = 8 + PAYLOAD_BYTES
FEWEST = 32
"""Records that make a stretch; below, NumPy is not worth its import."""

_LENGTH = struct.Struct("<I")
_KINDS = b"dq"


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
    numbers = records["series"]
    for series in numbers[:1] if (numbers == numbers[0]).all() else np.unique(numbers):
        mine = records[numbers == series]
        changes = np.flatnonzero(mine["kind"][1:] != mine["kind"][:-1]) + 1
        for part in np.split(mine, changes):
            yield int(series), _chunk(part)


def _chunk(part: NDArray[Any]) -> Chunk:
    steps = part["step"]
    return Chunk(
        encoding=chr(part["kind"][0]),
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
            ("kind", "u1"),
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
    """Return the CRC-32 of each record's payload.

    The CRC of a message of a known length is that of zeros, XOR a term for each byte that depends
    on its value and place alone: so a column of bytes can be looked up for all records together.
    """
    import numpy as np

    raw = np.frombuffer(data, np.uint8, count=number * RECORD_BYTES, offset=position)
    payloads = raw.reshape(number, RECORD_BYTES)[:, 8:]
    crc = np.full(number, crc32(bytes(PAYLOAD_BYTES)), np.uint32)
    for column, terms in enumerate(_crc_terms()):
        crc ^= terms[payloads[:, column]]
    return crc


@cache
def _crc_terms() -> NDArray[np.uint32]:
    """Return what each byte at each place of a payload adds: array of (places, 256)."""
    import numpy as np

    zeros = bytes(PAYLOAD_BYTES)
    terms = np.empty((PAYLOAD_BYTES, 256), np.uint32)
    for place in range(PAYLOAD_BYTES):
        message = bytearray(zeros)
        for value in range(256):
            message[place] = value
            terms[place, value] = crc32(message) ^ crc32(zeros)
    return terms
