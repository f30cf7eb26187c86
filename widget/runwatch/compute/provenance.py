"""Which version of the sources a run was started from, as git tells it."""

from __future__ import annotations

import re
import subprocess
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
