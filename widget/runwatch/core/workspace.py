"""A workspace: the record beside the notebook."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwatch.compute import script_environment
from runwatch.core import names
from runwatch.core.html_table import Link, html_table
from runwatch.core.record import Record
from runwatch.exceptions import UserErrorException, WorkspaceException
from runwatch.store.paths import FOLDER

if TYPE_CHECKING:
    from runwatch.core.compute_target import ComputeTarget
    from runwatch.core.experiment import Experiment
    from runwatch.core.model import Model
    from runwatch.core.run import Run

_CONFIG_PLACES = (".azureml/config.json", "aml_config/config.json", "config.json")
_FOLDER_KEY = "RunwatchFolder"
"""In a config.json that is not beside its workspace: the folder where that is."""
_NAME = re.compile(r"[a-zA-Z0-9][\w\-]{2,32}\Z")
_SCOPE = re.compile(
    r"/subscriptions/(?P<subscription_id>[^/]*)/resourceGroups/(?P<resource_group>[^/]*)"
    r"/providers/Microsoft\.MachineLearningServices/workspaces/(?P<workspace_name>[^/]*)\Z",
    re.IGNORECASE,
)


class Workspace:
    """Experiments and their runs, kept in a folder `.runwatch`.

    Use `from_config()` to get the workspace of the current folder.

    Parameters
    ----------
    subscription_id, resource_group, workspace_name
        Names that notebooks written for Azure ML show; nothing is looked up with them.
    path
        The folder in which `.runwatch` lies or is made; the current folder if left out.
    """

    def __init__(
        self,
        subscription_id: str = "local",
        resource_group: str = "local",
        workspace_name: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        folder = Path(os.path.abspath(path or os.curdir))
        self._record = Record.at(folder / FOLDER)
        self._subscription_id = subscription_id
        self._resource_group = resource_group
        self._name = workspace_name or folder.name or "workspace"

    @staticmethod
    def from_config(
        path: str | os.PathLike[str] | None = None,
        auth: object = None,
        _logger: object = None,
        _file_name: str | None = None,
    ) -> Workspace:
        """Return the workspace of a folder, found by looking there and upwards.

        Looked for are `.runwatch/`, `.azureml/config.json`, `aml_config/config.json` and
        `config.json`. Where there is none, and no `path` was given, a workspace is made in the
        current folder, and one printed line says so.

        Parameters
        ----------
        path
            A folder to begin at, or a configuration file. The current folder if left out.
        auth, _logger
            Accepted for notebooks written for Azure ML; not used.
        _file_name
            Another name for `config.json`.

        Raises
        ------
        UserErrorException
            `path` is not there, or the file found does not describe a workspace.
        """
        found = Workspace._find(path, _file_name)
        if found is not None:
            return found
        workspace = Workspace(path=Path(os.path.abspath(path or os.curdir)))
        workspace._record.paths.create()
        print(f"Made a new workspace in {workspace._record.paths.root}")
        return workspace

    @staticmethod
    def _find(
        path: str | os.PathLike[str] | None = None, file_name: str | None = None
    ) -> Workspace | None:
        """Do as `from_config()`, but return None where it would make a workspace."""
        if path is None and (inherited := os.environ.get(script_environment.WORKSPACE)):
            return Workspace(path=Path(inherited).parent)
        start = Path(os.path.abspath(path or os.curdir))
        if not start.exists():
            raise UserErrorException(
                f"There is no {start}. Pass the folder of a workspace, or its config.json, or "
                "leave path out to use the current folder."
            )
        if start.is_file():
            return _from_file(start)
        places = [p.replace("config.json", file_name or "config.json") for p in _CONFIG_PLACES]
        for folder in (start, *start.parents):
            for place in places:
                found = folder / place
                if found.is_file() and (place != "config.json" or _describes(found)):
                    return _from_file(found)
            if (folder / FOLDER).is_dir():
                return Workspace(path=folder)
        return None

    @staticmethod
    def create(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        friendly_name: str | None = None,
        storage_account: object = None,
        key_vault: object = None,
        app_insights: object = None,
        container_registry: object = None,
        adb_workspace: object = None,
        primary_user_assigned_identity: object = None,
        cmk_keyvault: object = None,
        resource_cmk_uri: object = None,
        hbi_workspace: bool = False,
        default_cpu_compute_target: object = None,
        default_gpu_compute_target: object = None,
        private_endpoint_config: object = None,
        private_endpoint_auto_approval: bool = True,
        exist_ok: bool = False,
        show_output: bool = True,
        **kwargs: object,
    ) -> Workspace:
        """Make a workspace in the current folder, and a config.json that gives it its name.

        Parameters
        ----------
        name
            3 to 33 letters, digits, hyphens and underscores.
        subscription_id, resource_group
            Kept as names; "local" if left out.
        exist_ok
            Whether one that is there already is returned.
        tags
            Tags of the workspace.
        auth, location, create_resource_group, sku, friendly_name, show_output, kwargs
            Accepted for notebooks written for Azure ML and not used, as all that names a part of
            a cloud.

        Raises
        ------
        UserErrorException
            The name won't do.
        WorkspaceException
            There is a workspace in the current folder, and `exist_ok` is False.
        """
        if not isinstance(name, str) or not _NAME.match(name):
            raise UserErrorException(
                f"Workspace name must be between 3 and 33 characters long, and {name!r} won't do. "
                "Its first character has to be alphanumeric, and the rest may contain hyphens and "
                "underscores. No whitespace is allowed."
            )
        if Path(FOLDER).exists() and not exist_ok:
            raise WorkspaceException(
                f"There is a workspace in {Path.cwd()} already. Pass exist_ok=True to use it, or "
                "change to another folder."
            )
        made = Workspace(subscription_id or "local", resource_group or "local", name)
        made._record.paths.create()
        if tags:
            made._record.database.set_facts(tags=json.dumps(names.labels("tag", tags)))
        made.write_config()
        return made

    @staticmethod
    def get(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> Workspace:
        """Return the workspace of the current folder, or one above it, if it has that name.

        The parameters but `name` are accepted as in azureml.

        Raises
        ------
        WorkspaceException
            There is none of that name.
        """
        for folder in (Path.cwd(), *Path.cwd().parents):
            if (folder / FOLDER).is_dir():
                found = Workspace.from_config(folder)
                if found.name == name:
                    return found
        raise WorkspaceException(
            f"There is no workspace {name!r} in {Path.cwd()} or above it. Change to its folder, or "
            "make it with Workspace.create(name=...)."
        )

    @staticmethod
    def list(
        subscription_id: str, auth: object = None, resource_group: str | None = None
    ) -> dict[str, list[Workspace]]:
        """Return the workspaces that this user has opened on this machine, by name.

        Parameters
        ----------
        subscription_id, resource_group
            Only those whose config.json says so; "local" where there is none.
        auth
            Accepted as in azureml.
        """
        from runwatch.store import registry

        found: dict[str, list[Workspace]] = {}
        for paths in registry.all_known():
            workspace = Workspace.from_config(paths.root.parent)
            if workspace.subscription_id == subscription_id and (
                resource_group in (None, workspace.resource_group)
            ):
                found.setdefault(workspace.name, []).append(workspace)
        return found

    def delete(self, delete_dependent_resources: bool = False, no_wait: bool = False) -> None:
        """Remove the workspace with all its runs, files and models.

        The parameters are accepted as in azureml.

        Raises
        ------
        WorkspaceException
            A run has not ended.
        """
        from runwatch.store import runs

        self._record.settle()
        with self._record.database.read() as connection:
            live = runs.live(connection)
        if live:
            raise WorkspaceException(
                f"The run {live[0].run_id} has not ended ({live[0].status}). Cancel it, or wait "
                "for it, before you delete the workspace."
            )
        self._record.drop()

    def backup(self, file: str | os.PathLike[str] | None = None) -> Path:
        """Write the whole workspace to one file, while runs go on.

        In it is all that was logged before the call, once; `restore` makes a workspace of it.

        Parameters
        ----------
        file
            A file whose name ends in ``.tar``, or in ``.tar.gz`` to have it smaller. A name with
            the time, in the current folder, if left out.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        UserErrorException
            The file is there already, or its name ends otherwise.
        WorkspaceException
            It can't be written.
        """
        from runwatch.store import backup

        name = f"runwatch-{self.name}-{datetime.now():%Y%m%d-%H%M%S}.tar.gz"
        return backup.write(self._record.settled_database(), Path(os.path.abspath(file or name)))

    @staticmethod
    def restore(
        file: str | os.PathLike[str], path: str | os.PathLike[str] | None = None
    ) -> Workspace:
        """Make a workspace of a file that `backup` has written.

        Runs that were live at that time are ended there: what became of them is not in the file.

        Parameters
        ----------
        file
            The backup.
        path
            The folder in which `.runwatch` is made; the current folder if left out.

        Raises
        ------
        UserErrorException
            The file is no backup of a workspace.
        WorkspaceException
            There is a workspace in that folder.
        """
        from runwatch.compute import settle
        from runwatch.store import backup

        workspace = Workspace(path=path)
        backup.extract(Path(os.path.abspath(file)), workspace._record.paths.root)
        settle.end_restored(workspace._record.database)
        return workspace

    def write_config(self, path: str | None = None, file_name: str | None = None) -> None:
        """Write a config.json with which `from_config()` finds this workspace by its names.

        Parameters
        ----------
        path
            The folder in which `.azureml/` is made; that of the workspace if left out.
        file_name
            Another name for the file.

        Raises
        ------
        UserErrorException
            The folder is not there or can't be written to.
        """
        folder = Path(path) if path else self._record.paths.root.parent
        beside = folder / ("aml_config" if (folder / "aml_config").is_dir() else ".azureml")
        scope = (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )
        try:
            beside.mkdir(exist_ok=True)
            config = {"Id": None, "Scope": scope}
            home = self._record.paths.root.parent
            if folder.resolve() != home:
                config[_FOLDER_KEY] = str(home)
            text = json.dumps(config)
            (beside / (file_name or "config.json")).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserErrorException(
                f"Could not write the config file to {beside}: {error.strerror}. The folder must "
                "be there, and you must be allowed to write to it.",
                error,
            ) from error

    @property
    def name(self) -> str:
        """Its name: that of its folder, or the one in config.json."""
        return self._name

    @property
    def subscription_id(self) -> str:
        """The subscription in config.json, or "local"."""
        return self._subscription_id

    @property
    def resource_group(self) -> str:
        """The resource group in config.json, or "local"."""
        return self._resource_group

    @property
    def location(self) -> str:
        """Where it is: "local"."""
        return "local"

    @property
    def tags(self) -> dict[str, str | None]:
        """Its tags."""
        kept: dict[str, str | None] = json.loads(self._record.database.facts().get("tags", "{}"))
        return kept

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """Where scripts can run, by name."""
        from runwatch.core.compute_target import LOCAL, ComputeTarget

        return {LOCAL: ComputeTarget(self, LOCAL)}

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of each registered model, by name."""
        from runwatch.core.model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    def get_mlflow_tracking_uri(self, _with_auth: bool = False) -> str:
        """Return the address of a store for MLflow in the workspace's folder.

        ``mlflow.set_tracking_uri(workspace.get_mlflow_tracking_uri())`` keeps MLflow's runs beside
        those of runwatch; each has its own.
        """
        return f"sqlite:///{self._record.paths.root / 'mlflow.sqlite'}"

    @property
    def experiments(self) -> dict[str, Experiment]:
        """Its active experiments by name."""
        from runwatch.core.experiment import Experiment
        from runwatch.store import experiments

        with self._record.database.read() as connection:
            rows = experiments.all_active(connection)
        return {row.name: Experiment._of_row(self, row) for row in rows}

    def get_run(self, run_id: str) -> Run:
        """Return the run with that id. Raises `ServiceException` (404) if there is none."""
        from runwatch.core.run import Run

        return Run.get(self, run_id)

    def get_details(self) -> dict[str, Any]:
        """Return what is known of the workspace, as a dict."""
        facts = self._record.database.facts()
        return {
            "id": facts["id"],
            "name": self.name,
            "location": self.location,
            "path": str(self._record.paths.root),
            "runwatchVersion": facts["written_by"],
        }

    @cached_property
    def _id(self) -> str:
        return self._record.database.workspace_id

    def _repr_html_(self) -> str:
        """Return the workspace as one row of a table."""
        return html_table(
            Name=self.name,
            Experiments=str(len(self.experiments)),
            Folder=Link(self._record.paths.root.parent.as_uri()),
        )

    def __repr__(self) -> str:
        """Return its names, as azureml writes them."""
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same record."""
        return isinstance(other, Workspace) and self._record is other._record

    def __hash__(self) -> int:
        return hash(self._record)


def _from_file(file: Path) -> Workspace:
    said = _read(file)
    if said is None:
        raise UserErrorException(
            f"The config file found in: {file} does not seem to contain the required parameters. "
            "It needs subscription_id, resource_group and workspace_name, or a Scope."
        )
    beside = file.parent
    folder = beside.parent if beside.name in (".azureml", "aml_config") else beside
    home = said.pop(_FOLDER_KEY, None)
    if home is not None and not Path(home, FOLDER).is_dir():
        raise UserErrorException(
            f"The config file {file} names a workspace in {home}, and there is none. Was the "
            "folder moved? Write the config again with workspace.write_config()."
        )
    return Workspace(**said, path=home or folder)


def _describes(file: Path) -> bool:
    """Return whether a plain config.json, which many tools write, is a workspace's."""
    return _read(file) is not None


def _read(file: Path) -> dict[str, str] | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    if scope := _SCOPE.match(str(content.get("Scope") or "")):
        home = content.get(_FOLDER_KEY)
        return {**scope.groupdict(), **({_FOLDER_KEY: home} if isinstance(home, str) else {})}
    keys = ("subscription_id", "resource_group", "workspace_name")
    if all(isinstance(content.get(key), str) for key in keys):
        return {key: content[key] for key in keys}
    return None
