"""Lets ``import azureml.core`` give runwatch, so that notebooks written for it run unchanged.

`install()` puts a finder before all others: a module of azureml's is then the module of runwatch
that stands for it, the same object. The environment variable ``RUNWATCH_AS_AZUREML=1`` does it at
the start of every Python process, so that submitted scripts have it too.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from runwatch.exceptions import RunEnvironmentException

VARIABLE = "RUNWATCH_AS_AZUREML"
_ROOT = "azureml"
_HOLLOW = ("azureml", "azureml._restclient")
"""Packages that hold nothing but others."""
_ELSEWHERE = {"azureml._restclient.constants": "runwatch.store.status"}


def install() -> None:
    """Make ``azureml`` mean runwatch, in this process and in the scripts that it submits.

    Raises
    ------
    RunEnvironmentException
        The real azureml-core was imported already.
    """
    there = sys.modules.get("azureml.core")
    if there is not None and there is not sys.modules.get("runwatch.core"):
        raise RunEnvironmentException(
            "The real azureml-core was imported already, from "
            f"{getattr(there, '__file__', 'somewhere')}. To use runwatch instead, restart the "
            "kernel and call runwatch.install_as_azureml() before anything imports azureml; to "
            "use both, import this package by its own name: from runwatch.core import Workspace."
        )
    os.environ[VARIABLE] = "1"
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        for name in [name for name in sys.modules if name.partition(".")[0] == _ROOT]:
            del sys.modules[name]  # a namespace package that is of no use without azureml.core
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the modules of azureml."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != _ROOT:
            return None
        return ModuleSpec(fullname, _Loader(), is_package=fullname in _HOLLOW)


class _Loader(Loader):
    """Gives the module of runwatch that stands for one of azureml's."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        if spec.name in _HOLLOW:
            return None
        name = _ELSEWHERE.get(spec.name, f"runwatch{spec.name.removeprefix(_ROOT)}")
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise ModuleNotFoundError(
                f"runwatch stands for azureml here (runwatch.install_as_azureml()), and has "
                f"nothing for {spec.name}.",
                name=spec.name,
            ) from None
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None and spec.loader_state is not None:
            module.__spec__ = spec.loader_state  # it has been executed under its own name
