"""The log and the files of a run, as a view shows them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from runwatch.exceptions import ServiceException
from runwatch.feed.messages import LogFile, LogText, RunFile
from runwatch.store import run_files as kept
from runwatch.store.paths import STD_LOG, RunPaths, as_text

TAIL_BYTES = 64 * 1024
"""How much of a log a view gets when it opens it."""
MOST_BYTES = 128 * 1024
"""How much it gets at once; of more it gets the tail."""
MOST_FILES = 500
_MARK_BYTES = 1024
_BEGIN = re.compile(rb"\n|\r(?!\n)")

_UNREADABLE = (OSError, ServiceException)  # removed meanwhile, or not to be read


@dataclass
class LogFeed:
    """Follows the log file that views have open."""

    _paths: RunPaths
    _name: str | None = None
    _position: int = 0
    _mark: bytes = b""
    """What stands before the position: if that is something else, the file was written anew."""
    _seen: tuple[int, int] | None = field(default=None, compare=False)
    """Size and time of the file when it was read."""
    sizes: list[LogFile] = field(default_factory=list)
    _places: dict[str, Path] = field(default_factory=dict)

    def restart(self) -> None:
        """Forget what was sent: the view begins anew."""
        self._name = None
        self.sizes = []

    def logs(self) -> list[LogFile] | None:
        """Return the log files, or None if they are as before.

        Those that the script writes to its own logs/ are among them.
        """
        places = kept.logs(self._paths)
        # Those that were captured are the last by name.
        sizes = list(kept.sizes(self._paths, places).items())[-MOST_FILES:]
        self._places = {as_text(name): places[name] for name, _ in sizes}
        found = [LogFile(name=as_text(name), size_bytes=size) for name, size in sizes]
        if found == self.sizes:
            return None
        self.sizes = found
        return found

    def text(self, name: str | None) -> LogText | None:
        """Return what the view lacks of the open log, or None if that is nothing.

        The logs that are known are those that `logs` has found.
        """
        known = [log.name for log in self.sizes]
        if not known:
            return None
        first = STD_LOG if STD_LOG in known else known[-1]
        opened = name if name is not None and name in known else first
        replace = opened != self._name
        if replace:
            self._name, self._position, self._mark, self._seen = opened, 0, b"", None
        return self._read(opened, replace=replace)

    def repeat(self) -> LogText | None:
        """Return the tail of what was sent of the open log by now."""
        if self._name is None or self._name not in self._places:
            return None
        start = max(0, self._position - TAIL_BYTES)
        try:
            with kept.opened(self._paths, self._places[self._name]) as file:
                file.seek(start)
                data = file.read(self._position - start)
        except _UNREADABLE:
            return None
        return _text(self._name, start, data, replace=True)

    def _read(self, name: str, *, replace: bool) -> LogText | None:
        place = self._places[name]
        try:
            known = place.stat()
            if self._seen == (known.st_size, known.st_mtime_ns):
                return None
            with kept.opened(self._paths, place) as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(self._position - len(self._mark))
                if size < self._position or file.read(len(self._mark)) != self._mark:
                    self._position, self._mark, replace = 0, b"", True
                start = self._position
                if size - start > (TAIL_BYTES if replace else MOST_BYTES):
                    start, replace = size - TAIL_BYTES, True
                file.seek(start)
                data = file.read(size - start)
        except _UNREADABLE:
            return None
        self._seen = known.st_size, known.st_mtime_ns
        text = _text(name, start, data, replace=replace)
        self._position = text.end_bytes
        self._mark = (self._mark + data[: text.end_bytes - start])[-_MARK_BYTES:]
        return text if text.text or replace else None


def _text(name: str, start: int, data: bytes, *, replace: bool) -> LogText:
    """Return a piece of a log: it begins with a whole line and ends with a whole character.

    Of a line that is longer than the piece it begins where a bar writes over what was before, or
    else with a whole character, too.
    """
    if replace and start > 0:
        begin = _BEGIN.search(data)
        cut = begin.end() if begin is not None else len(data)
        if cut == len(data):
            cut = _rest_bytes(data)
        start, data = start + cut, data[cut:]
    data = data[: len(data) - _torn_bytes(data)]
    return LogText(
        name=name,
        start_bytes=start,
        end_bytes=start + len(data),
        text=data.decode("utf-8", errors="replace"),
        replace=replace,
    )


def _rest_bytes(data: bytes) -> int:
    """Return how many bytes at the beginning belong to a character that began before."""
    return next((at for at, byte in enumerate(data[:3]) if byte & 0b1100_0000 != 0b1000_0000), 0)


def _torn_bytes(data: bytes) -> int:
    """Return how many bytes at the end belong to a character that is not whole yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0b1100_0000 == 0b1000_0000:
            continue
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return back if length > back else 0
    return 0


def run_files(paths: RunPaths) -> list[RunFile]:
    """Return what the run has written to outputs/ and logs/ or uploaded, also while it runs."""
    found = []
    for name, path in kept.names(paths).items():
        if name != STD_LOG:
            with suppress(OSError):  # removed meanwhile, or a dangling link
                found.append(RunFile(name=as_text(name), size_bytes=path.stat().st_size))
        if len(found) == MOST_FILES:
            break
    return found
