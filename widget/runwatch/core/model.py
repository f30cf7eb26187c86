"""Models: named, versioned copies of what runs have made."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwatch.core import names
from runwatch.exceptions import (
    ModelNotFoundException,
    ModelPathNotFoundException,
    UserErrorException,
)

if TYPE_CHECKING:
    from runwatch.core.run import Run
    from runwatch.core.workspace import Workspace
    from runwatch.store.models import ModelRow

_NAME = re.compile(r"[a-zA-Z0-9][\w.-]{0,254}\Z")


class Model:
    """One version of a model, opened by its name: ``Model(workspace, "digits")`` is the newest.

    Parameters
    ----------
    workspace
        Where it is kept.
    name
        Its name.
    id
        Instead of the name: its id, ``name:version``.
    version
        The newest if left out.

    Raises
    ------
    ModelNotFoundException
        There is none.
    """

    class Framework:
        """What made a model."""

        CUSTOM = "Custom"
        ONNX = "Onnx"
        SCIKITLEARN = "ScikitLearn"
        TENSORFLOW = "TensorFlow"

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        version: int | None = None,
    ) -> None:
        from runwatch.store import models
        from runwatch.store.schema import models as table

        if id is not None:
            name, _, number = id.rpartition(":")
            version = int(number) if number.isdigit() else -1
        wanted = [table.c.name == name]
        if version is not None:
            wanted.append(table.c.version == int(version))
        with workspace._record.database.read() as connection:
            found = models.where(connection, *wanted)
        if not found:
            asked = f"{name!r}" if version is None else f"{name!r}, version {version}"
            raise ModelNotFoundException(
                f"There is no model {asked} in the workspace {workspace.name!r}. "
                "Model.list(workspace) shows those that are there."
            )
        self._set_up(workspace, found[0])

    def _set_up(self, workspace: Workspace, row: ModelRow) -> None:
        self.workspace = workspace
        self._row = row

    @classmethod
    def _of(cls, workspace: Workspace, row: ModelRow) -> Model:
        model = cls.__new__(cls)
        model._set_up(workspace, row)
        return model

    @property
    def name(self) -> str:
        """Its name."""
        return self._row.name

    @property
    def version(self) -> int:
        """Its version, from 1."""
        return self._row.version

    @property
    def id(self) -> str:
        """Name and version: ``name:version``."""
        return f"{self.name}:{self.version}"

    @property
    def run_id(self) -> str | None:
        """The run that made it."""
        return self._row.run_id

    @property
    def run(self) -> Run | None:
        """The run that made it."""
        return None if self.run_id is None else self.workspace.get_run(self.run_id)

    @property
    def tags(self) -> dict[str, str | None]:
        """Its tags."""
        return dict(self._row.tags)

    @property
    def properties(self) -> dict[str, str | None]:
        """Its properties, which can't be changed."""
        return dict(self._row.properties)

    @property
    def description(self) -> str | None:
        """What it is, in words."""
        return self._row.description

    @property
    def model_framework(self) -> str | None:
        """What made it, such as `Model.Framework.SCIKITLEARN`."""
        return self._row.framework

    @property
    def model_framework_version(self) -> str | None:
        """The version of what made it."""
        return self._row.framework_version

    @property
    def created_time(self) -> datetime:
        """When it was registered, in UTC."""
        return datetime.fromtimestamp(self._row.created_us / 1e6, timezone.utc)

    @property
    def url(self) -> str:
        """The address of its folder."""
        return self._folder.as_uri()

    @property
    def _folder(self) -> Path:
        from runwatch.store import models

        return models.folder_of(self.workspace._record.paths, self.name, self.version)

    def download(
        self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None
    ) -> str:
        """Copy the model's file or folder into `target_dir` and return where it is.

        Raises
        ------
        UserErrorException
            Something of that name is there, and `exist_ok` is False.
        """
        (source,) = self._folder.iterdir()
        target = Path(target_dir) / source.name
        if target.exists() and not (exist_ok or exists_ok):
            raise UserErrorException(
                f"{target} exists already. Pass exist_ok=True to write over it, or another "
                "target_dir."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, target)
        return str(target)

    def add_tags(self, tags: Mapping[str, str | None]) -> None:
        """Add tags, or give them other values."""
        self._retag({**self.tags, **names.labels("tag", tags)})

    def remove_tags(self, tags: list[str]) -> None:
        """Remove tags; those that are not there are passed over."""
        self._retag({key: value for key, value in self.tags.items() if key not in tags})

    def _retag(self, tags: Mapping[str, str | None]) -> None:
        from runwatch.store import models

        with self.workspace._record.database.write() as tx:
            models.set_tags(tx, self.name, self.version, tags)
        self._set_up(self.workspace, Model(self.workspace, id=self.id)._row)

    def delete(self) -> None:
        """Remove this version and its files."""
        from runwatch.store import models

        record = self.workspace._record
        with record.database.write() as tx:
            models.remove(tx, record.paths, self.name, self.version)

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: list[str] | list[list[str]] | None = None,
        properties: list[str] | list[list[str]] | None = None,
        run_id: str | None = None,
        latest: bool = False,
    ) -> list[Model]:
        """Return models, newest first.

        Parameters
        ----------
        workspace
            Where they are kept.
        name, run_id
            Only those of that name; only those that this run has made.
        tags, properties
            What each must have: a list of keys, or of pairs of a key and a value.
        latest
            Only the newest version of each.
        """
        from runwatch.store import models
        from runwatch.store.schema import models as table

        wanted = [] if name is None else [table.c.name == name]
        with workspace._record.database.read() as connection:
            rows = models.where(connection, *wanted)
        found: list[Model] = []
        seen: set[str] = set()
        for row in rows:
            if (run_id is not None and row.run_id != run_id) or (latest and row.name in seen):
                continue
            if _has(row.tags, tags) and _has(row.properties, properties):
                seen.add(row.name)
                found.append(Model._of(workspace, row))
        return found

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str,
        model_name: str,
        tags: Mapping[str, str | None] | None = None,
        properties: Mapping[str, str | None] | None = None,
        description: str | None = None,
        datasets: object = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: object = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
    ) -> Model:
        """Keep a copy of a file or folder as a new version of a model.

        Raises
        ------
        ModelPathNotFoundException
            `model_path` is not there.
        UserErrorException
            The name won't do.
        """
        source = Path(model_path)
        if not source.exists():
            raise ModelPathNotFoundException(
                f"There is no {source.absolute()} to register. Pass the path of a file or folder."
            )
        return _register(
            workspace,
            model_name,
            lambda folder: _copy(source, folder / source.resolve().name),
            tags=tags,
            properties=properties,
            description=description,
            framework=model_framework,
            framework_version=model_framework_version,
        )

    @staticmethod
    def get_model_path(
        model_name: str, version: int | None = None, _workspace: Workspace | None = None
    ) -> str:
        """Return the path of a model's file or folder.

        Raises
        ------
        ModelNotFoundException
            There is none.
        """
        from runwatch.core.workspace import Workspace

        model = Model(_workspace or Workspace.from_config(), model_name, version=version)
        (path,) = model._folder.iterdir()
        return str(path)

    def __repr__(self) -> str:
        """Return its names, as azureml writes them."""
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id}, "
            f"version={self.version}, tags={self.tags}, properties={self.properties})"
        )

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same version of the same model."""
        return (
            isinstance(other, Model) and self.workspace == other.workspace and self.id == other.id
        )

    def __hash__(self) -> int:
        return hash((self.workspace, self.id))


def of_run(
    workspace: Workspace,
    run: int,
    model_name: str,
    model_path: str,
    *,
    files: Mapping[str, Path],
    **values: Any,
) -> Model:
    """Register a file of a run, or all its files below a folder.

    Parameters
    ----------
    run
        The run's key.
    files
        The run's files by name.

    Raises
    ------
    ModelPathNotFoundException
        The run has no such file.
    """
    path = model_path.removeprefix("./").rstrip("/")
    found = {name: file for name, file in files.items() if f"{name}/".startswith(f"{path}/")}
    if not found:
        raise ModelPathNotFoundException(
            f"Could not locate the provided model_path {path} in the set of files uploaded to the "
            f"run: {sorted(files)}"
        )

    def copy_to(folder: Path) -> None:
        for name, file in found.items():
            below = name.removeprefix(path).lstrip("/")
            target = folder / Path(path).name / below
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)

    return _register(workspace, model_name, copy_to, run=run, **values)


def _register(
    workspace: Workspace,
    name: str,
    copy_to: Callable[[Path], None],
    *,
    tags: Mapping[str, str | None] | None,
    properties: Mapping[str, str | None] | None,
    run: int | None = None,
    **values: Any,
) -> Model:
    from runwatch.store import models

    if not isinstance(name, str) or not _NAME.match(name):
        raise UserErrorException(
            f"{name!r} can't be a model's name. It begins with a letter or a digit, and goes on "
            "with letters, digits, '_', '.' or '-', 255 characters at most."
        )
    row = models.register(
        workspace._record.database,
        name,
        copy_to,
        run=run,
        tags=names.labels("tag", tags or {}),
        properties=names.labels("property", properties or {}),
        **values,
    )
    return Model._of(workspace, row)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _has(labels: Mapping[str, str | None], wanted: list[str] | list[list[str]] | None) -> bool:
    for one in wanted or []:
        if isinstance(one, str):
            if one not in labels:
                return False
        elif labels.get(one[0], ...) != one[1]:
            return False
    return True
