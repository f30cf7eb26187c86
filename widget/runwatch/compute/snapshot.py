"""Copies a source folder for a run, less what the ignore file excludes.

Equal contents are kept once: a snapshot's id is the hash of its files' names and contents.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runwatch.exceptions import SnapshotException
from runwatch.store import rights
from runwatch.store.paths import half_made_name

LIMIT_BYTES = 300 * 2**20
LIMIT_FILES = 2000
# Never part of a snapshot, whatever the ignore file says: the record itself, and what tools
# write beside the sources.
_ALWAYS_IGNORED = (".runwatch/", ".git/", ".ipynb_checkpoints/", "__pycache__/")


@dataclass(frozen=True)
class _SourceFile:
    relative: str
    path: Path
    size_bytes: int


def take(source: Path, store: Path) -> str:
    """Copy `source`, a folder or a file, into the folder `store` and return the snapshot's id.

    Raises
    ------
    SnapshotException
        A file can't be read, or there are more than 2,000 files or 300 MB.
    """
    files = list(_files(source)) if source.is_dir() else [_single(source)]
    _check_limits(source, files)
    try:
        snapshot_id = _identify(files)
        if not (store / snapshot_id).is_dir():
            aside = store / half_made_name()
            _copy(files, aside)
            try:
                aside.rename(store / snapshot_id)
            except OSError:  # another process was quicker with the same contents
                shutil.rmtree(aside)
        os.utime(store / snapshot_id)  # it is in use again: what is old and unused is removed
    except OSError as error:
        raise SnapshotException(
            f"Can't take the snapshot of {source}: {error.filename}: {error.strerror}. List files "
            "that the script does not need in .amlignore.",
            error,
        ) from error
    return snapshot_id


def check_out(store: Path, snapshot_id: str, target: Path) -> None:
    """Make a working copy of a snapshot at `target`."""
    shutil.copytree(store / snapshot_id, target, symlinks=True, dirs_exist_ok=True)


def _files(source: Path) -> Iterator[_SourceFile]:
    from pathspec import GitIgnoreSpec

    lines = [*_ignore_lines(source), *_ALWAYS_IGNORED]
    spec = GitIgnoreSpec.from_lines(lines)
    for folder, subfolders, names in os.walk(source):
        relative = Path(folder).relative_to(source).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        subfolders[:] = sorted(n for n in subfolders if not spec.match_file(f"{prefix}{n}/"))
        for name in sorted(names):
            path = Path(folder, name)
            if not spec.match_file(prefix + name) and path.is_file():
                yield _SourceFile(prefix + name, path, path.stat().st_size)


def _single(file: Path) -> _SourceFile:
    return _SourceFile(file.name, file, file.stat().st_size)


def _ignore_lines(source: Path) -> list[str]:
    """Return the lines of .amlignore; .gitignore counts only where there is no .amlignore."""
    for name in (".amlignore", ".gitignore"):
        if (source / name).is_file():
            return (source / name).read_text(encoding="utf-8", errors="replace").splitlines()
    return []


def _check_limits(source: Path, files: list[_SourceFile]) -> None:
    total = sum(file.size_bytes for file in files)
    if total > LIMIT_BYTES:
        largest = max(files, key=lambda file: file.size_bytes)
        raise SnapshotException(
            f"The folder {source} holds {total / 2**20:.0f} MB, and a snapshot takes up to "
            f"{LIMIT_BYTES // 2**20} MB. The largest file is {largest.relative} "
            f"({largest.size_bytes / 2**20:.0f} MB). List what the script does not need in "
            ".amlignore, or choose a smaller source_directory."
        )
    if len(files) > LIMIT_FILES:
        raise SnapshotException(
            f"The folder {source} holds {len(files)} files, and a snapshot takes up to "
            f"{LIMIT_FILES}. List what the script does not need in .amlignore, or choose a "
            "smaller source_directory."
        )


def _identify(files: list[_SourceFile]) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.path.read_bytes()).hexdigest()
        executable = os.access(file.path, os.X_OK)
        digest.update(f"{file.relative}\0{content}\0{executable}\n".encode())
    hexed = digest.hexdigest()
    return str(uuid.UUID(hexed[:32]))


def _copy(files: list[_SourceFile], target: Path) -> None:
    rights.make_folder(target)
    for file in files:
        to = target / file.relative
        rights.make_folder(to.parent, parents=True)
        shutil.copy2(file.path, to)
        rights.share(to)
