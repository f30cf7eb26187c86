"""What `%load_ext runwatch` adds to IPython, in a shell and in a kernel."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from traitlets.config import Config

import runwatch
from runwatch.core import Experiment, Run, Workspace
from runwatch.exceptions import ActivityFailedException, UserErrorException
from runwatch.widgets.run_completion import MOST
from tests.conftest import eventually

WIDGET = "application/vnd.jupyter.widget-view+json"
FOREVER = "import threading; threading.Event().wait()"
WAITING = {
    "blocked": FOREVER,
    "awaiting": "import asyncio; await asyncio.Event().wait()",
    "blocked between awaits": f"import asyncio; await asyncio.sleep(0); {FOREVER}",
}


@pytest.fixture
def shell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython shell in an empty folder, with the extension loaded."""
    monkeypatch.setenv("IPYTHONDIR", str(folder.parent / "ipython"))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "runwatch")
    yield made
    made.run_line_magic("unload_ext", "runwatch")
    InteractiveShell.clear_instance()
    for run in made.user_ns.values():
        if isinstance(run, Run):
            run.cancel()
            run.wait_for_completion(raise_on_error=False)


def runs_of(workspace: Workspace) -> list[Run]:
    return [run for e in workspace.experiments.values() for run in e.get_runs()]


