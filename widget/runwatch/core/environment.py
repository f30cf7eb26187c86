"""What a script needs around it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class PythonSection:
    """Which Python runs the script."""

    user_managed_dependencies: bool = True
    """True: the packages are those that the interpreter has."""
    interpreter_path: str | None = None
    """The interpreter; that of the submitting process if None or "python"."""


@dataclass
class Environment:
    """A named environment for scripts.

    Parameters
    ----------
    name
        What it is called.
    """

    name: str = "default-environment"
    python: PythonSection = field(default_factory=PythonSection)
    environment_variables: dict[str, str] = field(default_factory=dict)
    """Variables to set for the script, beside those of the submitting process."""
