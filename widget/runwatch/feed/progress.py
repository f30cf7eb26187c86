"""How far a run has come: as it says itself, or as a progress bar in its log does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from runwatch.feed.messages import Progress
from runwatch.store.clock import now_us

_LOOKED_AT_BYTES = 4096
# tqdm's " 45%|████▌     | 45/100 [00:10<00:12,  4.5it/s]"; its units may be scaled: 1.2k/10.0k.
_TQDM = re.compile(
    r"(?:(?P<label>[^\r\n|]*?): +)?(?P<percent>\d{1,3})%\|[^|\r\n]*\| *"
    r"(?P<done>[\d.]+[kMGTP]?)/(?P<total>[\d.]+[kMGTP]?) "
    r"\[[^<\]\r\n]*<(?P<left>[\d:?]+)"
)
_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}


def from_record(kept: Any, started_us: int | None) -> Progress:
    """Return the progress that `run.set_progress()` has logged."""
    done, total, updated_ms = kept["done"], kept["total"], kept["unix_ms"]
    left = None
    if started_us is not None and done > 0:
        left = int((updated_ms - started_us // 1000) * max(0, total - done) / done)
    return Progress(
        done=done, total=total, label=kept.get("label"), updated_ms=updated_ms, left_ms=left
    )


class ProgressInLog:
    """Looks for a progress bar at the end of a log that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0
        self._found: Progress | None = None

    def look(self) -> Progress | None:
        """Return the progress that the log shows now."""
        try:
            size = self._path.stat().st_size
            if size == self._size:
                return self._found
            with open(self._path, "rb") as file:
                self._size = size
                file.seek(max(0, size - _LOOKED_AT_BYTES))
                tail = file.read(_LOOKED_AT_BYTES).decode("utf-8", errors="replace")
        except OSError:
            return self._found
        for bar in _TQDM.finditer(tail):
            self._found = _shown_by(bar)
        return self._found


def _shown_by(bar: re.Match[str]) -> Progress:
    return Progress(
        done=_number(bar["done"]),
        total=_number(bar["total"]),
        label=(bar["label"] or "").strip() or None,
        updated_ms=now_us() // 1000,
        left_ms=_milliseconds(bar["left"]),
    )


def _number(text: str) -> float:
    return float(text[:-1]) * _UNITS[text[-1]] if text[-1] in _UNITS else float(text)


def _milliseconds(text: str) -> int | None:
    """Return what "1:02:03" or "02:03" says; None of "?"."""
    if "?" in text:
        return None
    seconds = 0
    for part in text.split(":"):
        seconds = 60 * seconds + int(part or 0)
    return seconds * 1000
