"""Messages as they travel: JSON with binary buffers beside it."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import msgspec

from runwatch.exceptions import UserErrorException
from runwatch.feed.messages import Carried, Request, Update


def encode(message: Update) -> tuple[dict[str, Any], list[bytes]]:
    """Return the JSON part, in which ``{"$buffer": i}`` stands for buffer i, and the buffers."""
    buffers: list[bytes] = []
    content = _without_bytes(msgspec.to_builtins(message, builtin_types=(bytes,)), buffers)
    return content, buffers


def _without_bytes(value: Any, buffers: list[bytes]) -> Any:
    if isinstance(value, bytes):
        buffers.append(value)
        return {"$buffer": len(buffers) - 1}
    if isinstance(value, dict):
        return {key: _without_bytes(inner, buffers) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_bytes(inner, buffers) for inner in value]
    return value


def frame(message: Update) -> str | bytes:
    """Return a message as one frame of a WebSocket: text, or with buffers as bytes.

    The bytes are the length of the JSON as uint32, the JSON, and then for each buffer its length
    and itself; all numbers little-endian.
    """
    buffers: list[bytes] = []

    def placed(data: bytes) -> dict[str, int]:
        buffers.append(data)
        return {"$buffer": len(buffers) - 1}

    content = msgspec.to_builtins(message, builtin_types=(bytes,))
    text = json.dumps(content, separators=(",", ":"), default=placed)
    if not buffers:
        return text
    parts = (text.encode(), *buffers)
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def decode_request(content: Any) -> Request:
    """Return the request that a view sent. Raises `UserErrorException` if it is none."""
    return _decoded(content, Request, "The view sent what can't be understood")  # type: ignore[no-any-return]


def decode_carried(content: Any) -> Carried:
    """Return what a page sent for a view. Raises `UserErrorException` if it is nothing such."""
    return _decoded(content, Carried, "The page sent what can't be understood")  # type: ignore[no-any-return]


def _decoded(content: Any, wanted: Any, otherwise: str) -> Any:
    try:
        return msgspec.convert(content, type=wanted)
    except msgspec.ValidationError as error:
        raise UserErrorException(f"{otherwise}: {error}.") from error


def json_number(value: Any) -> Any:
    """Return `value`, as a word if it is a float that JSON has no number for."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def json_value(value: Any) -> Any:
    """Return the same with a word for each float in it that JSON has no number for."""
    if isinstance(value, dict):
        return {key: json_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [json_value(inner) for inner in value]
    return json_number(value)
