"""The layers point one way, the import stays light, the generated file is fresh."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import runwatch
from runwatch.feed import typescript

ROOT = Path(__file__).parents[2]


def test_imports_point_one_way() -> None:
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_import_runwatch_loads_no_heavy_module() -> None:
    program = "import sys, runwatch; print(*sys.modules)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    heavy = {"sqlalchemy", "alembic", "numpy", "pandas", "plotly", "IPython", "ipywidgets", "rich"}
    assert not heavy & loaded


def test_the_typescript_messages_are_those_declared_in_python() -> None:
    generated = (ROOT / "js" / "src" / "messages.ts").read_text(encoding="utf-8")
    assert generated == typescript.module(), "run `make messages`"


def test_the_public_names_are_these() -> None:
    assert set(runwatch.__all__) == {
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
    }
    assert all(hasattr(runwatch, name) for name in runwatch.__all__)