def do(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell; return the value of its last expression, or raise its error."""
    result = shell.run_cell(cell)
    result.raise_error()
    return result.result


def log_of(run: Run) -> str:
    log: str = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    return log


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".runwatch"}


# --- loading --------------------------------------------------------------------------------


def test_loading_twice_is_harmless_and_unloading_takes_all_away(folder: Path) -> None:
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))

    def state() -> list[Any]:
        return [
            *(set(table) for table in shell.magics_manager.magics.values()),
            set(vars(shell.magics_manager.user_magics)),
            list(shell.Completer.custom_matchers),
            list(shell.input_transformers_post),
        ]

    before = state()
    runwatch.load_ipython_extension(shell)
    once = state()
    runwatch.load_ipython_extension(shell)
    assert state() == once != before
    runwatch.unload_ipython_extension(shell)
    assert state() == before
    runwatch.unload_ipython_extension(shell)
    assert files_in(folder) == set()


def test_unloading_leaves_a_magic_that_came_in_place_of_ours(folder: Path) -> None:
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    runwatch.load_ipython_extension(shell)
    shell.register_magic_function(lambda line: "mine", magic_name="runs")
    runwatch.unload_ipython_extension(shell)
    assert shell.run_line_magic("runs", "") == "mine"


# --- %%run_script ---------------------------------------------------------------------------


def test_a_cell_runs_as_a_script_with_its_arguments_and_tags(shell: InteractiveShell) -> None:
    shell.user_ns["rate"] = 0.5
    do(
        shell,
        "%%run_script --watch --experiment digits --tag quality=good --tag=seen --var mine"
        " {rate} 'two words' --epochs 3 --tag x\n"
        "import sys\nprint(sys.argv[1:])",
    )
    run = shell.user_ns["mine"]
    assert run.get_status() == "Completed"
    assert run.experiment.name == "digits"
    assert run.get_tags() == {"quality": "good", "seen": None}
    assert log_of(run) == "['0.5', 'two words', '--epochs', '3', '--tag', 'x']\n"


def test_after_two_dashes_everything_belongs_to_the_script(shell: InteractiveShell) -> None:
    do(shell, "%%run_script --watch -- --watch --experimant $\nimport sys; print(sys.argv[1:])")
    assert log_of(shell.user_ns["run"]) == "['--watch', '--experimant', '$']\n"


def test_the_script_imports_what_lies_beside_the_notebook_and_nothing_is_left_there(
    shell: InteractiveShell, folder: Path
) -> None:
    (folder / "beside.py").write_text("WORD = 'found'")
    (folder / "beside.py").chmod(0o444)
    (folder / "large.bin").write_bytes(b"x")
    (folder / ".amlignore").write_text("*.bin\n.amlignore\n")
    (folder / ".gitignore").write_text("beside.py\n")
    before = files_in(folder)
    do(
        shell,
        "%%run_script --watch\nimport beside, os\nprint(beside.WORD, *sorted(os.listdir()))",
    )
    run = shell.user_ns["run"]
    script = run.display_name
    assert script.startswith("cell_")
    assert log_of(run) == f"found .gitignore beside.py {script} logs outputs\n"
    assert files_in(folder) == before


def test_a_folder_of_which_only_notebooks_count_does_not_leave_the_script_out(
    shell: InteractiveShell, folder: Path
) -> None:
    (folder / ".gitignore").write_text("*\n!*.ipynb\n")
    do(shell, "%%run_script --watch\nprint('here')")
    assert log_of(shell.user_ns["run"]) == "here\n"


def test_equal_cells_of_an_unchanged_folder_are_kept_once(shell: InteractiveShell) -> None:
    kept = set()
    for _ in range(2):
        do(shell, "%%run_script --watch\npass")
        kept.add(shell.user_ns["run"].get_snapshot_id())
    assert len(kept) == 1
    assert len(list(Path(".runwatch/snapshots").iterdir())) == 1


def test_line_numbers_of_an_error_are_those_of_the_cell(shell: InteractiveShell) -> None:
    with pytest.raises(ActivityFailedException, match="too bad"):
        do(shell, "%%run_script --watch\n\nraise ValueError('too bad')")
    run = shell.user_ns["run"]
    assert run.get_status() == "Failed"
    assert "line 3, in <module>" in log_of(run)


def test_git_tells_of_the_notebooks_folder(shell: InteractiveShell, folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
    (folder / ".gitignore").write_text(".runwatch/\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    do(shell, "%%run_script --watch\npass")
    found = shell.user_ns["run"].get_properties()
    assert len(found["azureml.git.commit"]) == 40
    assert found["azureml.git.dirty"] == "False"


def test_a_kept_script_is_written_anew_only_while_it_is_as_the_magic_wrote_it(
    shell: InteractiveShell, folder: Path
) -> None:
    script = folder / "train.py"
    for number in (1, 2):
        do(shell, f"%%run_script --name train.py --watch\nprint({number})")
        assert log_of(shell.user_ns["run"]) == f"{number}\n"
        assert script.read_text().endswith(f"\nprint({number})\n")
    edited = script.read_text() + "print('by hand')\n"
    script.write_text(edited)
    with pytest.raises(UsageError, match=r"train\.py is there already.* left as it is"):
        do(shell, "%%run_script --name train.py\nprint(3)")
    assert script.read_text() == edited
    assert files_in(folder) == {"train.py"}


def test_a_file_of_the_users_own_is_run_if_it_is_the_cell_and_else_refused(
    shell: InteractiveShell, folder: Path
) -> None:
    script = folder / "train.py"
    script.write_text("print(1)\n")
    do(shell, "%%run_script --name train.py --watch\nprint(1)")
    assert log_of(shell.user_ns["run"]) == "1\n"
    with pytest.raises(UsageError, match="Choose another --name"):
        do(shell, "%%run_script --name train.py\nprint(2)")
    assert script.read_text() == "print(1)\n"


@pytest.mark.parametrize("name", ["train", "../train.py", "/tmp/train.py", "a/b.py", ".py"])
def test_a_script_is_kept_in_the_current_folder_alone(shell: InteractiveShell, name: str) -> None:
    with pytest.raises(UsageError, match=r"such as train\.py"):
        do(shell, f"%%run_script --name {name}\npass")


def test_a_kept_script_that_no_snapshot_would_hold_is_refused(
    shell: InteractiveShell, folder: Path
) -> None:
    (folder / ".amlignore").write_text("*.py\n")
    with pytest.raises(UsageError, match=r"add the line !/train\.py to \.amlignore"):
        do(shell, "%%run_script --name train.py\npass")
    assert files_in(folder) == {".amlignore"}


def test_what_is_no_script_is_told_before_anything_is_made(
    shell: InteractiveShell, folder: Path
) -> None:
    with pytest.raises(SyntaxError) as error:
        do(shell, "%%run_script --name train.py\nx = 1\nprint(")
    assert (error.value.filename, error.value.lineno) == ("train.py", 3)
    with pytest.raises(UsageError, match="Line 3 of the cell, '!ls', is for IPython"):
        do(shell, "%%run_script\nx = 1\n!ls")
    with pytest.raises(UsageError, match="nothing to run"):
        do(shell, "%%run_script\n\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%%run_script --experimant digits", "Did you mean --experiment?"),
        ("%%run_script --experiment", "--experiment needs a value"),
        ("%%run_script --watch=yes", "--watch takes no value"),
        ("%%run_script --var 1st", "'1st' can't be one"),
        ("%%run_script --var class", "'class' can't be one"),
        ("%%run_script --tag =good", "--tag needs key=value"),
        ("%%run_script 'open", "A quotation mark is not closed"),
        ("%%track two words", "Put a name of several words in quotes"),
        ("%%track --watch", "and not '--watch'"),
        ("%runs a status:failed", "typed above the table"),
    ],
)
def test_a_line_that_cant_be_taken_is_refused_in_words(
    shell: InteractiveShell, folder: Path, line: str, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        do(shell, line + ("\npass" if line.startswith("%%") else ""))
    assert said in str(refused.value)
    assert list(folder.iterdir()) == []


def test_a_name_that_no_experiment_can_have_is_refused_in_words(shell: InteractiveShell) -> None:
    with pytest.raises(UserErrorException, match="Experiment name must be"):
        do(shell, "%%run_script --experiment 'two words'\npass")


@pytest.mark.parametrize(
    ("notebook", "name"),
    [
        ("/home/me/digits sweep (2).ipynb", "digits-sweep-2"),
        ("Übung_1.ipynb", "Ubung_1"),
        ("训练.ipynb", "of-the-folder"),
        ("console-1", "of-the-folder"),
        (None, "of-the-folder"),
    ],
)
def test_an_experiment_is_named_after_the_notebook_or_its_folder(
    shell: InteractiveShell,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    notebook: str | None,
    name: str,
) -> None:
    here = folder / "_of the folder"
    here.mkdir()
    monkeypatch.chdir(here)
    if notebook is not None:
        monkeypatch.setenv("JPY_SESSION_NAME", notebook)
    do(shell, "%%track\npass")
    assert shell.user_ns["run"].experiment.name == name


# --- %runs ----------------------------------------------------------------------------------


def test_runs_shows_the_experiment_that_is_meant(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    do(shell, "%%track --experiment digits\npass")
    shell.run_line_magic("reload_ext", "runwatch")
    do(shell, "%runs")  # there is one
    do(shell, "%%track --experiment letters\npass")
    do(shell, "%runs")  # used last
    do(shell, "%runs digits")
    do(shell, "%runs")
    shell.run_line_magic("reload_ext", "runwatch")
    capsys.readouterr()
    do(shell, "%runs")
    assert "There are 2 experiments: digits, letters." in capsys.readouterr().out
    with pytest.raises(UsageError, match="Did you mean 'digits'"):
        do(shell, "%runs digit")
    assert set(Workspace.from_config().experiments) == {"digits", "letters"}


def test_looking_for_runs_makes_no_workspace(shell: InteractiveShell, folder: Path) -> None:
    (folder / "config.json").write_text("{}")  # another tool's
    with pytest.raises(UsageError, match="no runs here"):
        do(shell, "%runs")
    assert files_in(folder) == {"config.json"}
    assert not (folder / ".runwatch").exists()


# --- %%track --------------------------------------------------------------------------------


def test_a_tracked_cell_runs_in_the_notebooks_namespace_as_a_run(
    shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    do(shell, "import sys, logging\nbase = 40\nlogging.basicConfig(force=True)")
    value = do(
        shell,
        "%%track 'first try' --experiment digits --tag quality=good\n"
        "found = base + 2\n"
        "print('to stdout: ü')\n"
        "print('to stderr', file=sys.stderr)\n"
        "run.log('loss', 0.5)\n"
        "found",
    )
    run = shell.user_ns["run"]
    assert value == shell.user_ns["found"] == 42
    assert run.get_status() == "Completed"
    assert (run.display_name, run.experiment.name) == ("first try", "digits")
    assert run.get_tags() == {"quality": "good"}
    assert run.get_metrics("loss") == {"loss": 0.5}
    assert 0 < run.get_metrics()["duration_s"] < 60
    assert log_of(run) == "to stdout: ü\nto stderr\n"
    shown = capsys.readouterr()
    assert "to stdout: ü" in shown.out
    assert "to stderr" in shown.err
    do(shell, "print('afterwards')")
    assert "afterwards" not in log_of(run)
    assert files_in(folder) == set()


def test_magics_and_a_silent_end_work_in_a_tracked_cell(shell: InteractiveShell) -> None:
    assert do(shell, "%%track --var mine\n%time x = 1\n!echo said\nx;") is None
    assert "Wall time" in log_of(shell.user_ns["mine"])


def test_what_a_tracked_cell_writes_to_outputs_belongs_to_its_run(
    shell: InteractiveShell, folder: Path
) -> None:
    do(shell, "%%track\nfrom pathlib import Path\nPath('outputs/model.txt').write_text('m')")
    assert "outputs/model.txt" in shell.user_ns["run"].get_file_names()


def test_an_exception_fails_the_run_and_is_shown_as_usual(shell: InteractiveShell) -> None:
    with pytest.raises(ZeroDivisionError):
        do(shell, "%%track\nprint('before')\n\n1 / 0")
    run = shell.user_ns["run"]
    assert run.get_status() == "Failed"
    error = run.get_details()["error"]["error"]
    assert "division by zero" in error["message"]
    trace = error["debugInfo"]["stackTrace"]
    assert "line 4, in <module>\n    1 / 0" in trace
    assert trace.count('File "') == 1, "the record's traceback begins with the cell"
    assert log_of(run) == "before\n"
    assert "duration_s" in run.get_metrics()


def test_a_tracked_cell_that_is_no_code_starts_no_run(
    shell: InteractiveShell, folder: Path
) -> None:
    for cell in ("%%track\nx ===", "%%track\nreturn 1"):
        with pytest.raises(SyntaxError):
            do(shell, cell)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("waiting", WAITING.values(), ids=WAITING)
def test_cancelling_a_tracked_cell_interrupts_it(shell: InteractiveShell, waiting: str) -> None:
    write = sys.stdout.write
    with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)):
        do(
            shell,
            f"%%track\nimport threading\nthreading.Thread(target=run.cancel).start()\n{waiting}",
        )
    assert shell.user_ns["run"].get_status() == "Canceled"
    assert sys.stdout.write == write
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_tracked_cell_may_await(shell: InteractiveShell) -> None:
    value = do(
        shell,
        "%%track slowly\nimport asyncio\nawait asyncio.sleep(0)\nprint('awaited')\n"
        "await asyncio.sleep(0, 7)",
    )
    run = shell.user_ns["run"]
    assert value == 7
    assert (run.display_name, run.get_status()) == ("slowly", "Completed")
    assert log_of(run) == "awaited\n"
    with pytest.raises(ValueError, match="late"):
        do(shell, "%%track\nawait asyncio.sleep(0)\nraise ValueError('late')")
    assert shell.user_ns["run"].get_status() == "Failed"


# --- completion -----------------------------------------------------------------------------


def completed(shell: InteractiveShell, text: str) -> list[str]:
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    return [text[: one.start] + one.text for one in found if one._origin == "runwatch"]


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    "call",
    [
        "Run(experiment, '",
        'x = Run(experiment, run_id="',
        "Run(\n    experiment,\n    '",
        "Run.get(workspace, '",
        "Run.get(Workspace.from_config(), '",
        "workspace.get_run('",
        "Workspace.from_config().get_run('",
        "get_run(experiment, '",
        "Run(unknown, '",
    ],
)
def test_run_ids_are_completed_newest_first(
    shell: InteractiveShell, experiment: Experiment, call: str, jedi: bool
) -> None:
    shell.Completer.use_jedi = jedi
    shell.user_ns.update(experiment=experiment, workspace=experiment.workspace)
    for run_id in ("b_1", "b_2"):
        with experiment.start_logging(run_id=run_id, outputs=False) as run:
            run.child_run("child", run_id=f"{run_id}_child").complete()
    found = [text.removeprefix(call) for text in completed(shell, call)]
    assert found == ["b_2", "b_1"], "children are offered when their id is begun"
    found = [text.removeprefix(call) for text in completed(shell, f"{call}b_1")]
    assert found == ["b_1_child", "b_1"]
    assert completed(shell, f"{call}_") == []


def test_an_experiment_offers_its_own_runs(shell: InteractiveShell, experiment: Experiment) -> None:
    other = Experiment(experiment.workspace, "other")
    shell.user_ns.update(mine=experiment, other=other)
    experiment.start_logging(run_id="one", outputs=False).complete()
    other.start_logging(run_id="two", outputs=False).complete()
    assert completed(shell, "Run(other, '") == ["Run(other, 'two"]
    assert completed(shell, "Run(mine, '") == ["Run(mine, 'one"]
    assert completed(shell, "print('") == []


def test_no_more_runs_are_offered_than_a_person_reads(
    shell: InteractiveShell, experiment: Experiment
) -> None:
    shell.user_ns["experiment"] = experiment
    with experiment.start_logging(run_id="sweep", outputs=False) as sweep:
        for number in range(MOST + 5):
            sweep.child_run(run_id=f"sweep_{number}").complete()
    assert completed(shell, "Run(experiment, '") == ["Run(experiment, 'sweep"]
    offered = completed(shell, "Run(experiment, 's")
    assert len(offered) == MOST
    assert offered[0] == f"Run(experiment, 'sweep_{MOST + 4}"


def test_experiments_are_completed_for_the_magics(
    shell: InteractiveShell, experiment: Experiment
) -> None:
    assert completed(shell, "%runs ex") == ["%runs explore-runs"]
    line = "%%track first --experiment "
    assert completed(shell, line) == [f"{line}explore-runs"]


def test_completing_makes_no_workspace_and_breaks_at_nothing(
    shell: InteractiveShell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert completed(shell, "Run(experiment, '") == []
    assert list(folder.iterdir()) == []
    (folder / ".runwatch").mkdir()
    assert completed(shell, "Run(experiment, '") == []
    (folder / ".runwatch" / "record.sqlite").write_bytes(b"no database")
    assert completed(shell, "Run(experiment, '") == []
    monkeypatch.chdir(folder)
    (folder / ".azureml").mkdir()
    (folder / ".azureml" / "config.json").write_text("no config")
    assert completed(shell, "Run(experiment, '") == []


# --- in a kernel ----------------------------------------------------------------------------


@pytest.fixture
def kernel(folder: Path) -> Iterator[BlockingKernelClient]:
    """A client of a kernel in an empty folder, with the extension loaded."""
    environment = {**os.environ, "IPYTHONDIR": str(folder.parent / "ipython")}
    manager, client = start_new_kernel(cwd=str(folder), env=environment)
    execute(client, "%load_ext runwatch")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.context.term()


def execute(client: BlockingKernelClient, cell: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Run a cell in the kernel; return its reply and what it has shown."""
    shown: list[dict[str, Any]] = []
    reply = client.execute_interactive(
        cell, timeout=60, output_hook=shown.append, allow_stdin=False, store_history=True
    )
    return reply["content"], shown


def texts(shown: list[dict[str, Any]], kind: str) -> str:
    return "".join(
        message["content"].get("text", "")
        for message in shown
        if message["msg_type"] == "stream" and message["content"]["name"] == kind
    )


def values(shown: list[dict[str, Any]]) -> list[str]:
    return [
        message["content"]["data"]["text/plain"]
        for message in shown
        if message["msg_type"] == "execute_result"
    ]


def test_a_kernel_submits_a_cell_and_shows_it_at_once(
    kernel: BlockingKernelClient, folder: Path
) -> None:
    reply, shown = execute(
        kernel,
        f"%%run_script --experiment digits --tag by=kernel\nprint('on', flush=True)\n{FOREVER}",
    )
    assert reply["status"] == "ok"
    bundles = [m["content"]["data"] for m in shown if m["msg_type"] == "display_data"]
    assert [WIDGET in bundle for bundle in bundles] == [True]
    (run,) = runs_of(Workspace(path=folder))
    assert bundles[0]["text/plain"] == f"RunDetails({run.id})"
    eventually(lambda: run.get_status() == "Running" and log_of(run) == "on\n")
    _, shown = execute(kernel, "run.id")
    assert values(shown) == [repr(run.id)]
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    reply, shown = execute(kernel, "%%run_script --watch\nraise ValueError('too bad')")
    assert (reply["status"], reply["ename"]) == ("error", "ActivityFailedException")


@pytest.mark.parametrize("jedi", [True, False])
def test_a_kernel_completes_run_ids(kernel: BlockingKernelClient, folder: Path, jedi: bool) -> None:
    experiment = Experiment(Workspace(path=folder), "digits")
    for number in (1, 2):
        experiment.start_logging(run_id=f"run_{number}", outputs=False).complete()
    execute(kernel, f"%config Completer.use_jedi = {jedi}")
    before = "from runwatch import *\n"
    for call in ("Run(experiment, 'run", "workspace.get_run('", "Run.get(workspace, 'run_"):
        code = before + call
        reply = kernel.complete(code + "')", len(code), reply=True, timeout=60)["content"]
        assert reply["matches"] == ["run_2", "run_1"]
        typed = call.rpartition("'")[2]
        assert (reply["cursor_start"], reply["cursor_end"]) == (len(code) - len(typed), len(code))


def test_a_kernel_tracks_a_cell(kernel: BlockingKernelClient, folder: Path) -> None:
    execute(kernel, "import asyncio, sys")
    reply, shown = execute(
        kernel,
        "%%track first\nprint('shown')\nawait asyncio.sleep(0)\n"
        "print('too', file=sys.stderr)\n6 * 7",
    )
    assert reply["status"] == "ok"
    assert texts(shown, "stdout").endswith("/.runwatch\nshown\n"), "told once that it was made"
    assert texts(shown, "stderr") == "too\n"
    assert values(shown) == ["42"]
    (run,) = runs_of(Workspace(path=folder))
    assert (run.display_name, run.get_status()) == ("first", "Completed")
    assert log_of(run) == "shown\ntoo\n"
    reply, shown = execute(kernel, "%%track\nprint('before')\n1 / 0")
    assert (reply["status"], reply["ename"]) == ("error", "ZeroDivisionError")
    assert runs_of(Workspace(path=folder))[0].get_status() == "Failed"
    _, shown = execute(kernel, "print('after'); (_, run.get_status())")
    assert values(shown) == ["(42, 'Failed')"]
    assert texts(shown, "stdout") == "after\n"


@pytest.mark.parametrize("waiting", WAITING.values(), ids=WAITING)
def test_another_process_cancels_a_tracked_cell_of_a_kernel(
    kernel: BlockingKernelClient, folder: Path, waiting: str
) -> None:
    asked = kernel.execute(f"%%track\nprint('in it')\n{waiting}")
    workspace = Workspace(path=folder)

    def in_it() -> Run | None:
        found = runs_of(workspace) if (folder / ".runwatch/record.sqlite").exists() else []
        began = found and "user_logs/std_log.txt" in found[0].get_details()["logFiles"]
        return found[0] if began and log_of(found[0]) else None

    run = eventually(in_it)
    assert isinstance(run, Run)
    run.cancel()
    eventually(lambda: run.get_status() == "Canceled")
    reply = kernel.get_shell_msg(timeout=60)
    assert reply["parent_header"]["msg_id"] == asked
    assert reply["content"]["ename"] in ("KeyboardInterrupt", "CancelledError")
