"""A run's files, logs and snapshot."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from runwatch.core.run_record import RunRecord
from runwatch.exceptions import (
    ExperimentExecutionException,
    SnapshotException,
    UserErrorException,
)
from runwatch.store import run_files


class RunFiles(RunRecord):
    """Files that belong to a run: uploaded, or written by its script to outputs/ and logs/."""

    def upload_file(
        self, name: str, path_or_stream: str | IO[Any], datastore_name: str | None = None
    ) -> None:
        """Keep a copy of a file with the run.

        Parameters
        ----------
        name
            Its name in the run, a relative path such as "outputs/model.pkl".
        path_or_stream
            The file's path, or an open file or stream.
        datastore_name
            Accepted as in azureml; not used.

        Raises
        ------
        UserErrorException
            The name leads out of the run, is taken, or the file can't be read.
        """
        if isinstance(path_or_stream, (str, os.PathLike)):
            run_files.add(self._paths, name, Path(path_or_stream))
        elif isinstance(path_or_stream, io.TextIOBase):
            text = path_or_stream.read()
            run_files.add(self._paths, name, io.BytesIO(text.encode()))
        elif hasattr(path_or_stream, "read"):
            run_files.add(self._paths, name, path_or_stream)
        else:
            raise UserErrorException(
                f"UnsupportedType: a path or a stream is needed; got {path_or_stream!r}."
            )

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str],
        return_artifacts: bool = False,
        timeout_seconds: float | None = None,
        datastore_name: str | None = None,
    ) -> None:
        """Keep copies of several files with the run; see `upload_file()`.

        Raises
        ------
        TypeError
            There are not as many names as paths.
        """
        if len(names) != len(paths):
            raise TypeError(
                f"names and paths must have the same length; got {len(names)} and {len(paths)}."
            )
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: str | None = None) -> None:
        """Keep a copy of all files below a folder with the run, under `name`.

        Raises
        ------
        UserErrorException
            `path` is no folder, or as in `upload_file()`.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise UserErrorException(
                f"Cannot upload path: {path} since it is not a valid directory."
            )
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            self.upload_file(f"{name}/{file.relative_to(folder).as_posix()}", str(file))

    def get_file_names(self) -> list[str]:
        """Return the names of the run's files, logs among them; also while its script runs."""
        return list(run_files.names(self._paths))

    def download_file(
        self, name: str, output_file_path: str | None = None, _validate_checksum: bool = False
    ) -> None:
        """Copy a file of the run to a path of your own.

        Parameters
        ----------
        name
            Its name in the run.
        output_file_path
            Where to: a file, or a folder that is there. The current folder if left out.

        Raises
        ------
        UserErrorException
            The run has no such file.
        """
        found = run_files.names(self._paths)
        if name not in found:
            known = ", ".join(list(found)[:10]) or "none"
            raise UserErrorException(
                f"The run {self._id} has no file {name!r}. It has: {known}. See get_file_names()."
            )
        base = name.rpartition("/")[2]
        target = Path(output_file_path or base)
        if target.is_dir():
            target /= base
        _copy(found[name], target)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: float | None = None,
    ) -> None:
        """Copy the files below a folder of the run.

        Parameters
        ----------
        prefix
            The folder in the run; all files if left out.
        output_directory
            Where to; the current folder if left out.
        output_paths
            A path of your own for each file, in the order of `get_file_names()`.
        append_prefix
            Whether `prefix` is part of the paths below `output_directory`.

        Raises
        ------
        UserErrorException
            `output_paths` has not one path for each file.
        """
        start = "" if not prefix else prefix.rstrip("/") + "/"
        chosen = {n: p for n, p in run_files.names(self._paths).items() if n.startswith(start)}
        if output_paths is not None and len(output_paths) != len(chosen):
            raise UserErrorException(
                f"output_paths needs a path for each of the {len(chosen)} files; got "
                f"{len(output_paths)}."
            )
        base = Path(output_directory or ".")
        shown = [name if append_prefix else name[len(start) :] for name in chosen]
        targets = [base / path for path in (shown if output_paths is None else output_paths)]
        for source, target in zip(chosen.values(), targets, strict=True):
            _copy(source, target)

    def clean(self) -> None:
        """Remove the working copy of a submitted run that has ended, if it is still there.

        Raises
        ------
        ExperimentExecutionException
            There is none: the supervisor removes it when it has gathered the run's files.
        """
        from runwatch.store.status import TERMINAL

        if not self._paths.work.exists() or self._row().status not in TERMINAL:
            raise ExperimentExecutionException(
                "Temporary directory for this run does not exist, or the run is still using it."
            )
        shutil.rmtree(self._paths.work)

    def get_all_logs(self, destination: str | None = None) -> list[str]:
        """Copy the run's logs, and return the paths of the copies.

        Parameters
        ----------
        destination
            A folder, made if it is not there; ``assets/<run id>`` if left out.

        Raises
        ------
        UserErrorException
            `destination` is a file.
        """
        folder = Path(destination) if destination else Path("assets") / self._id
        if folder.exists() and not folder.is_dir():
            raise UserErrorException(f"{folder} exists and is not a directory.")
        copies = []
        for name, source in run_files.logs(self._paths).items():
            _copy(source, folder / name)
            copies.append(str(folder / name))
        return copies

    # --- snapshot ---------------------------------------------------------------------------

    def take_snapshot(self, file_or_folder_path: str) -> str:
        """Keep a copy of a file or a folder as the run's snapshot, and return its id.

        Raises
        ------
        SnapshotException
            The run has one already, or the folder is too large.
        """
        from runwatch.compute import snapshot
        from runwatch.store import runs

        row = self._row()
        if row.snapshot is not None:
            raise SnapshotException(
                f"Cannot take snapshot as the run already has one: {row.snapshot}. Start another "
                "run for another version of the sources."
            )
        path = Path(file_or_folder_path)
        if not path.exists():
            raise SnapshotException(f"There is no {path} to take a snapshot of.")
        taken = snapshot.take(path, self._record.paths.snapshots)
        with self._record.database.write() as tx:
            runs.set_fields(tx, row.id, snapshot=taken)
        return taken

    def get_snapshot_id(self) -> str | None:
        """Return the id of the run's snapshot, None if it has none."""
        return self._row().snapshot

    def restore_snapshot(self, snapshot_id: str | None = None, path: str | None = None) -> str:
        """Write the run's snapshot as a zip file, and return its absolute path.

        Parameters
        ----------
        snapshot_id
            Another snapshot of the workspace.
        path
            The folder to write to; a temporary one if left out.

        Raises
        ------
        SnapshotException
            There is no such snapshot.
        """
        wanted = snapshot_id or self.get_snapshot_id()
        source = self._record.paths.snapshots / str(wanted)
        if wanted is None or not run_files.is_plain(wanted) or not source.is_dir():
            raise SnapshotException(f"There is no snapshot {wanted!r} in this workspace.")
        target = Path(path or tempfile.mkdtemp(prefix="runwatch-"))
        target.mkdir(parents=True, exist_ok=True)
        return shutil.make_archive(str(target.absolute() / wanted), "zip", source)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
