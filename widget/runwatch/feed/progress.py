"""How far a run has come: as it says itself, or as a progress bar in its log does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from runwatch.feed.messages import Progress

_MOST_PHASES = 64
"""A run may give each of its steps a label of its own."""
_LONGEST_MS = 100 * 365 * 86_400_000
"""What would take longer than a hundred years is no estimate."""
_LOOKED_AT_BYTES = 4096
_FIRST_LOOKED_AT_BYTES = 64 * 1024
"""Where somebody begins to watch, the outer bar may stand far above those of an inner loop."""
# tqdm's " 45%|████▌     | 45/100 [00:10<00:12,  4.5it/s]"; its units may be scaled: 1.2k/10.0k.
# The label before it is looked for afterwards: to try one everywhere takes long in a long line.
_TQDM = re.compile(
    r"\d{1,3}%\|[^|\r\n]*\| *"
    r"(?P<done>\d+(?:\.\d+)?[kMGTP]?)/(?P<total>\d+(?:\.\d+)?[kMGTP]?) "
    r"\[[^<\]\r\n]*<(?P<left>[\d:?]+)(?P<rest>[^\r\n]*)"
)
_LABEL = re.compile(r"([^\r\n|]*): +\Z")
_UP = "\x1b[A"
"""What tqdm writes after the bar of an inner loop, to go back to that of the outer one."""
_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}


class _Phase(NamedTuple):
    """What a run has said of one thing that it does."""

    first_done: float
    first_ms: int
    done: float


class LoggedProgress:
    """The progress that `run.set_progress()` has logged.

    How quickly it goes on is measured from the first point of the same label and total on, and
    anew when `done` falls: the time before, and what an earlier run had done, say nothing of it.
    """

    def __init__(self) -> None:
        self.shown: Progress | None = None
        self._phases: dict[tuple[str | None, float], _Phase] = {}

    def take(self, kept: dict[str, Any]) -> None:
        """Take in the next point as it was logged."""
        done, total, label = kept["done"], kept["total"], kept.get("label")
        now_ms = kept["unix_ms"]
        phase = self._phases.pop((label, total), None)
        if phase is None or done < phase.done:
            phase = _Phase(done, now_ms, done)
        self._phases[label, total] = phase._replace(done=done)
        if len(self._phases) > _MOST_PHASES:
            del self._phases[next(iter(self._phases))]
        left_ms = None
        if done > phase.first_done and now_ms > phase.first_ms:
            ms_each = (now_ms - phase.first_ms) / (done - phase.first_done)
            left_ms = _believable(ms_each * max(0, total - done))
        self.shown = Progress(
            done=done, total=total, label=label, updated_ms=now_ms, left_ms=left_ms
        )


class ProgressInLog:
    """Looks for a progress bar at the end of a log that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0
        self._found: Progress | None = None
        self._outer: Progress | None = None

    def look(self) -> Progress | None:
        """Return the progress that the log shows now."""
        try:
            stat = self._path.stat()
            size = stat.st_size
            if size == self._size:
                return self._found
            most = _LOOKED_AT_BYTES if self._size else _FIRST_LOOKED_AT_BYTES
            with open(self._path, "rb") as file:
                self._size = size
                file.seek(max(0, size - most))
                tail = file.read(most).decode("utf-8", errors="replace")
        except OSError:
            return self._found
        for bar in _TQDM.finditer(tail):
            self._take(bar, stat.st_mtime_ns // 1_000_000)
        return self._found

    def _take(self, bar: re.Match[str], updated_ms: int) -> None:
        """Take in the next bar: the outer one tells how far the run has come, if there is one."""
        if _UP in bar["rest"]:
            self._found = self._outer or _shown_by(bar, updated_ms)
            return
        found, outer = _shown_by(bar, updated_ms), self._outer
        if (
            outer is not None
            and msgspec.structs.replace(found, updated_ms=outer.updated_ms) == outer
        ):
            found = outer  # it was written before
        self._found = found
        if bar.end() < len(bar.string):  # else it may be an inner one that is not whole yet
            self._outer = found


def _shown_by(bar: re.Match[str], updated_ms: int) -> Progress:
    line = max(bar.string.rfind(end, 0, bar.start()) for end in "\r\n|")
    label = _LABEL.match(bar.string[line + 1 : bar.start()])
    return Progress(
        done=_number(bar["done"]),
        total=_number(bar["total"]),
        label=(label[1].strip() or None) if label else None,
        updated_ms=updated_ms,
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
    return _believable(seconds * 1000)


def _believable(left_ms: float) -> int | None:
    return int(left_ms) if left_ms < _LONGEST_MS else None
