"""One `pip install` brings the widget, the server extension and the JupyterLab extension."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runwatch

JS = Path(__file__).parents[2] / "js"
EXTENSION = Path(sys.prefix) / "share/jupyter/labextensions/runwatch"


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))


def listed(program: str) -> str:
    """Return what a program of this environment lists, without its colours."""
    done = subprocess.run(
        [sys.executable, "-m", program, "list"],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return re.sub(r"\x1b\[\d*m", "", done.stdout)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_extension_of_jupyterlab_is_enabled_in_the_version_of_the_package() -> None:
    line = rf"runwatch v{re.escape(runwatch.__version__)} enabled +OK \(python, runwatch\)"

    assert re.search(line, listed("jupyterlab.labextensions"))


def test_the_extension_of_the_server_is_enabled() -> None:
    said = listed("jupyter_server.extension.serverextension")

    assert re.search(r"runwatch\.server +enabled", said)
    assert re.search(r"runwatch\.server +OK", said)


def test_both_halves_have_the_version_of_the_python_package() -> None:
    lock = read(JS / "package-lock.json")

    versions = {read(JS / "package.json")["version"], lock["version"]}

    assert versions == {runwatch.__version__}


def test_any_jupyterlab_4_may_load_the_extension() -> None:
    package = read(EXTENSION / "package.json")
    shared = package["jupyterlab"]["sharedPackages"]
    of_jupyterlab = {
        name: {"requiredVersion": version}
        for name, version in package["dependencies"].items()
        if name.startswith(("@jupyterlab/", "@lumino/"))
    }

    # Left out here, a package would have to be as new as the one that it was built with.
    assert shared == of_jupyterlab


def test_the_settings_have_a_schema() -> None:
    schema = read(EXTENSION / "schemas/runwatch/settings.json")

    assert "notifications" in schema["properties"]
