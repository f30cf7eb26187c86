"""Images and JSON documents as metrics, and where a run's sources came from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runwatch.core import Experiment, Run, ScriptRunConfig
from runwatch.core.run_artifacts import Artifact
from runwatch.exceptions import UserErrorException

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


class Figure:
    """What Matplotlib's figures and pyplot have in common."""

    def savefig(self, stream: Any, format: str) -> None:
        stream.write(PNG)


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return experiment.start_logging()


def test_images_are_files_of_the_run(run: Run, folder: Path) -> None:
    (folder / "a.png").write_bytes(PNG)
    run.log_image("from file", path="a.png")
    run.log_image("../../plot <b>", plot=Figure())
    metrics = run.get_metrics()
    assert set(metrics) == {"from file", "../../plot <b>"}
    assert metrics["from file"].startswith(f"aml://artifactId/ExperimentRun/dcid.{run.id}/images/")
    artifact = run.get_metrics(populate=True)["../../plot <b>"]
    assert isinstance(artifact, Artifact)
    assert artifact.data == PNG
    assert len(run.get_file_names()) == 2


def test_two_images_of_one_name_do_not_collide(run: Run) -> None:
    run.log_image("plot", plot=Figure())
    run.log_image("plot", plot=Figure())
    first, second = run.get_metrics()["plot"]
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "neither"),
        ({"path": "a.png", "plot": Figure()}, "both"),
        ({"path": "text.png"}, "malformed"),
        ({"path": "nowhere.png"}, "can't be read"),
        ({"plot": 5}, "invalid type"),
    ],
)
def test_what_is_no_image_is_refused(
    run: Run, folder: Path, arguments: dict[str, Any], message: str
) -> None:
    (folder / "text.png").write_text("no image")
    with pytest.raises(UserErrorException, match=message):
        run.log_image("image", **arguments)
    assert run.get_metrics() == {}


@pytest.mark.parametrize(
    "method", ["log_confusion_matrix", "log_accuracy_table", "log_residuals", "log_predictions"]
)
def test_json_documents_come_back(run: Run, method: str) -> None:
    document = {"schema_type": "x", "data": {"matrix": np.eye(2)}}
    getattr(run, method)("as dict", document)
    getattr(run, method)("as text", json.dumps({"a": 1}))
    found = run.get_metrics(populate=True)
    assert found["as dict"].convert_to_object()["data"]["matrix"] == [[1.0, 0.0], [0.0, 1.0]]
    assert found["as text"].convert_to_object() == {"a": 1}
    with pytest.raises(UserErrorException, match="Invalid JSON provided"):
        getattr(run, method)("bad", "{")
    with pytest.raises(UserErrorException, match="dict or a JSON string"):
        getattr(run, method)("bad", 5)


def test_a_submitted_run_knows_the_commit_of_its_sources(
    experiment: Experiment, folder: Path
) -> None:
    source = folder / "source"
    source.mkdir()
    (source / "train.py").write_text("")

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=source, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "first")
    git("remote", "add", "origin", "https://user:secret@example.org/repo.git")
    run = experiment.submit(ScriptRunConfig(source, "train.py"))
    properties = run.get_properties()
    assert properties["azureml.git.commit"] == git("rev-parse", "HEAD")
    assert properties["azureml.git.branch"] == "main"
    assert properties["azureml.git.dirty"] == "False"
    assert properties["azureml.git.repository_uri"] == "https://example.org/repo.git"
    (source / "train.py").write_text("changed = 1")
    run = experiment.submit(ScriptRunConfig(source, "train.py"))
    assert run.get_properties()["azureml.git.dirty"] == "True"
    run.wait_for_completion()
