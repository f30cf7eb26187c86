"""The Jupyter server takes commands, from those who may give them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.web import RequestHandler

from runwatch.core import Experiment, Run, Workspace
from runwatch.server.routes import all_routes
from runwatch.server.workspaces import Workspaces
from runwatch.store import registry
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer


@pytest.fixture
def server(_own_state: None, tmp_path: Path) -> Iterator[JupyterServer]:
    with jupyter_server.running("server", tmp_path / "jupyter") as started:
        yield started


@pytest.fixture
def run(server: JupyterServer) -> Run:
    workspace = Workspace(path=server.root)
    database = workspace._record.database
    registry.remember(database.workspace_id, workspace._record.paths)
    return Experiment(workspace, "served").start_logging()


def post(server: JupyterServer, body: Any, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{server.url}runwatch/api/commands",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


def test_the_route_is_open_to_the_token_alone_and_checks_what_it_is_given(
    server: JupyterServer, run: Run
) -> None:
    workspace_id = run._record.database.workspace_id
    tag = {"type": "set_tag", "id": "1", "run_ids": [run.id], "key": "quality", "value": "good"}
    body = {"workspace_id": workspace_id, "command": tag}
    token = {"Authorization": f"token {server.token}"}

    assert post(server, body)[0] == 403
    assert post(server, body, Authorization="token wrong")[0] == 403
    assert run.get_tags() == {}

    assert post(server, body, **token) == (200, {"type": "ack", "id": "1", "message": None})
    assert run.get_tags() == {"quality": "good"}
    run.remove_tags(["quality"])
    assert post(server, body, **token)[1]["type"] == "ack"
    assert run.get_tags() == {}, "the same command acted twice"

    refused = post(server, {**body, "command": {**tag, "id": "2", "run_ids": ["nobody"]}}, **token)[
        1
    ]
    assert refused["type"] == "refusal"
    unknown = post(server, {**body, "workspace_id": "../../etc", "command": tag}, **token)[1]
    assert "does not know this workspace" in unknown["message"]
    for broken in ({}, [], {"workspace_id": workspace_id, "command": {"type": "rm"}}):
        assert post(server, broken, **token)[0] == 400

    cancel = {"type": "cancel", "id": "3", "run_ids": [run.id]}
    assert post(server, {**body, "command": cancel}, **token)[1]["type"] == "ack"
    assert run.get_status() in ("CancelRequested", "Canceled")


METHODS = ("get", "head", "post", "put", "patch", "delete")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_every_route_asks_who_it_is_and_what_they_may(
    tmp_path: Path, method: str
) -> None:
    table = all_routes(Workspaces(tmp_path))
    assert {"commands", "feed", "runs"} < {pattern for pattern, _, _ in table}
    for pattern, handler, _ in table:
        assert handler.auth_resource == "runwatch"
        carried_out = getattr(handler, method)
        if carried_out is not getattr(RequestHandler, method):  # which refuses all
            assert _decorators(carried_out) == 2, f"{pattern}: {handler.__name__}.{method}"


def _decorators(method: Any) -> int:
    """Return how many decorators a method has: `authenticated` and `authorized`."""
    count = 0
    while hasattr(method, "__wrapped__"):
        method, count = method.__wrapped__, count + 1
    return count
