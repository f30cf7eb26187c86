"""Files that a run logged from a notebook leaves in its outputs folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from runwatch.store import rights
from runwatch.store.paths import RunPaths


class OutputsFolder:
    """Knows what was in a folder when a run began, and collects what came or changed since.

    Runs that use one folder one after the other get each their own files, and not those of the
    runs before.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(os.path.abspath(folder))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._before = dict(self._look())

    def _look(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        for root, _, files in os.walk(self._folder):
            for name in files:
                file = Path(root, name)
                try:
                    facts = file.stat()
                except FileNotFoundError:
                    continue  # it was removed meanwhile, or is a link that leads nowhere
                identity = (facts.st_ino, facts.st_size, facts.st_mtime_ns)
                yield file.relative_to(self._folder).as_posix(), identity

    def collect(self, paths: RunPaths) -> None:
        """Copy what came or changed to the run's files; what was uploaded there stays."""
        for name, identity in self._look():
            target = paths.files / self._folder.name / name
            if self._before.get(name) != identity and not target.exists():
                rights.make_folder(target.parent, parents=True)
                shutil.copy2(self._folder / name, target)
                rights.share(target)
