"""What a user calls, with the names of ``azureml.core``.

``from runwatch.core import Workspace, Experiment, Run, ScriptRunConfig``
"""

from runwatch.core.compute_target import ComputeTarget
from runwatch.core.conda_dependencies import CondaDependencies
from runwatch.core.dataset import Dataset, Datastore
from runwatch.core.environment import Environment
from runwatch.core.experiment import Experiment
from runwatch.core.model import Model
from runwatch.core.run import Run, get_run
from runwatch.core.runconfig import RunConfiguration
from runwatch.core.script_run import ScriptRun
from runwatch.core.script_run_config import ScriptRunConfig
from runwatch.core.workspace import Workspace
from runwatch.store.status import RunStatus
from runwatch.version import __version__

VERSION = __version__

__all__ = [
    "VERSION",
    "ComputeTarget",
    "CondaDependencies",
    "Dataset",
    "Datastore",
    "Environment",
    "Experiment",
    "Model",
    "Run",
    "RunConfiguration",
    "RunStatus",
    "ScriptRun",
    "ScriptRunConfig",
    "Workspace",
    "get_run",
]
