"""What the place of a notebook tells: its workspace, and a name for its experiment."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Any

from runwatch.compute import script_environment
from runwatch.core.workspace import Workspace
from runwatch.exceptions import UserErrorException
from runwatch.store.paths import FOLDER

_CONFIGS = (".azureml/config.json", "aml_config/config.json", "config.json")


def workspace_here() -> Workspace | None:
    """Return the workspace that `Workspace.from_config()` finds; None where it would make one."""
    inherited = os.environ.get(script_environment.WORKSPACE)
    if inherited:
        return _made(Workspace(path=Path(inherited).parent))
    here = Path.cwd()
    for folder in (here, *here.parents):
        for place in _CONFIGS:
            if (folder / place).is_file():
                try:
                    return _made(Workspace.from_config(folder / place))
                except UserErrorException:
                    continue  # another tool's config.json
        if (folder / FOLDER).is_dir():
            return _made(Workspace(path=folder))
    return None


def _made(workspace: Workspace) -> Workspace | None:
    return workspace if workspace._record.paths.database.is_file() else None


def experiment_name(namespace: dict[str, Any]) -> str:
    """Return a name for the experiment of a notebook: its own, or that of its folder.

    Parameters
    ----------
    namespace
        The user's variables: VS Code puts the notebook's path there.
    """
    # Jupyter's server tells its kernels the path of the notebook.
    for told in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if isinstance(told, str) and told.endswith(".ipynb") and (name := _valid(Path(told).stem)):
            return name
    return _valid(Path.cwd().name) or "notebook"


def _valid(text: str) -> str:
    """Return what of a file's name an experiment's name can be made of; it may be nothing."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w-]+", "-", plain).strip("-_")[:255]
