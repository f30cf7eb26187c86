"""A submitted run belongs to its supervisor, whatever becomes of the process that submitted it."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runwatch.compute import processes
from runwatch.core import (
    CondaDependencies,
    Environment,
    Experiment,
    Run,
    ScriptRunConfig,
    Workspace,
)
from runwatch.core.script_run import ScriptRun
from runwatch.exceptions import (
    ActivityFailedException,
    ExperimentExecutionException,
    RunConfigurationException,
)
from tests.conftest import eventually, is_running, numbers_in

Submit = Callable[..., ScriptRun]


def test_a_script_finds_its_run_and_logs_to_it(submit: Submit) -> None:
    run = submit("""
        from runwatch import Run
        run = Run.get_context(allow_offline=False)
        for step in range(3):
            run.log("loss", 1 / (step + 1), step=step)
        run.tag("found", run.experiment.name)
    """)
    run.wait_for_completion()
    assert run.get_metrics() == {"loss": [1.0, 0.5, 1 / 3]}
    assert run.get_tags() == {"found": "explore-runs"}
    assert run.type == "azureml.scriptrun"


def test_arguments_and_variables_reach_the_script_and_values_are_not_recorded(
    submit: Submit, workspace: Workspace
) -> None:
    environment = Environment(environment_variables={"API_KEY": "s3cret-value"})
    run = submit(
        "import os, sys; print(sys.argv[1:], os.environ['API_KEY'])",
        arguments=["--rate", 0.5, "--name", "two words"],
        environment=environment,
    )
    run.wait_for_completion()
    log = Path(run.get_details()["logFiles"]["user_logs/std_log.txt"])
    assert "['--rate', '0.5', '--name', 'two words'] s3cret-value" in log.read_text()
    assert run.get_details()["runDefinition"]["environment"]["environmentVariables"] == ["API_KEY"]
    log.unlink()
    workspace._record.database.close()
    # Its supervisor closes the database at its end, and SQLite then removes files.
    eventually(lambda: not processes.of_run(run.id, workspace._record.paths))
    for file in workspace._record.paths.root.rglob("*"):
        assert not file.is_file() or b"s3cret-value" not in file.read_bytes(), file


def test_a_failed_script_has_its_traceback_as_error(submit: Submit) -> None:
    run = submit("def f():\n    raise ValueError('bad learning rate')\nf()")
    with pytest.raises(ActivityFailedException, match="bad learning rate"):
        run.wait_for_completion()
    error = run.get_details()["error"]["error"]
    assert error["message"] == "ValueError: bad learning rate"
    assert "in f" in error["debugInfo"]["stackTrace"]
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"


def test_an_exit_code_and_a_signal_are_told(submit: Submit) -> None:
    run = submit("raise SystemExit(3)")
    run.wait_for_completion(raise_on_error=False)
    assert "exit code 3" in run.get_details()["error"]["error"]["message"]
    run = submit("import os; os.kill(os.getpid(), 9)")
    run.wait_for_completion(raise_on_error=False)
    assert "SIGKILL" in run.get_details()["error"]["error"]["message"]


def test_a_script_that_fails_its_run_ends_failed(submit: Submit) -> None:
    run = submit("from runwatch import Run; Run.get_context().fail('no data')")
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Failed"
    assert run.get_details()["error"]["error"]["message"] == "no data"


def test_outputs_are_gathered(submit: Submit, workspace: Workspace) -> None:
    run = submit("open('outputs/model.txt', 'w').write('weights')")
    run.wait_for_completion()
    paths = workspace._record.paths.run(run.id)
    assert (paths.files / "outputs" / "model.txt").read_text() == "weights"
    assert not paths.work.exists()


def test_the_script_runs_in_a_copy(submit: Submit, folder: Path) -> None:
    run = submit("import pathlib; pathlib.Path('train.py').write_text('changed')")
    run.wait_for_completion()
    assert "changed" in (folder / "source" / "train.py").read_text()
    assert "pathlib" in (folder / "source" / "train.py").read_text()


def test_a_run_is_ended_after_its_time(submit: Submit) -> None:
    run = submit("import time; time.sleep(600)", max_run_duration_seconds=0.5)
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Failed"
    assert "max_run_duration_seconds" in run.get_details()["error"]["error"]["message"]


def test_show_output_prints_the_log_between_header_and_summary(
    submit: Submit, capsys: pytest.CaptureFixture[str]
) -> None:
    run = submit("print('épôch 1'); print('epoch 2')")
    capsys.readouterr()
    run.wait_for_completion(show_output=True)
    url = run.get_portal_url()
    assert capsys.readouterr().out == (
        f"RunId: {run.id}\nWeb View: {url}\n\n"
        "Streaming user_logs/std_log.txt\n===============================\n\n"
        "épôch 1\nepoch 2\n"
        f"\nExecution Summary\n=================\nRunId: {run.id}\nWeb View: {url}\n\n"
    )


def test_a_run_outlives_the_process_that_submitted_it(
    folder: Path, experiment: Experiment, python: Callable[..., object]
) -> None:
    (folder / "train.py").write_text(
        "import time, os\n"
        "while not os.path.exists(os.environ['GO']): time.sleep(0.02)\n"
        "from runwatch import Run; Run.get_context().log('done', 1)\n"
    )
    submitter = python(
        """
        from runwatch import *
        e = Experiment(Workspace.from_config(), "explore-runs")
        print(e.submit(ScriptRunConfig(".", "train.py")).id, flush=True)
        input()
        """,
        GO=str(folder / "go"),
    )
    run_id = submitter.stdout.readline().strip()
    os.kill(submitter.pid, signal.SIGKILL)
    submitter.wait()
    run = Run(experiment, run_id)
    eventually(lambda: run.get_status() == "Running")
    (folder / "go").touch()
    run.wait_for_completion()
    assert run.get_metrics() == {"done": 1}


def test_a_submitted_child_belongs_to_its_parent(submit: Submit) -> None:
    run = submit("""
        from runwatch import Run, ScriptRunConfig
        import pathlib
        text = "from runwatch import Run; Run.get_context().log('a', 1)"
        pathlib.Path("child.py").write_text(text)
        child = Run.get_context().submit_child(ScriptRunConfig(".", "child.py"))
        child.wait_for_completion()
    """)
    run.wait_for_completion()
    (child,) = run.get_children()
    assert child.get_status() == "Completed"
    assert child.get_metrics() == {"a": 1}
    assert child.parent == run


def test_an_interpreter_that_is_not_there_fails_in_words(submit: Submit) -> None:
    environment = Environment()
    environment.python.interpreter_path = "/nowhere/python"
    run = submit("", environment=environment)
    run.wait_for_completion(raise_on_error=False)
    assert "/nowhere/python" in run.get_details()["error"]["error"]["message"]


def test_a_command_line_can_be_run(experiment: Experiment, folder: Path) -> None:
    (folder / "source").mkdir()
    config = ScriptRunConfig(folder / "source", command="echo one; echo two >&2")
    run = experiment.submit(config)
    details = run.wait_for_completion()
    assert Path(details["logFiles"]["user_logs/std_log.txt"]).read_text() == "one\ntwo\n"


def test_interrupting_the_stream_leaves_the_run_alone(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(io.StringIO):
        def write(self, text: str) -> int:
            if "training" in text:
                signal.raise_signal(signal.SIGINT)
            return super().write(text)

    run = submit("import time; print('training', flush=True); time.sleep(600)")
    monkeypatch.setattr("sys.stdout", Impatient())
    with pytest.raises(ExperimentExecutionException, match="still executing"):
        run.wait_for_completion(show_output=True)
    monkeypatch.undo()
    eventually(lambda: run.get_status() == "Running")


def test_what_a_script_leaves_running_ends_with_it(submit: Submit, folder: Path) -> None:
    run = submit(
        """
        import subprocess, sys
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                                start_new_session=True)
        open(sys.argv[1], "w").write(str(left.pid))
        """,
        arguments=[folder / "pids"],
    )
    run.wait_for_completion()
    (left,) = numbers_in(folder / "pids")
    assert not is_running(left)


def test_the_killed_supervisor_takes_its_script_with_it_and_the_run_is_settled(
    submit: Submit, folder: Path
) -> None:
    run = submit(
        """
        import os, subprocess, sys, time
        from runwatch import Run
        Run.get_context().log("before", 1)
        away = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                                start_new_session=True)
        open(sys.argv[1], "w").write(f"{os.getpid()}\\n{away.pid}\\n")
        time.sleep(600)
        """,
        arguments=[folder / "pids"],
    )
    pids = eventually(lambda: len(n := numbers_in(folder / "pids")) == 2 and n)
    owner = run._row().owner
    assert owner is not None
    psutil.Process(owner.pid).kill()
    eventually(lambda: run.get_status() == "Failed")
    eventually(lambda: not any(is_running(pid) for pid in pids))
    assert f"pid {owner.pid}" in run.get_details()["error"]["error"]["message"]
    assert run.get_metrics() == {"before": 1}


def test_children_left_open_by_the_script_do_not_stay_running(submit: Submit) -> None:
    run = submit(
        "from runwatch import Run; Run.get_context().create_children(count=3)[0].complete()"
    )
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    assert sorted(c.get_status() for c in run.get_children()) == ["Completed", "Failed", "Failed"]


def test_details_are_json(submit: Submit) -> None:
    run = submit("")
    details = run.wait_for_completion()
    assert json.loads(json.dumps(details))["runDefinition"]["command"][0] == sys.executable
    assert details["startTimeUtc"] < details["endTimeUtc"]


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of Python environments of the test's own."""
    monkeypatch.setenv("RUNWATCH_ENVIRONMENTS", str(tmp_path / "environments"))
    return tmp_path / "environments"


