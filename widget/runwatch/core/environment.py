"""What a script needs around it."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from runwatch.core.conda_dependencies import CondaDependencies
from runwatch.exceptions import RunConfigurationException, UserErrorException

_OF_AZUREML = re.compile(r"azureml[\w-]*")
"""Packages that runwatch stands for."""
_log = logging.getLogger("runwatch")


@dataclass
class PythonSection:
    """Which Python runs the script."""

    user_managed_dependencies: bool = False
    """True: the packages are those that the interpreter has, and no others are installed."""
    interpreter_path: str | None = None
    """The interpreter; that of the submitting process if None or "python"."""
    conda_dependencies: CondaDependencies | None = None
    """Packages to install. None: those of the submitting process are there already."""


@dataclass
class DockerSection:
    """Containers are not available: asking for one is refused when a script is submitted."""

    enabled: bool = False
    base_image: str | None = None
    base_dockerfile: str | None = None


@dataclass
class Environment:
    """A named environment for scripts.

    Without more, a script runs with the Python and the packages of the process that submits it.

    Parameters
    ----------
    name
        What it is called.
    """

    name: str = "default-environment"
    python: PythonSection = field(default_factory=PythonSection)
    docker: DockerSection = field(default_factory=DockerSection)
    environment_variables: dict[str, str] = field(default_factory=dict)
    """Variables to set for the script, beside those of the submitting process."""

    @staticmethod
    def from_pip_requirements(name: str, file_path: str | os.PathLike[str]) -> Environment:
        """Return an environment with the packages that a requirements file lists.

        Raises
        ------
        UserErrorException
            The file can't be read.
        """
        try:
            lines = Path(file_path).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise UserErrorException(
                f"The requirements file {file_path} can't be read: {error.strerror}.", error
            ) from error
        packages = [line.split(" #")[0].strip() for line in lines if not line.startswith("#")]
        dependencies = CondaDependencies.create(pip_packages=filter(None, packages))
        return Environment(name, PythonSection(conda_dependencies=dependencies))

    @staticmethod
    def from_conda_specification(name: str, file_path: str | os.PathLike[str]) -> Environment:
        """Return an environment with the packages that a conda specification (YAML) lists.

        Raises
        ------
        UserErrorException
            The file is no such specification.
        """
        return Environment(name, PythonSection(conda_dependencies=CondaDependencies(file_path)))

    def packages(self) -> list[str]:
        """Return what pip has to install for a script, less azureml's own packages.

        Raises
        ------
        RunConfigurationException
            It asks for a container, or for packages of conda's.
        """
        docker = self.docker
        if docker.enabled or docker.base_image or docker.base_dockerfile:
            raise RunConfigurationException(
                f"The environment {self.name!r} asks for a Docker container, and runs are "
                "processes of this machine. Leave environment.docker as it is."
            )
        wanted = self.python.conda_dependencies
        if wanted is None or self.python.user_managed_dependencies:
            return []
        if wanted.conda_packages:
            raise RunConfigurationException(
                f"The environment {self.name!r} asks conda for {', '.join(wanted.conda_packages)}, "
                "and there is no conda here. Name them in pip_packages; or install them yourself "
                "and set environment.python.user_managed_dependencies = True."
            )
        if wanted.python_version is not None:
            _log.warning(
                "The Python version %s of environment %r is not used: a script runs with the "
                "Python of the process that submits it. Set environment.python.interpreter_path "
                "for another.",
                wanted.python_version,
                self.name,
            )
        return [p for p in wanted.pip_packages if not _OF_AZUREML.match(p)]
