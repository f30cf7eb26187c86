"""What to submit: a source folder, a script in it, its arguments."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from copy import copy

from runwatch.core.compute_target import ComputeTarget
from runwatch.core.environment import Environment
from runwatch.core.runconfig import DEFAULT_MAX_RUN_DURATION_S, RunConfiguration

_log = logging.getLogger("runwatch")


class ScriptRunConfig:
    """A script to run, as often as it is submitted.

    Nothing is looked up before `Experiment.submit()`.

    Parameters
    ----------
    source_directory
        The folder that holds the script and what it imports. A copy of it is the script's
        current folder, less what its `.amlignore` (or `.gitignore`) excludes.
    script
        The script, relative to `source_directory`.
    arguments
        Its arguments; each is passed as its string.
    run_config
        A `RunConfiguration` to begin with. Then `compute_target`, `environment` and
        `max_run_duration_seconds` are not used.
    compute_target
        "local", or a `ComputeTarget`.
    environment
        The Python that runs the script, and variables to set.
    max_run_duration_seconds
        The run is ended after that time. 30 days if left out.
    command
        A command line to run instead of a script: a string for the shell, or a list.
    distributed_job_config, resume_from, docker_runtime_config
        Accepted for notebooks written for Azure ML; a value other than None is refused at submit.
    """

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        script: str | None = None,
        arguments: Sequence[object] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
        compute_target: str | ComputeTarget | None = None,
        environment: Environment | None = None,
        distributed_job_config: object = None,
        resume_from: object = None,
        max_run_duration_seconds: float | None = DEFAULT_MAX_RUN_DURATION_S,
        command: str | list[str] | None = None,
        docker_runtime_config: object = None,
    ) -> None:
        self.source_directory = source_directory
        if run_config is None:
            self.run_config = RunConfiguration(
                target=compute_target or "local",
                environment=environment or Environment(),
                max_run_duration_seconds=max_run_duration_seconds,
            )
        else:
            if compute_target or environment:
                _log.warning(
                    "compute_target and environment are not used, because run_config was given; "
                    "set run_config.target and run_config.environment instead."
                )
            self.run_config = copy(run_config)
        self.script = script if script is not None else self.run_config.script
        self.arguments = list(self.run_config.arguments if arguments is None else arguments)
        self.command = command if command is not None else self.run_config.command
        self.unsupported = {
            "distributed_job_config": distributed_job_config,
            "resume_from": resume_from,
            "docker_runtime_config": docker_runtime_config,
        }