def wheel(folder: Path) -> Path:
    """Write a package with one module, `oneliner`."""
    file = folder / "oneliner-1.0-py3-none-any.whl"
    about = "oneliner-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("oneliner.py", "LINE = 'from a package of its own'\n")
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: oneliner\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return file


def test_pip_packages_are_installed_once_into_an_environment_of_their_own(
    submit: Submit, folder: Path, environments: Path
) -> None:
    environment = Environment("own")
    environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=["azureml-defaults", str(wheel(folder))]
    )
    script = """
        import sys, oneliner
        from runwatch import Run
        Run.get_context(allow_offline=False).tag("line", oneliner.LINE)
        print(sys.prefix)
    """
    first = submit(script, environment=environment)
    details = first.wait_for_completion()
    assert first.get_tags() == {"line": "from a package of its own"}
    assert details["runDefinition"]["environment"]["packages"] == [str(wheel(folder))]
    prefix = Path(details["logFiles"]["user_logs/std_log.txt"]).read_text().strip()
    assert Path(prefix).parent == environments
    assert "oneliner" in Path(details["logFiles"]["system_logs/environment.txt"]).read_text()
    second = submit(script, environment=environment)
    assert "system_logs/environment.txt" not in second.wait_for_completion()["logFiles"]


def test_a_package_that_pip_does_not_find_fails_the_run_in_words(
    submit: Submit, folder: Path, environments: Path
) -> None:
    environment = Environment("own")
    environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=[str(folder / "missing-1.0-py3-none-any.whl")]
    )
    run = submit("print('never')", environment=environment)
    with pytest.raises(ActivityFailedException, match="could not be installed"):
        run.wait_for_completion()
    assert "user_logs/std_log.txt" not in run.get_details()["logFiles"]


