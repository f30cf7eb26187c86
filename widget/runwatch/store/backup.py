"""Writes a live workspace to one file, and makes a workspace of such a file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from runwatch.exceptions import UserErrorException, WorkspaceException
from runwatch.store import file_lock, salvage
from runwatch.store.database import Database
from runwatch.store.journal import segments
from runwatch.store.paths import WorkspacePaths, half_made_name, is_half_made
from runwatch.store.shipper import LOCK_NAME

_OF_PROCESSES = (".lock", "-wal", "-shm")
"""Ends of the names of files in the workspace folder that mean nothing to another machine."""


def write(database: Database, file: Path) -> Path:
    """Write a workspace to `file`, whole or not at all, and return it."""
    root = database.paths.root
    if not file.name.endswith((".tar", ".tar.gz", ".tgz")):
        raise UserErrorException(
            f"The name of a backup ends in .tar or .tar.gz; got {file.name!r}."
        )
    if file.exists():
        raise UserErrorException(f"{file} is there already. Choose another name.")
    if root in file.parents:
        raise UserErrorException(f"{file} is in the workspace itself. Choose another folder.")
    aside = file.with_name(half_made_name())
    try:
        with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
            copy = Path(scratch)
            _copy_record(database, copy)
            aside.touch(mode=0o600)
            with _tar(aside, compressed=not file.name.endswith(".tar")) as tar:
                for name, path in _below(copy):
                    tar.add(path, name)
                copied = {database.paths.database.name, database.paths.journals.name}
                for name, path in _below(root):
                    of_process = path.parent == root and name.endswith(_OF_PROCESSES)
                    if Path(name).parts[0] not in copied and not of_process:
                        _add(tar, path, name)
        aside.rename(file)
    except OSError as error:
        raise WorkspaceException(
            f"The backup {file} was not written: {error.filename or ''} {error.strerror}.", error
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    return file


def _tar(file: Path, *, compressed: bool) -> tarfile.TarFile:
    if compressed:
        return tarfile.open(file, "w:gz", compresslevel=3)
    return tarfile.open(file, "w")


def _copy_record(database: Database, folder: Path) -> None:
    """Copy the database and the journals as they are at one moment."""
    paths = database.paths
    with ExitStack() as stack:
        groups = []
        # While nothing is shipped, each point is in the database or in a journal, and in one only.
        for group in sorted(p for p in paths.journals.iterdir() if p.is_dir()):
            try:
                stack.enter_context(file_lock.held(group / LOCK_NAME))
            except FileNotFoundError:
                continue  # shipped and removed meanwhile
            groups.append(group)
        database.copy_to(folder / paths.database.name)
        for group in groups:
            copy = folder / paths.journals.name / group.name
            copy.mkdir(parents=True)
            for segment in segments(group):
                shutil.copyfile(segment.path, copy / segment.path.name)


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    for root, folders, files in os.walk(folder, onerror=_unless_gone):
        links = [name for name in folders if Path(root, name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(root, name)
            if not is_half_made(path):
                yield path.relative_to(folder).as_posix(), path


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """Add a file as it is now: it may grow, shrink or vanish meanwhile."""
    try:
        member = tar.gettarinfo(path, name)
        if not member.isreg():
            if member.issym():
                tar.addfile(member)
            return
        with open(path, "rb") as file, tempfile.SpooledTemporaryFile(2**20) as copy:
            shutil.copyfileobj(file, copy)
            member.size = copy.tell()
            copy.seek(0)
            member.type = tarfile.REGTYPE  # also the second name of a file with two
            tar.addfile(member, copy)
    except FileNotFoundError:
        return


def extract(file: Path, root: Path) -> None:
    """Make the workspace folder `root` of a backup, whole or not at all."""
    if root.exists():
        raise WorkspaceException(
            f"There is a workspace in {root.parent} already. Restore to another folder, or move "
            f"{root} away."
        )
    if not hasattr(tarfile, "data_filter"):
        raise WorkspaceException("To restore needs Python 3.10.12, 3.11.4 or a newer one.")
    aside = root.with_name(half_made_name())
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir(mode=0o700)
        with tarfile.open(file) as tar:
            for member in tar:
                if not member.issym() or _stays_inside(member):
                    tar.extract(member, aside, filter="data")
        paths = WorkspacePaths(aside)
        if not paths.database.is_file() or (wrong := salvage.problem(paths)):
            told = "there is no database in it" if not paths.database.is_file() else wrong
            raise UserErrorException(f"{file} is no whole backup of a workspace: {told}.")
        for path in (aside, paths.database):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
        aside.rename(root)
    except (tarfile.TarError, EOFError, sqlite3.DatabaseError) as error:
        raise UserErrorException(
            f"{file} is no whole backup of a workspace: {error}.", error
        ) from error
    except OSError as error:
        raise WorkspaceException(
            f"The backup {file} was not restored: {error.filename or ''}: "
            f"{error.strerror or error}.",
            error,
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _stays_inside(link: tarfile.TarInfo) -> bool:
    target = os.path.normpath(Path(link.name).parent / link.linkname)
    return not Path(target).is_absolute() and not target.startswith("..")
