"""Where everything of a workspace lies on disk."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runwatch.exceptions import UserErrorException, WorkspaceException
from runwatch.store import rights

FOLDER = ".runwatch"
STD_LOG = "user_logs/std_log.txt"
ENVIRONMENT_LOG = "system_logs/environment.txt"

_HALF_MADE = re.compile(r"\.new-[0-9a-f]{32}")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,299}\Z")
_LONGEST_FOLDER_NAME = 160


def as_text(name: str) -> str:
    """Return a file's name as text that can be written down, also if its bytes are none."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def checked_run_id(run_id: str) -> str:
    """Return `run_id`, or raise `UserErrorException` when it can't be one."""
    if not isinstance(run_id, str) or not _RUN_ID.match(run_id):
        raise UserErrorException(
            f"{run_id!r} can't be a run id. It begins with a letter or a digit, and goes on with "
            "letters, digits, '_', '.' or '-', 300 characters at most."
        )
    return run_id


def half_made_name() -> str:
    """Return a new name for something that is renamed when it is whole."""
    return f".new-{uuid.uuid4().hex}"


def is_half_made(path: Path) -> bool:
    """Return whether a file or folder has such a name."""
    return _HALF_MADE.match(path.name) is not None


@dataclass(frozen=True)
class RunPaths:
    """The folder of one run."""

    root: Path

    @property
    def work(self) -> Path:
        """The snapshot's working copy: the script's current folder."""
        return self.root / "work"

    @property
    def logs(self) -> Path:
        """Captured output, under the names that `get_details()["logFiles"]` shows."""
        return self.root / "logs"

    @property
    def std_log(self) -> Path:
        """Standard output and standard error of the script."""
        return self.logs / STD_LOG

    @property
    def environment_log(self) -> Path:
        """What pip said when it installed the script's packages."""
        return self.logs / ENVIRONMENT_LOG

    @property
    def files(self) -> Path:
        """Files gathered from the script's outputs/ and logs/, or uploaded."""
        return self.root / "files"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor has to say about itself."""
        return self.root / "supervisor.log"


@dataclass(frozen=True)
class WorkspacePaths:
    """The `.runwatch` folder."""

    root: Path

    @cached_property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "record.sqlite"

    @property
    def upgrade_lock(self) -> Path:
        """Held by the process that creates or upgrades the database."""
        return self.root / "upgrade.lock"

    @property
    def write_lock(self) -> Path:
        """Held by the process that writes to the database."""
        return self.root / "write.lock"

    @property
    def journals(self) -> Path:
        """One folder for each group of writers that is shipped together."""
        return self.root / "journal"

    @property
    def snapshots(self) -> Path:
        """One folder for each distinct content of a source folder."""
        return self.root / "snapshots"

    @property
    def models(self) -> Path:
        """One folder for each registered model, with one for each version."""
        return self.root / "models"

    def run(self, run_id: str) -> RunPaths:
        """Return the paths of one run; a long id is shortened to what file systems take."""
        name = checked_run_id(run_id)
        if len(name) > _LONGEST_FOLDER_NAME:
            digest = hashlib.sha256(name.encode()).hexdigest()[:16]
            name = f"{name[: _LONGEST_FOLDER_NAME - 17]}-{digest}"
        return RunPaths(self.root / "runs" / name)

    def journal_of_run(self, run_id: str) -> Path:
        """Return the folder of what a submitted run's processes log; its supervisor ships it."""
        return self.journals / self.run(run_id).root.name

    def journal_of_process(self, writer: str) -> Path:
        """Return the folder of what a process logs that no supervisor looks after."""
        return self.journals / f"process-{writer}"

    def create(self) -> None:
        """Make the folders: `.runwatch` its owner's alone, and those in it with its rights."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            ignore = self.root / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            for folder in (self.journals, self.snapshots, self.root / "runs"):
                rights.make_folder(folder)
        except OSError as error:
            raise WorkspaceException(
                f"Can't make the workspace folder {self.root}: {error.strerror or error}. Choose a "
                "folder that you may write to (change the current folder, or pass path=).",
                error,
            ) from error