def test_a_run_can_be_canceled_while_its_packages_are_installed(
    submit: Submit, folder: Path, environments: Path
) -> None:
    (folder / "slow").mkdir()
    (folder / "slow" / "venv.py").write_text("import time; time.sleep(600)")
    environment = Environment("own", environment_variables={"PYTHONPATH": str(folder / "slow")})
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["anything"])
    run = submit("print('never')", environment=environment)
    eventually(lambda: (run._paths.environment_log).exists())
    assert run.get_status() == "Preparing"
    run.cancel()
    run.wait_for_completion()
    assert run.get_status() == "Canceled"
    eventually(lambda: not processes.of_run(run.id, run._record.paths))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: setattr(e.docker, "enabled", True), "Docker"),
        (lambda e: setattr(e.docker, "base_image", "ubuntu"), "Docker"),
        (
            lambda e: setattr(
                e.python,
                "conda_dependencies",
                CondaDependencies.create(conda_packages=["scikit-learn"]),
            ),
            "conda for scikit-learn",
        ),
    ],
)
def test_what_can_not_be_had_here_is_refused_in_words(
    submit: Submit, change: Callable[[Environment], None], words: str
) -> None:
    environment = Environment("elsewhere")
    change(environment)
    with pytest.raises(RunConfigurationException, match=words):
        submit("print('never')", environment=environment)
