"""Every call that azureml's run API accepts is accepted here."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

import runwatch.exceptions
from runwatch.core import Experiment, Run, RunStatus, ScriptRunConfig, Workspace
from runwatch.widgets import RunDetails

API = json.loads((Path(__file__).parents[1] / "data" / "azureml-api.json").read_text("utf-8"))
CLASSES = {
    "Run": Run,
    "Experiment": Experiment,
    "ScriptRunConfig": ScriptRunConfig,
    "Workspace": Workspace,
    "RunDetails": RunDetails,
}
MEMBERS = [(of, name) for of, members in API["classes"].items() for name in members]


def declared(text: str) -> tuple[str, list[tuple[str, str | None]], bool]:
    """Return how a member was decorated, its parameters with their defaults, and **kwargs."""
    decorator, _, rest = re.fullmatch(r"(@\S+(?:\(.*?\))? )?(\()(.*)\)", text, re.S).groups()
    arguments = ast.parse(f"def f({rest}): pass").body[0].args  # type: ignore[attr-defined]
    plain: list[str | None] = [None] * (len(arguments.args) - len(arguments.defaults))
    defaults = plain + [ast.unparse(default) for default in arguments.defaults]
    parameters = [(a.arg, d) for a, d in zip(arguments.args, defaults, strict=True)]
    return (decorator or "").strip(), parameters, arguments.kwarg is not None


@pytest.mark.parametrize(("of", "name"), MEMBERS, ids=[f"{of}.{name}" for of, name in MEMBERS])
def test_a_call_for_azureml_is_a_call_for_runwatch(of: str, name: str) -> None:
    decorator, parameters, takes_more = declared(API["classes"][of][name])
    if name == "__new__":
        name = "__init__"
    ours = inspect.getattr_static(CLASSES[of], name)
    if decorator == "@property":
        assert isinstance(ours, property)
        return
    if decorator.endswith(".setter"):
        assert isinstance(ours, property)
        assert ours.fset
        return
    assert isinstance(ours, staticmethod) == (decorator == "@staticmethod")
    assert isinstance(ours, classmethod) == (decorator == "@classmethod")
    function: Any = getattr(ours, "__func__", ours)
    signature = inspect.signature(function)
    mine = list(signature.parameters.values())
    more = any(p.kind is p.VAR_KEYWORD for p in mine)
    assert more or not takes_more
    places = [p for p in mine if p.kind is p.POSITIONAL_OR_KEYWORD]
    spread = any(p.kind is p.VAR_POSITIONAL for p in mine)
    for place, (parameter, default) in enumerate(parameters):
        if parameter in ("self", "cls"):
            continue
        if parameter not in signature.parameters or spread:
            assert more, f"{parameter} is not taken"
            assert default is not None
            continue
        found = signature.parameters[parameter]
        assert places[place].name == parameter
        if parameter.startswith("_"):
            continue
        if default is None:
            assert found.default is found.empty, f"{parameter} is required there"
        else:
            assert found.default is not found.empty, f"{parameter} may be left out there"
        if default is not None and default.startswith(("'", "None", "True", "False")):
            assert found.default == ast.literal_eval(default)


def test_the_statuses_are_those_of_azureml() -> None:
    assert RunStatus.list() == API["run_statuses"]


@pytest.mark.parametrize("name", API["exceptions"])
def test_the_exceptions_have_the_names_of_azureml(name: str) -> None:
    assert issubclass(getattr(runwatch.exceptions, name), runwatch.exceptions.AzureMLException)
