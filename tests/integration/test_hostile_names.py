"""Names are data: kept and shown as they are, and no file is written outside by one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from runwatch.core import Experiment, Run, ScriptRunConfig, Workspace
from runwatch.exceptions import RunwatchException, UserErrorException

HOSTILE = [
    "🚀" * 2560,  # 10 KB
    "../../etc/passwd",
    "/etc/passwd",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE runs; --",
    'a "quoted"\nname\twith\r\nlines',
    "\u202eright to left",
    "%s %(x)s {0} \\x ${HOME} `id`",
    " ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_kept_as_it_is(experiment: Experiment, name: str) -> None:
    run = experiment.start_logging(display_name=name, tags={name: name})
    run.add_properties({f"property {name}": name})
    run.log(name, name)
    run.log_row("row", **{name: 1})
    run.log_parameters({name: name})
    run.description = name
    run.complete()
    again = Run(experiment, run.id)
    assert again.display_name == again.description == name
    assert again.get_tags() == {name: name}
    assert again.get_properties()[f"property {name}"] == name
    assert again.get_metrics() == {name: name, "row": {name: 1}}
    assert list(experiment.get_runs(tags={name: name})) == [run]
    assert list(experiment.get_runs(metrics={name: name})) == [run]
    row = experiment.to_dataframe().loc[run.id]
    assert row[f"tags.{name}"] == row[f"parameters.{name}"] == name
    html = again._repr_html_()
    assert "<img src" not in html


@pytest.mark.parametrize("name", [*HOSTILE, "a zero \0"])
def test_no_name_of_a_file_leads_outside(experiment: Experiment, folder: Path, name: str) -> None:
    before = tree(folder)
    run = experiment.start_logging()
    for act in (
        lambda: run.upload_file(name, io.BytesIO(b"x")),
        lambda: run.upload_folder(name, str(Path(__file__).parent / "no such folder")),
        lambda: run.log_image(name, path=__file__),
        lambda: run.log_confusion_matrix(name, {"schema_type": "confusion_matrix"}),
        lambda: run.download_file(name, str(folder / "got")),
        lambda: run.register_model(name, name),
        lambda: experiment.submit(ScriptRunConfig(folder, name)),
        lambda: Experiment(experiment.workspace, name),
        lambda: experiment.start_logging(run_id=name),
    ):
        try:
            act()
        except RunwatchException as error:
            assert error.message  # in words, and no other error
    run.complete()
    made = {path for path in tree(folder) - before if not path.startswith(".runwatch/")}
    assert made <= {"got", "outputs"}
    inside = folder / ".runwatch"
    assert all(not path.is_symlink() for path in inside.rglob("*"))


def test_links_in_a_script_folder_and_its_outputs_stay_inside(
    experiment: Experiment, folder: Path
) -> None:
    outside = folder / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    source = folder / "source"
    source.mkdir()
    (source / "outputs").symlink_to(outside, target_is_directory=True)
    (source / "loop").symlink_to(source, target_is_directory=True)
    (source / "train.py").write_text(
        "import os\n"
        "open('outputs/kept.txt', 'w').write('overwritten')\n"
        "open('outputs/model', 'w').write('weights')\n"
        "os.symlink('/etc/hostname', 'outputs/link')\n"
        f"os.symlink({str(outside)!r}, 'outputs/away')\n"
        f"os.rmdir('logs'); os.symlink({str(outside)!r}, 'logs')\n"
    )
    run = experiment.submit(ScriptRunConfig(source, "train.py"))
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    assert tree(outside) == {"kept.txt"}
    assert (outside / "kept.txt").read_text() == "kept"
    assert "outputs/model" in run.get_file_names()
    with pytest.raises(UserErrorException, match="already"):
        run.upload_file("outputs/link", io.BytesIO(b"x"))
    (run._paths.files / "outputs/away").symlink_to(outside)
    with pytest.raises(UserErrorException, match="leads out of the run's folder"):
        run.upload_file("outputs/away/new.txt", io.BytesIO(b"x"))
    assert tree(outside) == {"kept.txt"}


def test_a_workspace_in_a_folder_of_any_name(folder: Path) -> None:
    for name in ("ä ß 🚀", "a?b#c%20d", "quo'te\"d", "-rf"):
        inside = folder / name
        inside.mkdir()
        workspace = Workspace(path=inside)
        with Experiment(workspace, "e").start_logging() as run:
            run.log("loss", 0.5)
        assert run.get_metrics() == {"loss": 0.5}
        (inside / "s").mkdir()
        (inside / "s/train.py").write_text(
            "import runwatch; runwatch.Run.get_context().log('a', 1)"
        )
        one = Experiment(workspace, "e").submit(ScriptRunConfig(inside / "s", "train.py"))
        one.wait_for_completion()
        assert one.get_metrics() == {"a": 1}
        assert (inside / ".runwatch/record.sqlite").is_file()
    assert len(tree(folder, deep=False) - {"outputs"}) == 4


def tree(folder: Path, *, deep: bool = True) -> set[str]:
    found = folder.rglob("*") if deep else folder.iterdir()
    return {path.relative_to(folder).as_posix() for path in found}
