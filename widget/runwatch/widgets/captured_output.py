"""What the code of a notebook prints, shown as ever and kept as the log of its run."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from runwatch.store import rights

_log = logging.getLogger("runwatch")


@contextmanager
def captured(log: Path) -> Iterator[None]:
    """Append to a file, too, what is printed to stdout and stderr inside the block."""
    rights.make_folder(log.parent, parents=True)
    rights.make_file(log)
    with FileIO(log, "a") as file, _also_to(file, sys.stdout), _also_to(file, sys.stderr):
        yield


@contextmanager
def _also_to(file: FileIO, stream: Any) -> Iterator[None]:
    # The stream stays the same object: ipykernel looks at its type, loggers hold it.
    write = stream.write

    def write_both(text: str) -> Any:
        written = write(text)
        if not file.closed:  # as it is when another thread's block restores this function later
            _keep(file, text)
        return written

    stream.write = write_both
    try:
        yield
    finally:
        stream.write = write


def _keep(file: FileIO, text: str) -> None:
    try:
        file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        file.close()  # first, as the warning is printed to what is captured
        _log.warning(
            "What is printed is no longer kept in the run's log %s: %s.", file.name, error.strerror
        )
