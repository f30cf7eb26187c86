"""The IPython magics: ``%load_ext runwatch`` adds ``%%run_script``, ``%%track`` and ``%runs``."""

from __future__ import annotations

import ast
import difflib
import weakref
from typing import Any

from IPython.core.error import UsageError

from runwatch.core.experiment import Experiment
from runwatch.core.run import Run
from runwatch.core.workspace import Workspace
from runwatch.widgets import magic_line
from runwatch.widgets.cell_script import CellScript
from runwatch.widgets.here import experiment_name, workspace_here
from runwatch.widgets.magic_line import Options
from runwatch.widgets.run_completion import matcher
from runwatch.widgets.run_details import RunDetails
from runwatch.widgets.run_table import RunTable
from runwatch.widgets.tracked_cell import TrackedCell

_RUN_SCRIPT_OPTIONS = ("--experiment", "--name", "--tag", "--var", "--watch")
_TRACK_OPTIONS = ("--experiment", "--tag", "--var")
_TRACK_CALL = "get_ipython().run_cell_magic('track', "
_loaded: weakref.WeakKeyDictionary[Any, RunMagics] = weakref.WeakKeyDictionary()


def load(shell: Any) -> None:
    """Add magics and completions to an IPython shell, once."""
    if shell not in _loaded:
        _loaded[shell] = magics = RunMagics(shell)
        magics.add()


def unload(shell: Any) -> None:
    """Take them away again."""
    magics = _loaded.pop(shell, None)
    if magics is not None:
        magics.remove()


