"""The packages that a script needs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runwatch.exceptions import UserErrorException


class CondaDependencies:
    """Packages by name, from pip or from conda.

    pip's are installed into an environment of their own; conda's are refused when a script that
    asks for them is submitted, in words that say what to do.

    Parameters
    ----------
    conda_dependencies_file_path
        A conda specification (YAML) to read.
    """

    def __init__(self, conda_dependencies_file_path: str | os.PathLike[str] | None = None) -> None:
        self._pip: list[str] = []
        self._conda: list[str] = []
        self.python_version: str | None = None
        if conda_dependencies_file_path is not None:
            self._read(Path(conda_dependencies_file_path))

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,
        **kwargs: Any,
    ) -> CondaDependencies:
        """Return dependencies on these packages, each as pip or conda spells it.

        `pin_sdk_version` is accepted as in azureml; `pip_indexurl` is refused: pip's own
        configuration says where it looks.
        """
        if pip_indexurl is not None:
            raise UserErrorException(
                "pip_indexurl can't be set for one script. Set it for pip: "
                f"pip config set global.index-url {pip_indexurl}"
            )
        made = CondaDependencies()
        made._pip = list(pip_packages or [])
        made._conda = list(conda_packages or [])
        made.python_version = python_version
        return made

    def add_pip_package(self, pip_package: str) -> None:
        """Add a package from pip, such as "numpy>=2"."""
        self._pip.append(pip_package)

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove a package of pip's, if it is there."""
        self._pip = [package for package in self._pip if package != pip_package]

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package from conda."""
        self._conda.append(conda_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove a package of conda's, if it is there."""
        self._conda = [package for package in self._conda if package != conda_package]

    def set_python_version(self, version: str) -> None:
        """Say which Python the packages are for."""
        self.python_version = version

    @property
    def pip_packages(self) -> list[str]:
        """The packages from pip."""
        return list(self._pip)

    @property
    def conda_packages(self) -> list[str]:
        """The packages from conda."""
        return list(self._conda)

    def _read(self, file: Path) -> None:
        import yaml

        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            listed = content["dependencies"]
        except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
            raise UserErrorException(
                f"{file} is no conda specification: it needs a list of dependencies. ({error})",
                error,
            ) from error
        for one in listed:
            if isinstance(one, dict):
                self._pip += one.get("pip", [])
            elif str(one).startswith("python=") or one == "python":
                self.python_version = str(one).lstrip("python").strip("=") or None
            elif str(one).split("=")[0] != "pip":
                self._conda.append(str(one))
