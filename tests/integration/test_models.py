"""Registered models: named, versioned copies."""

from __future__ import annotations

from pathlib import Path

import pytest

from runwatch.core import Experiment, Model, Workspace
from runwatch.exceptions import (
    ModelNotFoundException,
    ModelPathNotFoundException,
    UserErrorException,
)


def test_a_model_is_a_copy_with_a_name_and_a_version(
    experiment: Experiment, workspace: Workspace, folder: Path
) -> None:
    run = experiment.start_logging()
    (folder / "outputs" / "model.pkl").write_bytes(b"one")
    run.complete()
    first = run.register_model(
        "digits",
        "./outputs/model.pkl",
        tags={"stage": "test"},
        properties={"classes": 10},
        model_framework=Model.Framework.SCIKITLEARN,
    )
    assert (first.name, first.version, first.id) == ("digits", 1, "digits:1")
    assert (first.run_id, first.run) == (run.id, run)
    assert first.properties == {"classes": "10"}
    second = run.register_model("digits", "outputs", description="all of it")
    assert Model(workspace, "digits") == second
    assert Model(workspace, id="digits:1") == first
    assert Model.list(workspace, "digits") == [second, first]
    assert Model.list(workspace, tags=[["stage", "test"]]) == [first]
    assert Model.list(workspace, tags=["stage"], latest=True) == [first]
    assert workspace.models == {"digits": second}

    assert Path(first.download("here")).read_bytes() == b"one"
    with pytest.raises(UserErrorException, match="exist_ok=True"):
        first.download("here")
    assert (Path(second.download("there")) / "model.pkl").read_bytes() == b"one"
    assert Path(Model.get_model_path("digits", 1)).read_bytes() == b"one"

    first.add_tags({"stage": "live", "seen": None})
    first.remove_tags(["seen"])
    assert Model(workspace, "digits", version=1).tags == {"stage": "live"}
    second.delete()
    assert Model(workspace, "digits") == first


def test_a_file_of_this_machine_can_be_registered(workspace: Workspace, folder: Path) -> None:
    (folder / "weights").mkdir()
    (folder / "weights" / "w.npy").write_bytes(b"w")
    model = Model.register(workspace, "weights", "net", description="a net")
    assert (Path(model.download("copy")) / "w.npy").read_bytes() == b"w"
    assert (model.run, model.description) == (None, "a net")


def test_what_is_not_there_is_told(
    experiment: Experiment, workspace: Workspace, folder: Path
) -> None:
    run = experiment.start_logging(outputs=False)
    with pytest.raises(ModelPathNotFoundException, match="Could not locate"):
        run.register_model("digits")
    with pytest.raises(ModelPathNotFoundException, match="register"):
        Model.register(workspace, "missing", "digits")
    with pytest.raises(ModelNotFoundException, match="'digits', version 7"):
        Model(workspace, "digits", version=7)
    (folder / "f").touch()
    with pytest.raises(UserErrorException, match="can't be a model's name"):
        Model.register(workspace, "f", "../../etc")
    run.complete()
