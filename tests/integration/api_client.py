"""A small HTTP client of the Jupyter server's API, and the fixtures of the tests that ask it.

A test module imports the fixtures `server`, `workspace`, `experiment` and `run` together, as each
builds on the one before, and has a server of its own. `import server as server` tells ruff that
the name is for pytest.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from runwatch.core import Experiment, Run, Workspace
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.conftest import eventually


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        assert self.headers["Content-Type"] == "application/json"
        assert list(self.json) == ["message"], self.json
        return str(self.json["message"])


def connect(
    server: JupyterServer,
    method: str,
    path: str,
    body: object = None,
    *,
    token: bool = True,
    api: str = "runwatch/api/",
    headers: dict[str, str] | None = None,
    **query: object,
) -> http.client.HTTPConnection:
    """Send a request as it is, without making its path tidy."""
    where = urlsplit(server.url)
    assert where.hostname
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    said = {"Authorization": f"token {server.token}"} if token else {}
    target = f"{where.path}{api}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
    sent = None if body is None else json.dumps(body)
    connection.request(method, target, sent, {**said, **(headers or {})})
    return connection


def ask(
    server: JupyterServer, method: str, path: str, body: object = None, **options: Any
) -> Reply:
    """Send a request with the options of `connect`, and return the whole answer."""
    connection = connect(server, method, path, body, **options)
    response = connection.getresponse()
    try:
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def get(server: JupyterServer, path: str, **query: object) -> Any:
    reply = ask(server, "GET", path, **query)
    assert reply.status == 200, reply.body
    return reply.json


def shown(server: JupyterServer, **query: object) -> dict[str, str]:
    """Return the names of the workspaces that the server shows, by id."""
    return {
        one["workspace_id"]: one["name"] for one in get(server, "workspaces", **query)["workspaces"]
    }


def wait_until_found(server: JupyterServer, workspace: Workspace) -> None:
    """Have the server look for a workspace; after a search it rests for a while."""
    eventually(lambda: id_of(workspace) in shown(server, search=1))


def new_workspace(folder: Path) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    made = Workspace(path=folder)
    assert made._record.database.workspace_id
    return made


def remove(workspace: Workspace) -> None:
    workspace._record.drop()
    shutil.rmtree(workspace._record.paths.root.parent)


def id_of(workspace: Workspace) -> str:
    return workspace._record.database.workspace_id


def add(run: Run, name: str, content: bytes) -> None:
    path = run._paths.files / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def add_log(run: Run, content: bytes) -> str:
    run._paths.std_log.parent.mkdir(parents=True, exist_ok=True)
    run._paths.std_log.write_bytes(content)
    return "user_logs/std_log.txt"


def logged_in(server: JupyterServer) -> tuple[str, str]:
    """Return the cookies of a browser that is logged in, and the token against forged requests."""
    with_token = ask(server, "GET", f"status?token={server.token}", api="api/", token=False)
    session = str(with_token.headers["Set-Cookie"]).partition(";")[0]
    form = ask(server, "GET", "login", api="", token=False)
    xsrf = next(v for v in form.headers.get_all("Set-Cookie", []) if v.startswith("_xsrf="))
    xsrf = xsrf.partition(";")[0].removeprefix("_xsrf=")
    return f"{session}; _xsrf={xsrf}", xsrf


READERS = '''
from jupyter_server.auth import Authorizer

class Readers(Authorizer):
    """Lets everybody read and nobody write."""

    def is_authorized(self, handler, user, action, resource):
        return action == "read"
'''


@pytest.fixture
def readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _own_state: None
) -> Iterator[JupyterServer]:
    """A server below another base address whose users may read alone."""
    (tmp_path / "readers.py").write_text(READERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    options = ["--ServerApp.authorizer_class=readers.Readers"]
    with jupyter_server.running(
        "server", tmp_path / "jupyter", base_url="/user/ada/", options=options
    ) as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server.running("server", tmp_path_factory.mktemp("jupyter")) as started:
        yield started


@pytest.fixture
def workspace(server: JupyterServer, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A workspace below the server's root, with a name of its own, that the server has found."""
    folder = server.root / request.node.name.partition("[")[0]
    made = new_workspace(folder)
    wait_until_found(server, made)
    yield made
    remove(made)


@pytest.fixture
def experiment(workspace: Workspace) -> Experiment:
    return Experiment(workspace, "served")


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return experiment.start_logging(outputs=False)
