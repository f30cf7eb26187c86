"""What every compute target can do."""

from __future__ import annotations

from typing import Protocol

from runwatch.compute.job import Job
from runwatch.store.runs import Owner


class ComputeTarget(Protocol):
    """A place where scripts run."""

    name: str

    def start(self, job: Job) -> Owner:
        """Have the job run, and return the process that answers for it from now on.

        The target writes the run's status into the record from here on, and ends the run's
        processes when the record says CancelRequested.

        Raises
        ------
        ExperimentExecutionException
            The target can't be reached, or refuses the job.
        """
        ...