class RunMagics:
    """The magics of one shell."""

    def __init__(self, shell: Any) -> None:
        # The shell holds what is added to it; holding it as well would keep it for ever.
        self._shell = weakref.proxy(shell)
        self._matcher = matcher(self._shell)
        self._magics = {
            ("cell", "run_script"): self.run_script,
            ("cell", "track"): self.track,
            ("line", "runs"): self.runs,
        }
        self._used: str | None = None
        """The experiment that was used last."""

    def add(self) -> None:
        """Register everything with the shell."""
        for (kind, name), function in self._magics.items():
            self._shell.register_magic_function(function, magic_kind=kind, magic_name=name)
        self._shell.input_transformers_post.append(self._await_tracked)
        self._shell.Completer.custom_matchers.append(self._matcher)

    def remove(self) -> None:
        """Remove what is there of it: a magic that has come in place of one stays."""
        manager = self._shell.magics_manager
        for (kind, name), function in self._magics.items():
            for table in (manager.magics[kind], vars(manager.user_magics)):
                if table.get(name) == function:
                    del table[name]
        for hooks, ours in (
            (self._shell.input_transformers_post, self._await_tracked),
            (self._shell.Completer.custom_matchers, self._matcher),
        ):
            if ours in hooks:
                hooks.remove(ours)

    def run_script(self, line: str, cell: str) -> None:
        """Submit the cell as a script that runs as a process of its own.

        Usage::

            %%run_script [options] [--] [arguments of the script]

        The script runs in a copy of the current folder, less what its .amlignore excludes, so
        that it imports what lies beside the notebook. In the line, {name} and $name stand for
        values of variables.

        --experiment NAME   that the run belongs to; named after the notebook if left out
        --name FILE.py      keep the script, in the current folder
        --watch             show all of the run, and wait until it has ended
        --tag KEY=VALUE     tag the run; may be repeated
        --var NAME          the variable that the Run is kept in: `run` if left out

        What comes after the options goes to the script, from the first word that is none of them;
        after ``--`` also words that are.
        """
        __tracebackhide__ = True
        options, arguments = Options(), magic_line.words(line)
        magic_line.take_options(arguments, _RUN_SCRIPT_OPTIONS, options)
        script = CellScript(cell, options.name)
        run = script.submit(self._experiment(options), arguments, tags=options.tags)
        self._shell.push({options.var: run})
        RunDetails(run, compact=not options.watch).show()
        if options.watch:
            run.wait_for_completion()

    def track(self, line: str, cell: str) -> Any:
        """Run the cell here, as a run.

        Usage::

            %%track [NAME] [options]

        The cell uses the notebook's variables as any other. What it prints is the run's log, how
        long it took the metric `duration_s`, an exception the run's error; files that it writes
        to outputs/ belong to the run, and `run` is the Run, to log to.

        --experiment NAME   that the run belongs to; named after the notebook if left out
        --tag KEY=VALUE     tag the run; may be repeated
        --var NAME          the variable that the Run is kept in: `run` if left out
        """
        __tracebackhide__ = True
        options, words = Options(), magic_line.words(line)
        ended = magic_line.take_options(words, _TRACK_OPTIONS, options)
        name = words.pop(0) if words else None
        if not ended:
            magic_line.take_options(words, _TRACK_OPTIONS, options)
        if words or (name is not None and name.startswith("-")):
            raise UsageError(
                f"%%track takes one name and the options {', '.join(_TRACK_OPTIONS)}, and not "
                f"{words[0] if words else name!r}. Put a name of several words in quotes."
            )
        tracked = TrackedCell(self._shell, cell)
        experiment = self._experiment(options)

        def start() -> Run:
            run = experiment.start_logging(name, tags=options.tags)
            self._shell.push({options.var: run})
            return run

        return tracked.run_async(start) if tracked.awaits else tracked.run(start)

    def runs(self, line: str) -> None:
        """Show the live table of an experiment's runs.

        Usage::

            %runs [EXPERIMENT]

        Without a name: of the experiment that was used last, or the only one.
        """
        __tracebackhide__ = True
        words = magic_line.words(line)
        if len(words) > 1:
            raise UsageError(
                f"%runs takes the name of one experiment; {words[1]!r} is too much. Filters such "
                "as status:failed are typed above the table."
            )
        workspace = workspace_here()
        known = {} if workspace is None else workspace.experiments
        if not known:
            raise UsageError(
                "There are no runs here or in the folders above. Start one with %%run_script or "
                "%%track, or change to the folder of your workspace."
            )
        name = words[0] if words else self._default(known)
        if name is None:
            print(  # noqa: T201 it is what was asked for
                f"There are {len(known)} experiments: {', '.join(known)}. Write %runs and one of "
                "these names."
            )
        elif name not in known:
            meant = difflib.get_close_matches(name, known, n=1)
            raise UsageError(
                f"There is no experiment {name!r}. "
                + (f"Did you mean {meant[0]!r}? " if meant else "")
                + f"These are there: {', '.join(known)}."
            )
        else:
            self._used = name
            RunTable(known[name]).show()

    def _default(self, known: dict[str, Experiment]) -> str | None:
        if self._used in known:
            return self._used
        return next(iter(known)) if len(known) == 1 else None

    def _experiment(self, options: Options) -> Experiment:
        name = options.experiment
        if name is None:
            name = experiment_name(self._shell.user_ns)
        experiment = Experiment(Workspace.from_config(), name)
        self._used = name
        return experiment

    def _await_tracked(self, lines: list[str]) -> list[str]:
        """Put an ``await`` before ``%%track`` where the cell below it awaits.

        A magic is a plain call; only the shell can let the event loop run meanwhile.
        """
        if not lines or not lines[0].startswith(_TRACK_CALL):
            return lines
        (call,) = ast.parse(lines[0]).body
        assert isinstance(call, ast.Expr)
        assert isinstance(call.value, ast.Call)
        cell = ast.literal_eval(call.value.args[2])
        try:
            transformed = self._shell.transform_cell(cell)
        except SyntaxError:  # told when the cell runs
            return lines
        awaits = self._shell.should_run_async(cell, transformed_cell=transformed)
        return [f"await {lines[0]}"] if awaits else lines
