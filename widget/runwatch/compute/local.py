"""The local target: a supervisor process for each run, independent of the process that submits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

from runwatch.compute.job import Job
from runwatch.compute.script_environment import RUN_ID, WORKSPACE
from runwatch.exceptions import ExperimentExecutionException
from runwatch.store import rights
from runwatch.store.paths import WorkspacePaths
from runwatch.store.runs import Owner


class LocalTarget:
    """Runs scripts on this machine."""

    name = "local"

    def start(self, job: Job) -> Owner:
        """Start the supervisor and return it once it has detached from this process."""
        paths = WorkspacePaths(Path(job.workspace)).run(job.run_id)
        rights.make_folder(paths.logs, parents=True)
        rights.make_file(paths.supervisor_log)
        with open(paths.supervisor_log, "ab") as log:
            starter = subprocess.Popen(
                [sys.executable, "-m", "runwatch.compute.supervisor"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=paths.root,
                # Its own id, so that it does not pass for a process of the run that submits it.
                env={**os.environ, RUN_ID: job.run_id, WORKSPACE: job.workspace},
                start_new_session=True,
            )
        said, _ = starter.communicate(msgspec.json.encode(job))
        try:
            pid, started = said.split()
        except ValueError:
            raise ExperimentExecutionException(
                f"The supervisor of run {job.run_id} did not start. What it said is in "
                f"{paths.supervisor_log}."
            ) from None
        return Owner(host=socket.gethostname(), pid=int(pid), process_started=float(started))
