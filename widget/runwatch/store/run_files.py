"""Files that belong to a run, under names that a user chooses.

A name is a relative path with forward slashes. It never leads out of the run's folder.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from runwatch.exceptions import ServiceException, UserErrorException
from runwatch.store import rights
from runwatch.store.paths import RunPaths, half_made_name

_LOGS = ("user_logs/", "system_logs/", "logs/")
GATHERED = ("outputs", "logs")
"""Folders of a script whose contents belong to its run."""


def names(paths: RunPaths) -> dict[str, Path]:
    """Return where each file of a run is now, by name; also while its script runs."""
    found = dict(_below(paths.logs))
    found.update(_below(paths.files))
    for folder in GATHERED:
        for name, path in _below(paths.work / folder):
            found[f"{folder}/{name}"] = path
    return dict(sorted(found.items()))


def logs(paths: RunPaths) -> dict[str, Path]:
    """Return where each log of a run is now, by name."""
    return {n: p for n, p in names(paths).items() if n.startswith(_LOGS)}


def _below(folder: Path) -> list[tuple[str, Path]]:
    return [
        (Path(root, name).relative_to(folder).as_posix(), Path(root, name))
        for root, _, files in os.walk(folder)
        for name in files
    ]


def check_readable(paths: RunPaths) -> None:
    """See that all folders of a run's files may be looked into.

    Raises
    ------
    ServiceException
        One of them may not (403): a list of what is there would lack what is in it.
    """

    def refuse(error: OSError) -> None:
        if isinstance(error, PermissionError):
            raise ServiceException(
                f"The folder {error.filename} of the run may not be looked into: it is not shared "
                f"with you. Ask its owner for its rights, as with `chmod -R g+rX {paths.root}`.",
                error,
                status_code=403,
            ) from error

    for folder in (paths.logs, paths.files, *(paths.work / name for name in GATHERED)):
        for _ in os.walk(folder, onerror=refuse):
            pass


def sizes(paths: RunPaths, listed: Mapping[str, Path]) -> dict[str, int]:
    """Return the sizes in bytes of those of the files that `opened` opens, by name."""
    home = _home(paths)
    resolved: dict[Path, Path] = {}
    found = {}
    for name, path in listed.items():
        with suppress(OSError, RuntimeError):  # removed meanwhile, or a dangling or endless link
            if path.parent not in resolved:
                resolved[path.parent] = path.parent.resolve()
            place = path.resolve() if path.is_symlink() else resolved[path.parent] / path.name
            known = place.stat()
            if stat.S_ISREG(known.st_mode) and place.is_relative_to(home):
                found[name] = known.st_size
    return found


def opened(paths: RunPaths, path: Path) -> BinaryIO:
    """Open one of the files that `names` lists, if it lies in the run's folder.

    Raises
    ------
    ServiceException
        It was removed meanwhile (404), is a link that leads out of the run's folder or no file
        that can be read (403).
    """
    home = _home(paths)
    try:
        inside = path.resolve(strict=True).relative_to(home)
        return _open_below(home.parents[1], (*home.parts[-2:], *inside.parts))
    except ValueError as error:
        raise ServiceException(
            f"The file {path.name!r} is not served: it is behind a link that leads out of the "
            "run's folder.",
            error,
            status_code=403,
        ) from error
    except FileNotFoundError as error:
        raise ServiceException(
            f"The file {path.name!r} was removed.", error, status_code=404
        ) from error
    except (OSError, RuntimeError) as error:
        raise ServiceException(
            f"The file {path.name!r} can't be read: {getattr(error, 'strerror', None) or error}.",
            error,
            status_code=403,
        ) from error


def _home(paths: RunPaths) -> Path:
    """Return the run's folder with the links on the way to the workspace's folder followed."""
    workspace, runs, own = paths.root.parents[1], paths.root.parent.name, paths.root.name
    return workspace.resolve() / runs / own


def _open_below(folder: Path, parts: Sequence[str]) -> BinaryIO:
    """Open a regular file, step by step, so that nobody puts a link in the way meanwhile."""
    *folders, name = parts
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        # A pipe that nobody writes to would be waited for.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "it is no regular file")
    return open(file, "rb")


def checked_name(name: object) -> str:
    """Return `name` without "./" and doubled slashes, if it is one that a file can have."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise UserErrorException(f"A file of a run needs a name; got {name!r}.")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise UserErrorException(
            f"The name {name!r} leads out of the run's folder. Use a relative path without '..', "
            "such as 'outputs/model.pkl'."
        )
    return str(path)


def add(paths: RunPaths, name: str, source: Path | IO[bytes]) -> Path:
    """Copy a file or a stream into the run, whole or not at all, and return where it is.

    Raises
    ------
    UserErrorException
        There is a file of that name: a run's files are a permanent record.
    """
    checked = checked_name(name)
    target = paths.files / checked
    if os.path.lexists(target):
        raise UserErrorException(
            f"Resource Conflict: the run has a file {checked!r} already. Files of a run are a "
            "permanent record; choose another name."
        )
    aside = target.with_name(half_made_name())
    try:
        rights.make_folder(target.parent, parents=True)
        if not target.parent.resolve().is_relative_to(paths.files.resolve()):
            raise UserErrorException(
                f"The name {name!r} leads out of the run's folder, by a link that a script made. "
                "Choose another name."
            )
        if isinstance(source, Path):
            shutil.copyfile(source, aside)
        else:
            with open(aside, "wb") as file:
                shutil.copyfileobj(source, file)
        rights.share(aside)
        aside.rename(target)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise UserErrorException(
            f"The file {checked!r} was not added to the run: {error.filename}: {error.strerror}.",
            error,
        ) from error
    return target


def gather(paths: RunPaths) -> None:
    """Move what a script wrote to outputs/ and logs/ to the run's files, and share it.

    A file that was uploaded under the same name before stays as it was uploaded.
    """
    for _, log in _below(paths.logs):
        rights.share(log)
    for folder in GATHERED:
        if (paths.work / folder).is_symlink():
            continue  # to a place of the user's own, where things stay
        for name, source in _below(paths.work / folder):
            target = paths.files / folder / name
            if not target.exists():
                rights.make_folder(target.parent, parents=True)
                source.rename(target)
                rights.share(target)


def is_plain(name: str) -> bool:
    """Return whether `name` is that of a file or folder itself, and no path."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name
