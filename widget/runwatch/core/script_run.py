"""The run that `Experiment.submit()` returns."""

from __future__ import annotations

from runwatch.core.run import Run
from runwatch.store.status import SUBMITTED


class ScriptRun(Run):
    """A submitted run: a supervisor process looks after it, wherever this object lives."""

    RUN_TYPE = SUBMITTED
