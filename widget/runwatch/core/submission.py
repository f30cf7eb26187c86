"""From a `ScriptRunConfig` to a run that its compute target looks after."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwatch.compute import processes, provenance, script_environment, snapshot
from runwatch.compute.job import Job
from runwatch.compute.local import LocalTarget
from runwatch.compute.target import ComputeTarget
from runwatch.core import names
from runwatch.core.script_run import ScriptRun
from runwatch.exceptions import (
    ComputeTargetException,
    ExperimentExecutionException,
    RunConfigurationException,
    RunwatchException,
    UserErrorException,
)
from runwatch.store.paths import checked_run_id
from runwatch.store.status import SUBMITTED, RunStatus

if TYPE_CHECKING:
    from runwatch.core.experiment import Experiment
    from runwatch.core.script_run_config import ScriptRunConfig
    from runwatch.store.runs import RunRow

GRACE_VARIABLE = "RUNWATCH_GRACE_SECONDS"
DEFAULT_GRACE_S = 5.0
_TARGETS: dict[str, ComputeTarget] = {"local": LocalTarget()}


def submit(
    experiment: Experiment,
    config: ScriptRunConfig,
    *,
    tags: Mapping[str, str | None] | None = None,
    run_id: str | None = None,
    parent: RunRow | None = None,
) -> ScriptRun:
    """Record a run for `config`, have its target start it, and return it.

    Raises
    ------
    ExperimentExecutionException
        The folder or the script is not there, or the target refuses the job.
    RunConfigurationException, ComputeTargetException
        The configuration asks for what is not available here.
    SnapshotException
        The source folder can't be copied.
    """
    from runwatch.store import labels, runs
    from runwatch.store import packages as packages_store

    record = experiment.workspace._record
    checked_tags = names.labels("tag", tags or {})
    target = _target(config)
    source = _source(config)
    packages = config.run_config.environment.packages()
    command = _command(config, source, "python" if packages else sys.executable)
    grace = grace_s()
    if run_id is None:
        run_id = f"{experiment.name}_{int(time.time())}_{uuid.uuid4().hex[:8]}"
    snapshot_id = snapshot.take(source, record.paths.snapshots)
    own_python = command[0] == sys.executable
    found = {
        "ContentSnapshotId": snapshot_id,
        **provenance.of_folder(source),
        **provenance.of_process(command, python=own_python),
    }
    new = runs.NewRun(
        run_id=checked_run_id(run_id),
        status=RunStatus.PREPARING,
        display_name=Path(config.script).name if config.script else command[-1].split()[0],
        type=SUBMITTED,
        target=target.name,
        definition=_definition(config, command, packages),
        snapshot=snapshot_id,
    )
    with record.database.write() as tx:
        (row,) = runs.create(
            tx, experiment._row.key, [new], parent=parent, owner=processes.this_process()
        )
        labels.set_tags(tx, row.id, checked_tags)
        if own_python:
            found[provenance.PACKAGES] = packages_store.keep(tx, provenance.installed_packages())
        labels.add_properties(tx, row.id, found)
    variables = {
        **config.run_config.environment.environment_variables,
        **config.run_config.environment_variables,
    }
    job = Job(
        run_id=run_id,
        workspace=str(record.paths.root),
        command=command,
        environment=script_environment.for_script(
            run_id=run_id, experiment=experiment.name, paths=record.paths, extra=variables
        ),
        packages=packages,
        snapshot_id=snapshot_id,
        max_run_duration_s=config.run_config.max_run_duration_seconds,
        grace_s=grace,
    )
    try:
        owner = target.start(job)
    except (OSError, RunwatchException) as error:
        message = f"The run could not be started: {error}"
        with record.database.write() as tx:
            runs.change_status(
                tx, row.id, RunStatus.FAILED, error={"code": "UserError", "message": message}
            )
        raise ExperimentExecutionException(message, error) from error
    with record.database.write() as tx:
        runs.set_fields(tx, row.id, **asdict(owner))
    return ScriptRun._of(experiment, row)


def _target(config: ScriptRunConfig) -> ComputeTarget:
    for name, value in config.unsupported.items():
        if value is not None:
            raise RunConfigurationException(
                f"{name} is not available: runs are processes of this machine. Leave it out."
            )
    name = config.run_config.target_name
    if name not in _TARGETS:
        raise ComputeTargetException(
            f"There is no compute target {name!r}. Available: {', '.join(_TARGETS)}."
        )
    return _TARGETS[name]


def _source(config: ScriptRunConfig) -> Path:
    try:
        source = Path(os.path.abspath(config.source_directory))
    except TypeError:
        raise UserErrorException(
            f"source_directory must be the path of a folder; got {config.source_directory!r}."
        ) from None
    if not source.is_dir():
        raise ExperimentExecutionException(
            f"{source} source directory doesn't exist. Pass the folder that holds the script as "
            "source_directory."
        )
    return source


def _command(config: ScriptRunConfig, source: Path, python: str) -> list[str]:
    if config.command:
        if isinstance(config.command, str):
            return ["/bin/sh", "-c", config.command]
        return [str(part) for part in config.command]
    if not config.script:
        raise UserErrorException(
            "There is nothing to run: pass script='train.py', a file in source_directory, or "
            "command=."
        )
    script = Path(os.path.abspath(source / config.script))
    # Path.is_file() raises for a name that is too long.
    if not os.path.isfile(script) or source not in script.parents:  # noqa: PTH113
        raise ExperimentExecutionException(
            f"{script} script path doesn't exist. The script should be inside the project folder "
            f"{source}."
        )
    given = config.run_config.environment.python.interpreter_path
    interpreter = python if given in (None, "python") else str(given)
    relative = script.relative_to(source).as_posix()
    return [interpreter, relative, *(str(argument) for argument in config.arguments)]


def grace_s() -> float:
    """Return how long a process has between SIGTERM and SIGKILL: 5 s unless the user set it."""
    given = os.environ.get(GRACE_VARIABLE)
    if given is None:
        return DEFAULT_GRACE_S
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise UserErrorException(
            f"The environment variable {GRACE_VARIABLE} must be a number of seconds, 0 or more; "
            f"it is {given!r}."
        )
    return seconds


def _definition(config: ScriptRunConfig, command: list[str], packages: list[str]) -> dict[str, Any]:
    """Return how the run was configured; environment variables by name, never by value."""
    run_config = config.run_config
    variables = {**run_config.environment.environment_variables, **run_config.environment_variables}
    return {
        "script": config.script,
        "arguments": [
            a if isinstance(a, (str, int, float, bool, type(None))) else str(a)
            for a in config.arguments
        ],
        "command": command,
        "target": run_config.target_name,
        "maxRunDurationSeconds": run_config.max_run_duration_seconds,
        "environment": {
            "name": run_config.environment.name,
            "packages": packages,
            "interpreterPath": run_config.environment.python.interpreter_path,
            "environmentVariables": sorted(variables),
        },
    }
