"""From a notebook's cell to a script, and to a run of it."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from IPython.core.error import UsageError

from runwatch.compute import provenance, snapshot
from runwatch.core.experiment import Experiment
from runwatch.core.script_run import ScriptRun
from runwatch.core.script_run_config import ScriptRunConfig
from runwatch.store.paths import half_made_name

# It stands where the magic's line stands in the cell, so that line numbers are the same.
_HEAD = "# Written by %%run_script ({digest}): change the cell and run it again.\n"
_HEAD_WRITTEN = re.compile(r"# Written by %%run_script \(([0-9a-f]{16})\).*\n")
_IGNORE_FILES = (".amlignore", ".gitignore")
"""The first of them that is there says what a snapshot leaves out."""


class CellScript:
    """A cell that can be submitted as a script.

    The run's snapshot is the current folder with the script in it, so that the script imports
    what lies beside the notebook.

    Parameters
    ----------
    cell
        Its text, without the magic's line.
    name
        The file to keep it as, in the current folder. If left out, the script is named after its
        contents and is in the snapshot alone.

    Raises
    ------
    SyntaxError
        The cell is no Python.
    UsageError
        It can't be a script, or can't be written to that file without loss.
    """

    def __init__(self, cell: str, name: str | None = None) -> None:
        digest = _digest(cell)
        self._kept = name is not None
        self._name = name or f"cell_{digest[:8]}.py"
        self._text = _HEAD.format(digest=digest) + cell
        _check(cell, self._name)
        self._must_write = self._kept and self._differs_from_file(cell)

    def submit(
        self,
        experiment: Experiment,
        arguments: Sequence[str],
        *,
        tags: Mapping[str, str | None],
    ) -> ScriptRun:
        """Submit it, and return its run."""
        here = Path.cwd()
        if self._kept:
            if self._must_write:
                self._write(here)
            return experiment.submit(ScriptRunConfig(here, self._name, arguments), tags=tags)
        # Copied first, so that the user's folder never holds a file that is not the user's.
        with tempfile.TemporaryDirectory(prefix="runwatch-") as aside:
            source = Path(aside) / snapshot.take(here, Path(aside))
            self._add_to(source, rules=_ignore_file(here))
            run = experiment.submit(ScriptRunConfig(source, self._name, arguments), tags=tags)
        known = run.get_properties()
        found = provenance.of_folder(here)
        run.add_properties({key: found[key] for key in found if key not in known})
        return run

    def _add_to(self, source: Path, *, rules: Path | None) -> None:
        """Write the script into a copy of the folder."""
        _write_anew(source / self._name, self._text)
        if rules is not None:  # applied to the copy again, it must not leave the script out
            kept = rules.read_text(encoding="utf-8", errors="replace")
            _write_anew(source / rules.name, f"{kept}\n!/{self._name}\n")

    def _write(self, folder: Path) -> None:
        aside = folder / half_made_name()
        try:
            aside.write_text(self._text, encoding="utf-8")
            aside.replace(folder / self._name)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise UsageError(
                f"{self._name} can't be written to {folder}: {error.strerror}. Leave --name out, "
                "or change to a folder that you may write to."
            ) from None

    def _differs_from_file(self, cell: str) -> bool:
        """Return whether the file is to be written; refuse to replace what is not the magic's."""
        file = Path(self._name)
        if file.name != self._name or file.suffix != ".py":
            raise UsageError(
                f"--name needs the name of a file in the current folder, such as train.py; got "
                f"{self._name!r}."
            )
        _check_not_ignored(file)
        if not os.path.lexists(file):
            return True
        try:
            there = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            there = ""
        if there in (cell, self._text):
            return False
        head = _HEAD_WRITTEN.match(there)
        if head is None or _digest(there[head.end() :]) != head[1]:
            raise UsageError(
                f"{self._name} is there already, with contents that are not as %%run_script wrote "
                "them, and was left as it is. Choose another --name, or move the file away."
            )
        return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _check(cell: str, name: str) -> None:
    """Tell what would end the script before its first line."""
    if not cell.strip():
        raise UsageError("There is nothing to run: write the script below %%run_script.")
    try:
        compile(f"\n{cell}", name, "exec", dont_inherit=True)
    except SyntaxError as error:
        text = (error.text or "").strip()
        if text.startswith(("%", "!")):
            raise UsageError(
                f"Line {error.lineno} of the cell, {text!r}, is for IPython, and the script is run "
                "by Python alone. Put it in a cell of its own."
            ) from None
        raise
    except ValueError as error:
        raise UsageError(f"The cell can't be a script: {error}.") from None


def _ignore_file(folder: Path) -> Path | None:
    return next((folder / name for name in _IGNORE_FILES if (folder / name).is_file()), None)


def _check_not_ignored(file: Path) -> None:
    from pathspec import GitIgnoreSpec

    rules = _ignore_file(Path())
    if rules is None:
        return
    lines = rules.read_text(encoding="utf-8", errors="replace").splitlines()
    if GitIgnoreSpec.from_lines(lines).match_file(file.name):
        raise UsageError(
            f"{file.name} would not be in the run's snapshot, as {rules.name} excludes it. Choose "
            f"another --name, or add the line !/{file.name} to {rules.name}."
        )


def _write_anew(file: Path, text: str) -> None:
    """Write a file of a copy, that may be there already and read-only."""
    file.unlink(missing_ok=True)
    file.write_text(text, encoding="utf-8")
