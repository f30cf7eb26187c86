"""How the points of a series are packed into a chunk, and read again.

A chunk holds consecutive points of one encoding:

======== ==================================================
encoding data
======== ==================================================
``d``    float64, little-endian (NaN and infinities included)
``q``    int64, little-endian
``j``    a JSON list of whatever else: bool, str, None, lists, rows
======== ==================================================

Times are float64 seconds since the Unix epoch; steps are int64, or None when no point has one.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NO_STEP = -(2**63)
_MOST_BYTES = 2**18
"""Of values in a chunk that is put together from smaller ones."""
_BIG_ENDIAN = sys.byteorder == "big"


class Point(NamedTuple):
    """One logged value."""

    step: int
    """`NO_STEP` when none was given."""
    time_s: float
    value: Any


@dataclass(frozen=True)
class Chunk:
    """Packed consecutive points of one series."""

    encoding: str
    count: int
    steps: bytes | None
    times: bytes
    data: bytes


def encoding_of(value: object) -> str:
    """Return the encoding of one value."""
    kind = type(value)
    if kind is float:
        return "d"
    if kind is int and -(2**63) <= value < 2**63:  # type: ignore[operator]
        return "q"
    return "j"


def pack(points: Sequence[Point]) -> list[Chunk]:
    """Return the chunks that hold `points`, in order; one for each stretch of one encoding."""
    chunks = []
    for encoding, stretch in groupby(points, key=lambda point: encoding_of(point.value)):
        group = list(stretch)
        values = [point.value for point in group]
        stepped = any(point.step != NO_STEP for point in group)
        chunks.append(
            Chunk(
                encoding=encoding,
                count=len(group),
                steps=_to_bytes("q", [point.step for point in group]) if stepped else None,
                times=_to_bytes("d", [point.time_s for point in group]),
                data=json.dumps(values).encode()
                if encoding == "j"
                else _to_bytes(encoding, values),
            )
        )
    return chunks


def joined(first: Chunk, second: Chunk, *, most: int) -> Chunk | None:
    """Return one chunk that holds both; None if they don't go together or would be too much."""
    count = first.count + second.count
    same = first.encoding == second.encoding
    if not same or count > most or len(first.data) + len(second.data) > _MOST_BYTES:
        return None
    steps = None
    if first.steps is not None or second.steps is not None:
        steps = b"".join(c.steps or _to_bytes("q", [NO_STEP] * c.count) for c in (first, second))
    if first.encoding == "j":
        data = first.data[:-1] + b", " + second.data[1:]
    else:
        data = first.data + second.data
    return Chunk(first.encoding, count, steps, first.times + second.times, data)


def values(chunk: Chunk) -> list[Any]:
    """Return the values of a chunk as they were logged."""
    if chunk.encoding == "j":
        return list(json.loads(chunk.data))
    return _from_bytes(chunk.encoding, chunk.data).tolist()


def last_value(chunk: Chunk) -> Any:
    """Return the last value of a chunk."""
    if chunk.encoding == "j":
        return values(chunk)[-1]
    return _from_bytes(chunk.encoding, chunk.data[-8:])[0]


def steps(chunk: Chunk) -> list[int | None]:
    """Return the step of each point, None where none was given."""
    if chunk.steps is None:
        return [None] * chunk.count
    return [None if step == NO_STEP else step for step in _from_bytes("q", chunk.steps)]


def arrays(chunk: Chunk) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[Any]]:
    """Return steps (`NO_STEP` where none was given), times and values of a chunk."""
    import numpy as np

    times = np.frombuffer(chunk.times, "<f8")
    if chunk.steps is None:
        steps = np.full(chunk.count, NO_STEP, np.int64)
    else:
        steps = np.frombuffer(chunk.steps, "<i8")
    if chunk.encoding == "j":
        held = np.fromiter(values(chunk), object, chunk.count)
    else:
        held = np.frombuffer(chunk.data, {"d": "<f8", "q": "<i8"}[chunk.encoding])
    return steps, times, held


def _to_bytes(typecode: str, numbers: Sequence[float]) -> bytes:
    packed = array(typecode, numbers)
    if _BIG_ENDIAN:
        packed.byteswap()
    return packed.tobytes()


def _from_bytes(typecode: str, data: bytes) -> array[Any]:
    unpacked = array(typecode)
    unpacked.frombytes(data)
    if _BIG_ENDIAN:
        unpacked.byteswap()
    return unpacked
