"""The status machine: which status may follow which.

The words are those of ``azureml.core`` (see `RunStatus` there). Whoever changes a status asks
`may_become`, inside the transaction that writes it (`runwatch.store.runs.change_status`).
"""

from __future__ import annotations


class RunStatus:
    """The words that a run's status can be."""

    QUEUED = "Queued"
    NOT_STARTED = "NotStarted"
    PREPARING = "Preparing"
    PROVISIONING = "Provisioning"
    STARTING = "Starting"
    RUNNING = "Running"
    CANCEL_REQUESTED = "CancelRequested"
    CANCELED = "Canceled"
    FINALIZING = "Finalizing"
    COMPLETED = "Completed"
    FAILED = "Failed"
    UNAPPROVED = "Unapproved"
    NOT_RESPONDING = "NotResponding"
    PAUSING = "Pausing"
    PAUSED = "Paused"

    @classmethod
    def list(cls) -> list[str]:
        """Return all words, in the order in which a run passes through them."""
        return list(ALL)


ALL = tuple(
    word for name, word in vars(RunStatus).items() if name.isupper() and isinstance(word, str)
)
TERMINAL = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED})
LIVE = frozenset(ALL) - TERMINAL
SUBMITTED = "azureml.scriptrun"
"""The type of a run whose status a supervisor changes."""

# How far a run has come. It goes on, never back, but for the pairs below.
_PROGRESS = {
    RunStatus.UNAPPROVED: 0,
    RunStatus.NOT_STARTED: 0,
    RunStatus.QUEUED: 1,
    RunStatus.PROVISIONING: 2,
    RunStatus.PREPARING: 3,
    RunStatus.STARTING: 4,
    RunStatus.RUNNING: 5,
    RunStatus.PAUSING: 5,
    RunStatus.PAUSED: 5,
    RunStatus.NOT_RESPONDING: 5,
    RunStatus.FINALIZING: 6,
    RunStatus.CANCEL_REQUESTED: 7,
}


def may_become(old: str, new: str) -> bool:
    """Return whether a run with status `old` may get the status `new`.

    A terminal status is final, with one exception: a Completed run may be failed (it ended well
    with the wrong script). A run asked to cancel ends Canceled or Failed, never Completed.
    """
    if old in TERMINAL:
        return old == RunStatus.COMPLETED and new == RunStatus.FAILED
    if old == RunStatus.CANCEL_REQUESTED:
        return new in (RunStatus.CANCELED, RunStatus.FAILED)
    if new in TERMINAL:
        return True
    return new != old and _PROGRESS[new] >= _PROGRESS[old]
