"""Code written for azureml runs unchanged where runwatch stands for it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

Python = Callable[..., "subprocess.Popen[str]"]

NOTEBOOK = """
from azureml.core import Environment, Experiment, Model, Run, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.run import _OfflineRun, _SubmittedRun, get_run
from azureml.core.runconfig import RunConfiguration
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.script_run import ScriptRun
from azureml.core.dataset import Dataset
from azureml.core.datastore import Datastore
from azureml._restclient.constants import RunStatus
from azureml.exceptions import UserErrorException
from azureml.widgets import RunDetails
import azureml.core

ws = Workspace.from_config(auth=InteractiveLoginAuthentication())
print('Azure region: ' + ws.location, azureml.core.VERSION)
try:
    target = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    target = ws.compute_targets["local"]
config = ScriptRunConfig(source_directory="scripts", script="train.py", compute_target=target)
run = Experiment(ws, "old-notebook").submit(config)
RunDetails(run)
run.wait_for_completion(show_output=True)
assert isinstance(run, ScriptRun) and run.get_status() == RunStatus.COMPLETED
print(run.get_metrics())
try:
    Dataset.get_by_name(ws, "mnist")
except UserErrorException as error:
    print(error.message)
"""
SCRIPT = """
from azureml.core import Run
from azureml.core.run import _OfflineRun
run = Run.get_context()
assert not isinstance(run, _OfflineRun)
run.log("accuracy", 0.5)
"""


def test_an_old_notebook_and_its_script_run_unchanged(python: Python, folder: Path) -> None:
    (folder / "scripts").mkdir()
    (folder / "scripts" / "train.py").write_text(SCRIPT)
    notebook = python(f"import runwatch\nrunwatch.install_as_azureml()\n{NOTEBOOK}")
    said, _ = notebook.communicate(timeout=60)
    assert notebook.returncode == 0, said
    assert "Azure region: local" in said
    assert "{'accuracy': 0.5}" in said
    assert "Dataset is not available" in said


def test_the_environment_variable_is_enough(python: Python, folder: Path) -> None:
    program = python(
        "import azureml.core, runwatch.core; print(azureml.core is runwatch.core)",
        RUNWATCH_AS_AZUREML="1",
    )
    assert program.communicate(timeout=60)[0].strip() == "True"


def test_without_it_there_is_no_azureml(python: Python, folder: Path) -> None:
    program = python("import runwatch, importlib.util as u; print(u.find_spec('azureml'))")
    assert program.communicate(timeout=60)[0].strip() == "None"


def test_the_real_azureml_is_not_replaced_once_it_was_imported(
    python: Python, folder: Path
) -> None:
    (folder / "real" / "azureml" / "core").mkdir(parents=True)
    (folder / "real" / "azureml" / "core" / "__init__.py").write_text("VERSION = '1.61.0'")
    program = python(
        """
        import azureml.core, runwatch
        try:
            runwatch.install_as_azureml()
        except runwatch.exceptions.RunEnvironmentException as error:
            print(error.message)
        print(azureml.core.VERSION)
        """,
        PYTHONPATH=str(folder / "real"),
    )
    said, _ = program.communicate(timeout=60)
    assert "restart the kernel and call runwatch.install_as_azureml()" in said
    assert said.endswith("1.61.0\n")


def test_what_has_no_counterpart_says_so(python: Python, folder: Path) -> None:
    program = python(
        """
        import runwatch
        runwatch.install_as_azureml()
        try:
            import azureml.opendatasets
        except ModuleNotFoundError as error:
            print(error)
        """
    )
    assert "has nothing for azureml.opendatasets" in program.communicate(timeout=60)[0]
