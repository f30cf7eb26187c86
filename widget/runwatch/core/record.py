"""This process's hold on one workspace: its folder, its database, and what it logs there."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from runwatch.exceptions import WorkspaceException
from runwatch.store.paths import WorkspacePaths

if TYPE_CHECKING:
    from runwatch.core.recorder import Recorder
    from runwatch.store.database import Database

_held: dict[Path, Record] = {}
_lock = threading.RLock()
_log = logging.getLogger("runwatch")


class Record:
    """Opened at the first use of the database, and not before.

    Importing SQLAlchemy takes longer than most scripts need to log their first point.
    """

    def __init__(self, paths: WorkspacePaths) -> None:
        self.paths = paths

    @staticmethod
    def at(folder: Path) -> Record:
        """Return the record of a `.runwatch` folder; one object for each folder and process."""
        folder = folder.resolve()
        with _lock:
            held = _held.get(folder)
            if held is None or held._is_gone():
                held = _held[folder] = Record(WorkspacePaths(folder))
            return held

    @cached_property
    def database(self) -> Database:
        """The database, created or upgraded if that is due."""
        from runwatch.store import registry
        from runwatch.store.database import Database
        from runwatch.store.shipper import ship_abandoned

        with _lock:
            if "database" in self.__dict__:
                return self.__dict__["database"]  # type: ignore[no-any-return]
            try:
                database = Database(self.paths)
                if not database.read_only:
                    ship_abandoned(database)
            except OSError as error:
                raise WorkspaceException(
                    f"The workspace {self.paths.root} can't be opened: "
                    f"{error.filename or 'its disk'}: {error.strerror or error}. See that the "
                    "folder is there, with all that was in it, and that you may use it.",
                    error,
                ) from error
            if registry.is_elsewhere(database.workspace_id, self.paths):
                if database.read_only:
                    return database  # a copy that can't be told from the original
                database.become_another()
            registry.remember(database.workspace_id, self.paths)
            return database

    @cached_property
    def recorder(self) -> Recorder:
        """What this process logs to the workspace."""
        from runwatch.core.recorder import Recorder

        with _lock:
            return self.__dict__.get("recorder") or Recorder(self)

    def _is_gone(self) -> bool:
        """Return whether the workspace was deleted or replaced since this process opened it."""
        return "database" in self.__dict__ and not self.database.is_there()

    def settle(self) -> None:
        """Give the runs whose processes are gone their last status."""
        from runwatch.compute.settle import settle

        if not self.database.read_only:
            settle(self.database)

    def drop(self) -> None:
        """Remove the workspace's folder with everything in it."""
        with _lock:
            self.recorder.stop()
            self.database.close()
            _held.pop(self.paths.root, None)
            # Who still looks at it, here or in another process, would write to it meanwhile.
            aside = self.paths.root.with_name(f"{self.paths.root.name}-{uuid.uuid4().hex[:8]}")
            self.paths.root.rename(aside)
            shutil.rmtree(aside)

    def settled_database(self) -> Database:
        """Return the database, with no dead run left Running and all of this process shipped."""
        try:
            self.settle()
            self.recorder.ship()
        except (WorkspaceException, OSError) as error:
            # A full disk, say, or rights that are lacking: what is there can still be read.
            if not self.database.is_there():
                raise
            _log.warning("The record may not show the newest: %s", error)
        return self.database
