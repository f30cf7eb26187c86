"""Gives what is made in a workspace to those who may use the folder that it is made in.

`.runwatch` is its owner's alone (0700) until he gives it to a group, or to all, by its rights. What
is made below then has the same, whatever the umask of its maker, as with git's
`core.sharedRepository <https://git-scm.com/docs/git-config>`_.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_OTHERS = 0o007
_GROUP = 0o070
_MAY_WRITE = 0o022
_MAY_RUN = 0o111


def make_folder(path: Path, *, parents: bool = False, for_writers: bool = False) -> None:
    """Make a folder, unless it is there.

    Parameters
    ----------
    parents
        Whether to make the folders above it, too.
    for_writers
        Whether only those are to use it who may write to the folder that it is made in: who may
        read a lock could hold it.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    except FileNotFoundError:
        if not parents:
            raise
        make_folder(path.parent, parents=True, for_writers=for_writers)
        path.mkdir(mode=0o700, exist_ok=True)
    share(path, for_writers=for_writers)


def open_file(path: Path, flags: int, *, for_writers: bool = False) -> int:
    """Open a file, made if it is not there, and return its descriptor."""
    with suppress(FileNotFoundError):
        return os.open(path, flags | os.O_CLOEXEC)
    descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(FileNotFoundError):  # removed meanwhile
        share(path, for_writers=for_writers)
    return descriptor


def make_file(path: Path) -> None:
    """Make an empty file, unless there is one."""
    os.close(open_file(path, os.O_WRONLY))


def share(path: Path, *, for_writers: bool = False) -> None:
    """Give a file or folder that was made to those who may use the folder that it is in."""
    made, folder = path.lstat(), path.parent.stat()
    if stat.S_ISLNK(made.st_mode):
        return  # what it leads to may be no part of the workspace
    mode = stat.S_IMODE(made.st_mode)
    shared = mode | _shared_bits(made, folder, for_writers=for_writers)
    if shared != mode:
        with suppress(PermissionError):  # another user has made it, and shared it
            path.chmod(shared)


def share_all(folder: Path) -> None:
    """Share a folder with all that is in it."""
    share(folder)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            share(Path(place, name))


def _shared_bits(made: os.stat_result, folder: os.stat_result, *, for_writers: bool) -> int:
    # Its maker's group is that of the folder if that has the setgid bit, and on macOS; else the
    # rights of the folder's group would be given to another.
    who = _OTHERS | (_GROUP if made.st_gid == folder.st_gid else 0)
    bits = folder.st_mode & who
    if for_writers:
        bits &= sum(one for one in (_GROUP, _OTHERS) if bits & one & _MAY_WRITE)
    if not stat.S_ISDIR(made.st_mode) and not made.st_mode & stat.S_IXUSR:
        bits &= ~_MAY_RUN
    return bits
