"""The logs and files of a run: what there is, and a part of one of them."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from runwatch.exceptions import ServiceException
from runwatch.feed.messages import LogFile, RunFile
from runwatch.server.lookup import find_run
from runwatch.server.models import FileList, LogList, OfWorkspaceQuery
from runwatch.server.workspaces import Workspaces
from runwatch.store import run_files
from runwatch.store.paths import RunPaths, as_text

_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*\Z", re.ASCII | re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]")


class Download(NamedTuple):
    """A file that was opened to be sent."""

    name: str
    file: BinaryIO
    size_bytes: int


class Part(NamedTuple):
    """Which bytes of a file are sent."""

    start: int
    size_bytes: int
    partial: bool
    """Whether a part was asked for, even if that is all of it."""


def list_logs(workspaces: Workspaces, run_id: str, query: OfWorkspaceQuery) -> LogList:
    """List the log files of a run; also while its script runs."""
    found = find_run(workspaces, run_id, query.workspace)
    sizes = _sizes(found.paths, run_files.logs(found.paths))
    logs = [LogFile(name=as_text(name), size_bytes=size) for name, size in sizes.items()]
    return LogList(workspace_id=found.workspace_id, run_id=run_id, logs=logs)


def list_files(workspaces: Workspaces, run_id: str, query: OfWorkspaceQuery) -> FileList:
    """List the files of a run, its logs among them; also while its script runs."""
    found = find_run(workspaces, run_id, query.workspace)
    sizes = _sizes(found.paths, run_files.names(found.paths))
    files = [RunFile(name=as_text(name), size_bytes=size) for name, size in sizes.items()]
    return FileList(workspace_id=found.workspace_id, run_id=run_id, files=files)


def _sizes(paths: RunPaths, listed: dict[str, Path]) -> dict[str, int]:
    """Return the sizes by name; an empty list is only given of what could be looked into."""
    if not listed:
        run_files.check_readable(paths)
    return run_files.sizes(paths, listed)


def open_log(workspaces: Workspaces, run_id: str, name: str, query: OfWorkspaceQuery) -> Download:
    """Send a log file of a run, or a part of it."""
    found = find_run(workspaces, run_id, query.workspace)
    return _opened(found.paths, run_files.logs(found.paths), name, "log")


def open_file(workspaces: Workspaces, run_id: str, name: str, query: OfWorkspaceQuery) -> Download:
    """Send a file of a run, or a part of it."""
    found = find_run(workspaces, run_id, query.workspace)
    return _opened(found.paths, run_files.names(found.paths), name, "file")


def _opened(paths: RunPaths, listed: dict[str, Path], name: str, what: str) -> Download:
    path = {as_text(one): path for one, path in listed.items()}.get(name)
    if path is None:
        raise ServiceException(f"The run has no {what} {name!r}.", status_code=404)
    file = run_files.opened(paths, path)
    return Download(name.rpartition("/")[2], file, os.fstat(file.fileno()).st_size)


def part_of(size_bytes: int, range_header: str | None) -> Part:
    """Return which part of a file a Range header asks for.

    Parameters
    ----------
    size_bytes
        Of the whole file.
    range_header
        ``bytes=0-99``, ``bytes=100-`` or ``bytes=-100``, the last 100 bytes. One that asks for
        several parts, or in another unit, is passed over, as HTTP allows: the whole file is sent.

    Raises
    ------
    ServiceException
        The file has no such part (416).
    """
    wanted = (range_header or "").strip()
    if not wanted.lower().startswith("bytes=") or "," in wanted:
        return Part(0, size_bytes, partial=False)
    found = _RANGE.match(wanted)
    if found is None or found.groups() == ("", ""):
        raise ServiceException(
            f"The range {wanted!r} can't be understood: write bytes=0-99, bytes=100- or "
            "bytes=-100.",
            status_code=416,
        )
    first, last = found.groups()
    if first:
        start = int(first)
        stop = min(size_bytes, int(last) + 1) if last else size_bytes
    else:
        start, stop = max(0, size_bytes - int(last)), size_bytes
    if start >= stop:
        raise ServiceException(
            f"The range {wanted!r} is not in the file, which has {size_bytes} bytes.",
            status_code=416,
        )
    return Part(start, stop - start, partial=True)


def content_disposition(name: str) -> str:
    """Return the header that has a browser save a file under its name, and never show it.

    The name is given in ASCII and, by RFC 5987, whole; what is no character that a person sees,
    such as a newline or a mark that turns the direction of writing, is replaced.
    """
    visible = "".join("_" if unicodedata.category(c).startswith("C") else c for c in name)
    plain = _UNSAFE.sub("_", visible)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(visible, safe='')}"
