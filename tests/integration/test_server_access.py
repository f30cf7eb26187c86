"""Who may ask the Jupyter server about runs, and who may change them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runwatch.core import Experiment, Run
from runwatch.server.rest import OPERATIONS
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.integration.api_client import add, add_log, ask, get, id_of, new_workspace, shown
from tests.integration.api_client import experiment as experiment
from tests.integration.api_client import run as run
from tests.integration.api_client import server as server
from tests.integration.api_client import workspace as workspace

ALL_PATHS = sorted(
    {(one.method, one.path) for one in OPERATIONS} | {("POST", "commands"), ("GET", "feed")}
)


@pytest.mark.parametrize(("method", "path"), ALL_PATHS)
def test_nothing_is_given_or_done_without_the_token(
    server: JupyterServer, run: Run, method: str, path: str
) -> None:
    run.tag("quality", "good")
    log = add_log(run, b"a secret")
    at = path.format(run_id=run.id, key="quality", name=log)
    for headers in (
        {},
        {"Authorization": "token wrong"},
        {"Cookie": "_xsrf=a", "X-XSRFToken": "a"},
    ):
        reply = ask(server, method, at, {"value": "bad"}, token=False, headers=headers)
        assert reply.status == 403
        assert b"secret" not in reply.body
    assert run.get_tags() == {"quality": "good"}
    assert run.get_status() == "Running"


def logged_in(server: JupyterServer) -> tuple[str, str]:
    """Return the cookies of a browser that is logged in, and the token against forged requests."""
    with_token = ask(server, "GET", f"status?token={server.token}", api="api/", token=False)
    session = str(with_token.headers["Set-Cookie"]).partition(";")[0]
    form = ask(server, "GET", "login", api="", token=False)
    xsrf = next(v for v in form.headers.get_all("Set-Cookie", []) if v.startswith("_xsrf="))
    xsrf = xsrf.partition(";")[0].removeprefix("_xsrf=")
    return f"{session}; _xsrf={xsrf}", xsrf


def test_a_browser_that_is_logged_in_writes_only_with_the_xsrf_token(
    server: JupyterServer, run: Run
) -> None:
    cookies, xsrf = logged_in(server)
    here = {"Cookie": cookies, "Referer": server.url}
    log = add_log(run, b"line\n")
    assert ask(server, "GET", f"runs/{run.id}", token=False, headers=here).status == 200
    assert ask(server, "GET", f"runs/{run.id}/logs/{log}", token=False, headers=here).status == 200
    for place in ({}, {"Referer": "https://example.org/"}, {"Origin": "https://example.org"}):
        sent = {"Cookie": cookies, **place}
        stolen = ask(server, "GET", f"runs/{run.id}/logs/{log}", token=False, headers=sent)
        assert stolen.status in (403, 404)
        assert b"line" not in stolen.body

    writing = [(o.method, o.path) for o in OPERATIONS if o.method != "GET"]
    assert len(writing) == 3
    for method, path in [*writing, ("POST", "commands")]:
        at = path.format(run_id=run.id, key="quality")
        for more in ({}, {"X-XSRFToken": "wrong"}):
            reply = ask(server, method, at, {"value": "x"}, token=False, headers={**here, **more})
            assert reply.status == 403, (method, path)
    assert run.get_tags() == {}
    assert run.get_status() == "Running"
    allowed = {**here, "X-XSRFToken": xsrf}
    at = f"runs/{run.id}/tags/quality"
    assert ask(server, "PUT", at, {"value": "x"}, token=False, headers=allowed).status == 200
    assert run.get_tags() == {"quality": "x"}


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


def test_who_may_only_read_reads_all_and_changes_nothing_also_below_another_address(
    readers: JupyterServer,
) -> None:
    run = Experiment(new_workspace(readers.root), "served").start_logging(outputs=False)
    run.tag("quality", "good")
    run.log("loss", 1)
    run.flush()
    log = add_log(run, b"line\n")
    assert readers.url.endswith("/user/ada/")
    for operation in OPERATIONS * 2:  # the second time all handlers have served both methods
        at = operation.path.format(run_id=run.id, key="quality", name=log)
        reply = ask(readers, operation.method, at, {"value": "bad"})
        assert reply.status == (200 if operation.method == "GET" else 403), (at, reply.body)
        if reply.status == 403:
            assert "not authorized to write" in reply.message
    assert run.get_tags() == {"quality": "good"}
    assert run.get_status() == "Running"
    described = get(readers, "openapi.json")
    assert described["servers"] == [{"url": "/user/ada/runwatch/api"}]


WITHOUT_PRIVILEGES = (
    *("setpriv", "--bounding-set=-dac_override,-dac_read_search"),
    "--inh-caps=-dac_override,-dac_read_search",
)
"""Has the rights of files hold for root, too."""
NOBODY = 65534


@pytest.fixture
def root_is_here() -> bool:
    return os.geteuid() == 0


@pytest.fixture
def plain_user(tmp_path: Path, root_is_here: bool) -> Iterator[JupyterServer]:
    """A server whose process may read and write only what its user may."""
    through = WITHOUT_PRIVILEGES if root_is_here else ()
    with jupyter_server.running("server", tmp_path / "jupyter", through=through) as started:
        yield started
        for place, _, _ in os.walk(started.root):
            os.chmod(place, 0o700)


def run_with_a_file(folder: Path) -> Run:
    """Return a run in a new workspace that the server's process has not opened."""
    workspace = new_workspace(folder)
    run = Experiment(workspace, "served").start_logging(outputs=False)
    add(run, "outputs/a.txt", b"content")
    run.flush()
    workspace._record.database.close()
    return run


