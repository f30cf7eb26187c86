"""The environment variables by which a submitted script finds its run."""

from __future__ import annotations

import os
from collections.abc import Mapping

from runwatch.store.paths import WorkspacePaths

RUN_ID = "RUNWATCH_RUN_ID"
EXPERIMENT = "RUNWATCH_EXPERIMENT"
WORKSPACE = "RUNWATCH_WORKSPACE"
# Scripts written for azureml.core look at these.
_AZUREML_RUN_ID = "AZUREML_RUN_ID"
_AZUREML_EXPERIMENT = "AZUREML_ARM_PROJECT_NAME"
_AZUREML_OUTPUTS = "AZUREML_OUTPUT_DIRECTORY"


def for_script(
    *, run_id: str, experiment: str, paths: WorkspacePaths, extra: Mapping[str, str]
) -> dict[str, str]:
    """Return all variables of a script: this process's own, the extra ones, and the run's."""
    environment = dict(os.environ)
    if environment.get("MPLBACKEND", "").startswith("module://"):
        # A notebook's backend draws into the notebook; a script has none.
        del environment["MPLBACKEND"]
    return {
        **environment,
        "PYTHONUNBUFFERED": "1",
        **extra,
        RUN_ID: run_id,
        EXPERIMENT: experiment,
        WORKSPACE: str(paths.root),
        _AZUREML_RUN_ID: run_id,
        _AZUREML_EXPERIMENT: experiment,
        _AZUREML_OUTPUTS: "./outputs",
    }


def supervised_run(paths: WorkspacePaths) -> str | None:
    """Return the id of the submitted run of that workspace that this process belongs to."""
    if os.environ.get(WORKSPACE) != str(paths.root):
        return None
    return os.environ.get(RUN_ID)
