"""What a run was made from: the sources' version as git tells it, Python, packages, machine."""

from __future__ import annotations

import os
import platform
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_TIMEOUT_S = 5
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


def of_folder(folder: Path) -> dict[str, str | None]:
    """Return git's remote, branch, commit and whether files were changed, as run properties.

    Empty where the folder is in no git repository, or there is no git. Credentials in the
    remote's address are left out.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    remote = _CREDENTIALS.sub("", _git(folder, "ls-remote", "--get-url") or "")
    branch = _git(folder, "symbolic-ref", "--short", "HEAD") or ""
    dirty = bool(_git(folder, "status", "--porcelain", "."))
    found = {
        "azureml.git.repository_uri": remote,
        "mlflow.source.git.repoURL": remote,
        "azureml.git.branch": branch,
        "mlflow.source.git.branch": branch,
        "azureml.git.commit": commit,
        "mlflow.source.git.commit": commit,
        "azureml.git.dirty": str(dirty),
    }
    return {key: value for key, value in found.items() if value}


PACKAGES = "runwatch.packages"


def of_process(command: Sequence[str], *, python: bool = True) -> dict[str, str | None]:
    """Return the machine, the command line, and the version of Python, as run properties.

    Parameters
    ----------
    command
        The command line of the run.
    python
        Whether the run's Python is that of this process.
    """
    found: dict[str, str | None] = {
        "runwatch.host": socket.gethostname(),
        "runwatch.command_line": shlex.join(command),
    }
    if python:
        found["runwatch.python_version"] = platform.python_version()
    return found


def installed_packages() -> str:
    """Return what is installed for this process's Python, as sorted lines ``name==version``.

    Read from the names of the folders that hold each package's metadata: reading the metadata
    itself takes a hundred times as long.
    """
    found = {}
    for folder in reversed(sys.path):
        try:
            entries = os.listdir(folder or os.curdir)
        except OSError:
            continue
        for entry in entries:
            if entry.endswith((".dist-info", ".egg-info")):
                name, dash, version = entry.rsplit(".", 1)[0].partition("-")
                if dash:
                    found[re.sub(r"[-_.]+", "-", name).lower()] = version.split("-py")[0]
    return "\n".join(f"{name}=={found[name]}" for name in sorted(found))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