def let_only_read(folder: Path, root_is_here: bool) -> None:
    """Make a folder another user's, where there can be one, that all may read."""
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)
        if root_is_here:
            os.chown(place, NOBODY, NOBODY)


def let_nobody_in(folder: Path, root_is_here: bool) -> None:
    folder.chmod(0o700 if root_is_here else 0)
    if root_is_here:
        os.chown(folder, NOBODY, NOBODY)


def test_each_unix_user_sees_what_the_rights_of_the_files_allow(
    plain_user: JupyterServer, root_is_here: bool
) -> None:
    secret, team, own = (plain_user.root / name for name in ("secret", "team", "own"))
    hidden, readable, mine = (run_with_a_file(folder) for folder in (secret, team, own))
    let_only_read(team, root_is_here)
    let_nobody_in(secret, root_is_here)

    # That the server knows where the secret one is, as it was open to it once, changes nothing.
    assert set(shown(plain_user, search=1).values()) == {"team", "own"}
    listed = get(plain_user, "runs")["runs"]
    assert {one["run_id"] for one in listed} == {readable.id, mine.id}
    for query in ({}, {"workspace": id_of(hidden.experiment.workspace)}):
        for path in ("", "/tree", "/tags", "/metrics", "/files", "/files/outputs/a.txt", "/logs"):
            reply = ask(plain_user, "GET", f"runs/{hidden.id}{path}", **query)
            assert reply.status == 404, reply.body
            assert b"content" not in reply.body
    for one in (readable, mine):
        assert get(plain_user, f"runs/{one.id}")["status"] == "Running"
        assert ask(plain_user, "GET", f"runs/{one.id}/files/outputs/a.txt").body == b"content"

    for method, path in (("PUT", "tags/a"), ("DELETE", "tags/a"), ("POST", "cancel")):
        refused = ask(plain_user, method, f"runs/{readable.id}/{path}", {"value": "x"})
        assert (refused.status, "may not be written to" in refused.message) == (403, True)
    assert ask(plain_user, "PUT", f"runs/{mine.id}/tags/a", {"value": "x"}).status == 200
    assert ask(plain_user, "POST", f"runs/{mine.id}/cancel").status == 202
    assert get(plain_user, f"runs/{mine.id}")["status"] in ("CancelRequested", "Canceled")
    assert get(plain_user, f"runs/{readable.id}")["status"] == "Running"
