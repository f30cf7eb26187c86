"""Who may ask the Jupyter server about runs, and who may change them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runwatch.core import Experiment, Run
from runwatch.server.rest import OPERATIONS
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.conftest import eventually
from tests.integration.api_client import (
    add,
    add_log,
    ask,
    get,
    id_of,
    logged_in,
    new_workspace,
    shown,
)
from tests.integration.api_client import experiment as experiment
from tests.integration.api_client import readers as readers
from tests.integration.api_client import run as run
from tests.integration.api_client import server as server
from tests.integration.api_client import workspace as workspace

ALL_PATHS = sorted({(one.method, one.path) for one in OPERATIONS} | {("GET", "feed")})


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

    writing = {(o.method, o.path) for o in OPERATIONS if o.method != "GET"}
    assert len(writing) == 4
    for method, path in sorted(writing):
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


GROUP = 0
"""That of the server's process in the tests of two users."""
IN_GROUP = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={GROUP}"),
    # To read the interpreter, which may lie in root's home.
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"),
)
"""Starts a program of another user of that group."""
NO_PRIVILEGE = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


@pytest.fixture
def open_folder(root_is_here: bool) -> Iterator[Path]:
    """A folder that every user comes to."""
    if not root_is_here:
        pytest.skip("takes root, to be two users")
    folder = Path(tempfile.mkdtemp(prefix="runwatch-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ada(open_folder: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a program of another user than the server's, who is in the same group."""
    home = open_folder / "ada"
    home.mkdir()
    os.chown(home, NOBODY, GROUP)
    started: list[subprocess.Popen[str]] = []

    def program(text: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*IN_GROUP, sys.executable, "-c", textwrap.dedent(text)],
            cwd=home,
            env={**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield program
    for process in started:
        with process:
            process.kill()


def said_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def groups_server(open_folder: Path) -> Iterator[JupyterServer]:
    """A server that shows another user's folder, as far as the rights of its group allow."""
    named = f"--RunwatchServer.workspaces={open_folder / 'ada'}"
    folder = open_folder / "jupyter"
    with jupyter_server.running("server", folder, through=NO_PRIVILEGE, options=[named]) as started:
        yield started


SHARE = """
import os, sys
from pathlib import Path
from runwatch import *
os.umask(0o027)
workspace = Workspace(path=".")
run = Experiment(workspace, "shared").start_logging(run_id="before", outputs=False)
run.log("loss", 1.0)
run.complete()
for place in (Path(".runwatch"), *Path(".runwatch").rglob("*")):
    os.chown(place, -1, 0)
    place.chmod(0o2770 if place.is_dir() else 0o660)
"""


def test_a_group_shares_a_workspace(
    groups_server: JupyterServer, ada: Callable[[str], subprocess.Popen[str]], open_folder: Path
) -> None:
    own = Experiment(new_workspace(groups_server.root / "own"), "mine").start_logging()
    process = ada(
        SHARE
        + """
Path("source").mkdir()
Path("source/train.py").write_text('''
import time, runwatch
open("outputs/a.txt", "w").write("content")
print("a line", flush=True)
runwatch.Run.get_context().log("loss", 0.5)
time.sleep(600)
''')
Path("b.txt").write_text("uploaded")
run = Experiment(workspace, "shared").start_logging(run_id="logged", outputs=False)
run.log("loss", 0.25)
run.upload_file("b.txt", "b.txt")
submitted = Experiment(workspace, "shared").submit(ScriptRunConfig("source", "train.py"))
print(submitted.id, flush=True)
for line in sys.stdin:
    print(run.get_status(), submitted.get_status(), flush=True)
"""
    )
    submitted = said_by(process)
    listed = {one["run_id"] for one in get(groups_server, "runs")["runs"]}
    assert listed == {"before", "logged", submitted, own.id}

    eventually(lambda: get(groups_server, f"runs/{submitted}/metrics")["metrics"])
    at = f"runs/{submitted}"
    assert ask(groups_server, "GET", f"{at}/logs/user_logs/std_log.txt").body == b"a line\n"
    assert ask(groups_server, "GET", f"{at}/files/outputs/a.txt").body == b"content"
    assert ask(groups_server, "GET", "runs/logged/files/b.txt").body == b"uploaded"
    eventually(lambda: get(groups_server, "runs/logged/metrics")["metrics"])

    assert ask(groups_server, "PUT", "runs/logged/tags/seen", {"value": "yes"}).status == 200
    for one in (submitted, "logged"):
        assert ask(groups_server, "POST", f"runs/{one}/cancel").status == 202
        eventually(lambda one=one: get(groups_server, f"runs/{one}")["status"] == "Canceled")
    assert ask(groups_server, "GET", f"{at}/files/outputs/a.txt").body == b"content"

    assert process.stdin is not None
    print("how are they?", file=process.stdin, flush=True)
    assert said_by(process) == "Canceled Canceled"
    for place in (open_folder / "ada/.runwatch").rglob("*"):
        assert place.stat().st_gid == GROUP, place


def test_what_is_not_shared_of_a_workspace_hides_nothing_else(
    groups_server: JupyterServer, ada: Callable[[str], subprocess.Popen[str]], open_folder: Path
) -> None:
    own = Experiment(new_workspace(groups_server.root / "own"), "mine").start_logging()
    process = ada(
        SHARE
        + """
run = Experiment(workspace, "shared").start_logging(run_id="logged", outputs=False)
run.log("loss", 0.25)
Path("b.txt").write_text("x")
run.upload_file("b.txt", "b.txt")
for place in (*Path(".runwatch/journal").iterdir(), Path(".runwatch/runs/logged")):
    place.chmod(0o700)
print("ready", flush=True)
sys.stdin.readline()
"""
    )
    assert said_by(process) == "ready"
    listed = {one["run_id"] for one in get(groups_server, "runs")["runs"]}
    assert listed == {"before", "logged", own.id}
    for path in ("files", "logs"):
        refused = ask(groups_server, "GET", f"runs/logged/{path}")
        assert refused.status == 403
        assert "of the run may not be looked into" in refused.message
        assert "chmod -R g+rX" in refused.message

    (open_folder / "ada/.runwatch/write.lock").chmod(0o600)
    refused = ask(groups_server, "PUT", "runs/logged/tags/seen", {"value": "yes"})
    assert "you may not use" in refused.message
    assert "write.lock" in refused.message
    (open_folder / "ada/.runwatch/record.sqlite").chmod(0o600)
    listed = {one["run_id"] for one in get(groups_server, "runs")["runs"]}
    assert own.id in listed


def test_who_may_only_read_sees_what_goes_on(
    groups_server: JupyterServer, ada: Callable[[str], subprocess.Popen[str]], open_folder: Path
) -> None:
    share = SHARE.replace("0o2770", "0o2750").replace("0o660", "0o640")
    close = """
workspace._record.recorder.stop()
workspace._record.database.close()
print("closed")
"""
    assert said_by(ada(share + close)) == "closed"
    assert not (open_folder / "ada/.runwatch/record.sqlite-wal").exists()
    known = {"before"}
    assert {one["run_id"] for one in get(groups_server, "runs")["runs"]} == known
    for _ in range(2):  # first with no log, then with one that the server has kept from going
        process = ada(
            """
from runwatch import *
run = Experiment(Workspace(path="."), "shared").start_logging(outputs=False)
run.log("loss", 0.25)
run.complete()
print(run.id, flush=True)
input()
"""
        )
        newest = said_by(process)
        known.add(newest)
        for _ in range(2):  # while it runs, and when it has ended
            listed = {one["run_id"]: one["status"] for one in get(groups_server, "runs")["runs"]}
            assert listed == dict.fromkeys(known, "Completed")
            (metric,) = get(groups_server, f"runs/{newest}/metrics")["metrics"]
            assert metric["last"] == 0.25
            if process.poll() is None:
                process.communicate("end")
    for method, path in (("PUT", "tags/a"), ("POST", "cancel")):
        refused = ask(groups_server, method, f"runs/{newest}/{path}", {"value": "x"})
        assert (refused.status, "may not be written to" in refused.message) == (403, True)
