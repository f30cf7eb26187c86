"""runwatch: start, watch, tag and cancel training runs from a notebook.

>>> from runwatch import Experiment, ScriptRunConfig, Workspace
>>> from runwatch.widgets import RunDetails
>>> experiment = Experiment(Workspace.from_config(), "digits")
>>> run = experiment.submit(ScriptRunConfig(".", "train.py"))  # doctest: +SKIP
>>> RunDetails(run)  # doctest: +SKIP

In IPython, ``%load_ext runwatch`` adds ``%%run_script``, ``%%track`` and ``%runs``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwatch.azureml_names import install as install_as_azureml
from runwatch.core import (
    VERSION,
    CondaDependencies,
    Environment,
    Experiment,
    Model,
    Run,
    RunConfiguration,
    RunStatus,
    ScriptRun,
    ScriptRunConfig,
    Workspace,
    get_run,
)
from runwatch.version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def _compact_view(run: Run) -> None:
    """Show a run as the compact widget, which is imported when the first one is shown."""
    from runwatch.widgets import RunDetails

    RunDetails(run, compact=True).show()


def _table_view(experiment: Experiment) -> None:
    """Show an experiment as the live table of its runs."""
    from runwatch.widgets import RunTable

    RunTable(experiment).show()


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics, for ``%load_ext runwatch``."""
    from runwatch.widgets import magics

    magics.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away, for ``%unload_ext runwatch``."""
    from runwatch.widgets import magics

    magics.unload(shell)


Run._notebook_view = _compact_view
Experiment._notebook_view = _table_view

__all__ = [
    "VERSION",
    "CondaDependencies",
    "Environment",
    "Experiment",
    "Model",
    "Run",
    "RunConfiguration",
    "RunStatus",
    "ScriptRun",
    "ScriptRunConfig",
    "Workspace",
    "__version__",
    "get_run",
    "install_as_azureml",
]
