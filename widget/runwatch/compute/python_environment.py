"""Virtual environments for the packages that a script asks for, each built once.

The supervisor runs this module as a program, so that a cancelled run ends a build as it ends a
script: ``python -m runwatch.compute.python_environment <package> …``. An environment holds what
pip installs for the packages; beneath it lie the packages of the Python that built it, so that a
script finds runwatch itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from runwatch.store import file_lock

FOLDER_VARIABLE = "RUNWATCH_ENVIRONMENTS"
_COMPLETE = "complete"
_BENEATH = "beneath.pth"


def folder_of(packages: Sequence[str]) -> Path:
    """Return where the environment for these packages is, or is to be built."""
    given = os.environ.get(FOLDER_VARIABLE)
    root = Path(given or platformdirs.user_cache_path("runwatch") / "environments")
    identity = json.dumps([sorted(packages), sys.version, sys.prefix])
    return root / hashlib.sha256(identity.encode()).hexdigest()[:16]


def scripts_of(packages: Sequence[str]) -> Path:
    """Return the folder with the environment's `python`."""
    return folder_of(packages) / "bin"


def is_built(packages: Sequence[str]) -> bool:
    """Return whether it can be used."""
    return (folder_of(packages) / _COMPLETE).exists()


def build_command(packages: Sequence[str]) -> list[str]:
    """Return the command line that builds it."""
    return [sys.executable, "-m", "runwatch.compute.python_environment", *packages]


def build(packages: Sequence[str]) -> int:
    """Build it, if nobody has meanwhile; return pip's exit code."""
    folder = folder_of(packages)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with file_lock.held(folder.with_suffix(".lock")):
        if is_built(packages):
            return 0
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted build has left
        print(f"Making a Python environment in {folder}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        python = str(folder / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check", *packages]
        print("$", *pip, flush=True)
        installed = subprocess.run(pip, check=False).returncode
        if installed == 0:
            (_site_packages(folder) / _BENEATH).write_text(_lines_beneath(), encoding="utf-8")
            (folder / _COMPLETE).touch()
    return installed


def _site_packages(folder: Path) -> Path:
    variables = {"base": str(folder), "platbase": str(folder)}
    return Path(sysconfig.get_path("purelib", "venv", variables))


def _lines_beneath() -> str:
    """Return a .pth file's text that puts this Python's packages at the end of the path."""
    folders = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return "".join(f"import site; site.addsitedir({folder!r})\n" for folder in folders)


if __name__ == "__main__":
    sys.exit(build(sys.argv[1:]))
