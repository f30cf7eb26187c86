"""The run that `Experiment.submit()` returns."""

from __future__ import annotations

from runwatch.core.run import Run


class ScriptRun(Run):
    """A submitted run: a supervisor process looks after it, wherever this object lives."""

    RUN_TYPE = "azureml.scriptrun"
