"""Finds the lines of a log that show a text."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import BinaryIO

MOST_LINES = 1000
WITHIN_S = 5.0
BLOCK_BYTES = 4 * 1024 * 1024
MOST_BLOCK_BYTES = 64 * 1024 * 1024
"""What is longer without an end of a line is taken for several lines."""

_BEGIN = re.compile(rb"\n|\r(?!\n)")


@dataclass(frozen=True)
class Found:
    """The newest lines that show the text, in the file's order."""

    lines_bytes: list[int]
    """Where what a line shows begins: after the last ``\\r`` that writes over what was before."""
    searched_bytes: int
    """How much of the file's end was searched."""
    size_bytes: int
    """Of the whole file."""


def find(file: BinaryIO, text: str) -> Found:
    """Search from the end backwards, until there are enough lines or it takes too long.

    The file may grow or shrink meanwhile, so that it is read, a block at a time, and not mapped.
    """
    size = os.fstat(file.fileno()).st_size
    pattern = re.compile(b"".join(map(_either_case, text)), re.IGNORECASE)
    until = time.monotonic() + WITHIN_S
    places: list[int] = []
    end = size if text else 0
    while end > 0:
        start, data = _block_before(file, end)
        found = _places_in(data, pattern, is_last=end == size)
        room = MOST_LINES - len(places)
        end = start + found[-room] if len(found) > room else start
        places = [start + place for place in found[-room:]] + places
        if len(places) == MOST_LINES or time.monotonic() > until:
            break
    return Found(places, size - end, size)


def _either_case(character: str) -> bytes:
    """Return a pattern of a character: only ASCII has another case in a pattern of bytes."""
    if character.isascii():
        return re.escape(character.encode())
    ways = {character, character.lower(), character.upper()}
    same = [way for way in sorted(ways) if way.lower() == character.lower()]
    return b"(?:%s)" % b"|".join(way.encode() for way in same)


def _block_before(file: BinaryIO, end: int) -> tuple[int, bytes]:
    """Read what stands before a place; it begins where a line does, or is written over."""
    length = BLOCK_BYTES
    while True:
        start = max(0, end - length)
        file.seek(start)
        data = file.read(end - start)
        begin = _BEGIN.search(data) if start > 0 else None
        if begin is not None and begin.end() < len(data):
            return start + begin.end(), data[begin.end() :]
        if start == 0 or length >= MOST_BLOCK_BYTES:
            return start, data
        length *= 2


def _places_in(data: bytes, pattern: re.Pattern[bytes], *, is_last: bool) -> list[int]:
    """Return where what a line shows begins, of those lines that show the text."""
    places = []
    at = 0
    while found := pattern.search(data, at):
        end = data.find(b"\n", found.end())
        if end < 0:
            if data.endswith(b"\r") and not is_last:
                break  # what comes after the block writes over it
            end = len(data)
        shown_end = end - data.endswith(b"\r", at, end)
        begin = max(at, data.rfind(b"\n", at, found.start()) + 1)
        begin = max(begin, data.rfind(b"\r", begin, shown_end) + 1)
        if begin <= found.start() or pattern.search(data, begin, shown_end):
            places.append(begin)
        at = end + 1
    return places
