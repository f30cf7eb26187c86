"""What can be asked of the Jupyter server about runs, by whom, and what it never gives away."""

from __future__ import annotations

import http.client
import json
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psutil
import pytest

from runwatch.core import Experiment, Run, Workspace
from runwatch.server.rest import OPERATIONS
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer

ALL_PATHS = sorted(
    {(one.method, one.path) for one in OPERATIONS} | {("POST", "commands"), ("GET", "feed")}
)


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


def ask(
    server: JupyterServer,
    method: str,
    path: str,
    body: object = None,
    *,
    token: bool = True,
    api: str = "runwatch/api/",
    headers: dict[str, str] | None = None,
    **query: object,
) -> Reply:
    connection = connect(server, method, path, body, token=token, api=api, headers=headers, **query)
    response = connection.getresponse()
    try:
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


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


def get(server: JupyterServer, path: str, **query: object) -> Any:
    reply = ask(server, "GET", path, **query)
    assert reply.status == 200, reply.body
    return reply.json


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server.running("server", tmp_path_factory.mktemp("jupyter")) as started:
        yield started


@pytest.fixture
def workspace(server: JupyterServer, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A workspace below the server's root, with a name of its own, that the server has found."""
    folder = server.root / request.node.name.partition("[")[0]
    made = new_workspace(folder)
    assert made._record.database.workspace_id in shown(server, search=1)
    yield made
    remove(made)


def remove(workspace: Workspace) -> None:
    workspace._record.drop()
    shutil.rmtree(workspace._record.paths.root.parent)


def new_workspace(folder: Path) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    made = Workspace(path=folder)
    assert made._record.database.workspace_id
    return made


def shown(server: JupyterServer, **query: object) -> dict[str, str]:
    """Return the names of the workspaces that the server shows, by id."""
    return {
        one["workspace_id"]: one["name"] for one in get(server, "workspaces", **query)["workspaces"]
    }


@pytest.fixture
def experiment(workspace: Workspace) -> Experiment:
    return Experiment(workspace, "served")


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return experiment.start_logging(outputs=False)


def id_of(workspace: Workspace) -> str:
    return workspace._record.database.workspace_id


# --- what is listed --------------------------------------------------------------------------


def test_workspaces_are_listed_and_those_that_came_since_are_found_when_asked_for(
    server: JupyterServer, workspace: Workspace
) -> None:
    heads = get(server, "workspaces")["workspaces"]
    mine = next(one for one in heads if one["workspace_id"] == id_of(workspace))
    assert mine["folder"] == mine["name"] == Path(workspace._record.paths.root).parent.name
    refused = ask(server, "GET", "workspaces", search="perhaps")
    assert refused.status == 400
    assert refused.message.startswith("search can't be 'perhaps'")


def test_experiments_are_listed_with_the_number_of_their_runs(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    run.child_run("child").complete()
    Experiment(workspace, "gone").archive()
    found = get(server, "experiments", workspace=id_of(workspace))["experiments"]
    (mine,) = found
    assert mine["run_counts"] == {"Running": 1, "Completed": 1}
    assert (mine["name"], mine["workspace_id"]) == ("served", id_of(workspace))
    assert mine in get(server, "experiments")["experiments"]
    unknown = ask(server, "GET", "experiments", workspace="nowhere")
    assert (unknown.status, "'nowhere'" in unknown.message) == (404, True)


def test_runs_are_found_by_experiment_status_and_tags(
    server: JupyterServer, workspace: Workspace, experiment: Experiment
) -> None:
    good = experiment.start_logging(outputs=False, display_name="good one")
    good.set_tags({"quality": "good", "seen": None, "url": "a=b"})
    child = good.child_run("child")
    bad = experiment.start_logging(outputs=False)
    bad.tag("quality", "bad")
    bad.fail("out of memory\nat line 3")
    other = Experiment(workspace, "other").start_logging(outputs=False)
    other.complete()

    def found(**query: object) -> list[str]:
        reply = get(server, "runs", workspace=id_of(workspace), **query)
        return [one["run_id"] for one in reply["runs"]]

    assert found() == [other.id, bad.id, good.id]
    assert found(include_children="true") == [other.id, bad.id, child.id, good.id]
    assert found(limit=500) == [other.id, bad.id, good.id]
    assert found(limit=1) == [other.id]
    assert found(experiment="served") == [bad.id, good.id]
    assert found(status="Failed,Completed") == [other.id, bad.id]
    assert found(status=["Failed", "Completed"]) == [other.id, bad.id]
    assert found(status="live") == [good.id]
    assert found(tag="quality") == [bad.id, good.id]
    assert found(tag=["quality=good", "seen", "url=a=b"]) == [good.id]
    assert found(tag="quality=unknown") == []
    Experiment(workspace, "other").archive()
    assert found() == [bad.id, good.id]

    failed, running, below = (
        get(server, "runs", workspace=id_of(workspace), include_children=1, limit=3)["runs"][:1]
        + get(server, "runs", workspace=id_of(workspace), status="Running", include_children=1)[
            "runs"
        ][::-1]
    )
    assert (failed["status"], failed["error"]) == ("Failed", "out of memory")
    assert failed["created_ms"] <= failed["started_ms"] <= failed["ended_ms"]
    assert running["display_name"] == "good one"
    assert running["tags"] == {"quality": "good", "seen": None, "url": "a=b"}
    assert (running["parent_id"], below["parent_id"]) == (None, good.id)
    assert running["ended_ms"] is None


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"status": "Lost"}, 400, "status can't be 'Lost'"),
        ({"limit": "501"}, 400, "limit can't be '501'"),
        ({"limit": "0"}, 400, "limit can't be '0'"),
        ({"limit": "100%"}, 400, "limit can't be '100%'"),
        ({"limit": ["1", "2"]}, 400, "limit is given 2 times"),
        ({"tag": "=x"}, 400, "tag can't be '=x'"),
        ({"before": "yesterday"}, 400, "before can't be 'yesterday'"),
        ({"include_children": "si"}, 400, "include_children can't be 'si'"),
        ({"experiment": "no such"}, 404, "no experiment 'no such'"),
        ({"workspace": "../../etc"}, 404, "no workspace '../../etc'"),
        ({"workspace": b"\xff"}, 400, "workspace can't be"),
    ],
)
def test_a_parameter_that_wont_do_is_named_with_its_value(
    server: JupyterServer, query: dict[str, object], status: int, said: str
) -> None:
    reply = ask(server, "GET", "runs", **query)
    assert (reply.status, said in reply.message) == (status, True), reply.message
    assert reply.message.endswith(".")


def test_pages_of_runs_of_all_workspaces_hold_each_run_once_and_the_newest_first(
    server: JupyterServer, workspace: Workspace
) -> None:
    second = new_workspace(Path(workspace._record.paths.root).parent / "second")
    shown(server, search=1)
    places = [Experiment(one, "paged") for one in (workspace, second)]
    made = [places[i % 2].start_logging(outputs=False).id for i in range(7)]
    parent = places[0].start_logging(outputs=False)
    made += [parent.id, *(run.id for run in parent.create_children(5))]

    seen: list[dict[str, Any]] = []
    query: dict[str, object] = {"experiment": "paged", "include_children": 1, "limit": 3}
    while True:
        page = get(server, "runs", **query)
        seen += page["runs"]
        assert len(page["runs"]) <= 3
        if page["next"] is None:
            break
        if len(seen) == 3:  # comes while somebody turns the pages, and shifts none
            places[1].start_logging(outputs=False)
        query["before"] = page["next"]

    ids = [one["run_id"] for one in seen]
    assert len(ids) == len(made)
    assert set(ids) == set(made)
    created = [one["created_ms"] for one in seen]
    assert created == sorted(created, reverse=True)
    assert {one["workspace_id"] for one in seen} == {id_of(workspace), id_of(second)}
    remove(second)


# --- one run ---------------------------------------------------------------------------------


def test_a_run_is_shown_with_all_that_is_known_of_it(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    child = run.child_run("child")
    child.log_parameters({"rate": 0.1, "limit": math.inf})
    child.add_properties({"made": "here"})
    child.set_progress(1, 4, label="epoch")
    child.description = "a try"
    child.flush()
    found = get(server, f"runs/{child.id}")
    assert found["workspace_id"] == id_of(workspace)
    assert (found["parent_id"], found["experiment"]) == (run.id, "served")
    assert found["parameters"] == {"rate": 0.1, "limit": "Infinity"}
    assert found["properties"]["made"] == "here"
    assert (found["progress"]["done"], found["progress"]["label"]) == (1, "epoch")
    assert (found["status"], found["description"]) == ("Running", "a try")
    child.fail("no more")
    assert get(server, f"runs/{child.id}")["error"]["message"] == "no more"
    assert get(server, f"runs/{run.id}")["child_counts"] == {"Failed": 1}

    assert "nobody was not found" in ask(server, "GET", "runs/nobody").message
    wrong = ask(server, "GET", "runs/..%2f..%2fetc")
    assert (wrong.status, "can't be a run id" in wrong.message) == (400, True)


def test_a_run_id_that_is_in_two_workspaces_must_be_told_apart(
    server: JupyterServer, workspace: Workspace, experiment: Experiment
) -> None:
    second = new_workspace(Path(workspace._record.paths.root).parent / "second")
    shown(server, search=1)
    for place in (workspace, second):
        Experiment(place, "served").start_logging(run_id="twin", outputs=False)
    both = ask(server, "GET", "runs/twin")
    assert both.status == 409
    assert id_of(workspace) in both.message
    assert id_of(second) in both.message
    assert get(server, "runs/twin", workspace=id_of(second))["workspace_id"] == id_of(second)
    remove(second)


def test_a_tree_comes_in_windows_filtered_and_sorted(server: JupyterServer, run: Run) -> None:
    children = run.create_children(tag_key="n", tag_values=[str(n) for n in range(5)])
    for n, child in enumerate(children):
        child.log("loss", [3, 1, math.nan, 2, 0][n])
    grandchild = children[4].child_run("deep")
    grandchild.flush()

    def tree(**query: object) -> Any:
        return get(server, f"runs/{run.id}/tree", **query)

    def ids(**query: object) -> list[str]:
        found = tree(**query)
        assert [row["run_id"] for row in found["rows"]] == found["window"]["ids"]
        return list(found["window"]["ids"])

    in_order = [child.id for child in children]
    assert ids() == in_order
    assert ids(offset=1, limit=2) == in_order[1:3]
    assert tree(offset=1, limit=2)["window"]["total"] == 5
    assert ids(expanded=children[4].id) == [*in_order, grandchild.id]
    assert ids(filter="tag:n=3") == [children[3].id]
    assert ids(sort="tag:n", descending=1) == in_order[::-1]
    assert ids(sort="metric:loss")[0] == children[4].id
    assert [row["values"] for row in tree(column="metric:loss", offset=2)["rows"]] == [
        {"metric:loss": "NaN"},
        {"metric:loss": 2},
        {"metric:loss": 0},
    ]
    for query, said in (
        ({"filter": "owner:me"}, "filter can't be 'owner:me'"),
        ({"sort": "beauty"}, "sort can't be 'beauty'"),
        ({"offset": "-1"}, "offset can't be '-1'"),
    ):
        refused = ask(server, "GET", f"runs/{run.id}/tree", **query)
        assert (refused.status, said in refused.message) == (400, True), refused.message


def test_metrics_are_listed_and_their_points_given_as_arrays(
    server: JupyterServer, run: Run
) -> None:
    for step in range(3000):
        run.log("loss", math.sin(step), step=step * 10)
    for value in (1.5, math.nan, math.inf, -math.inf, "text", 10**400, True):
        run.log("odd", value)
    run.log_table("table", {"a": [1, 2]})
    run.set_progress(1, 2)
    run.flush()
    listed = {one["name"]: one for one in get(server, f"runs/{run.id}/metrics")["metrics"]}
    assert set(listed) == {"loss", "odd", "table"}
    assert (listed["loss"]["count"], listed["loss"]["last"]) == (3000, math.sin(2999))
    assert (listed["table"]["kind"], listed["table"]["last"]) == ("table", None)

    whole = get(server, f"runs/{run.id}/metrics", name="loss", max_points=100_000)
    assert whole["values"] == [math.sin(step) for step in range(3000)]
    assert whole["steps"] == [step * 10 for step in range(3000)]
    assert whole["times_ms"] == sorted(whole["times_ms"])
    assert whole["times_ms"][0] > 1_600_000_000_000

    for most in (2, 10, 999):
        few = get(server, f"runs/{run.id}/metrics", name="loss", max_points=most)
        assert 0 < len(few["values"]) <= most
        assert len(few["values"]) == len(few["steps"]) == len(few["times_ms"])
        assert (few["count"], few["lowest"]) == (3000, min(whole["values"]))
        assert {few["lowest"], few["highest"]} <= set(few["values"])

    odd = get(server, f"runs/{run.id}/metrics", name="odd")
    assert odd["values"] == [1.5, "NaN", "Infinity", "-Infinity", "text", 10**400, True]
    assert (odd["lowest"], odd["highest"], odd["last"]) == (1, 1.5, True)

    for name, said in (("nothing", "no metric 'nothing'"), ("table", "has no points")):
        missing = ask(server, "GET", f"runs/{run.id}/metrics", name=name)
        assert (missing.status, said in missing.message) == (404, True)
    assert ask(server, "GET", f"runs/{run.id}/metrics", max_points=1).status == 400


def test_tags_are_set_changed_and_removed(server: JupyterServer, run: Run) -> None:
    at = f"runs/{run.id}/tags"
    for key, value in (("quality", "good"), ("a/b c?é", None), ("quality", "bad")):
        reply = ask(server, "PUT", f"{at}/{quote(key, safe='')}", {"value": value})
        assert (reply.status, reply.json) == (200, {"key": key, "value": value})
    assert get(server, at)["tags"] == run.get_tags() == {"quality": "bad", "a/b c?é": None}
    assert get(server, f"{at}/quality") == {"key": "quality", "value": "bad"}
    for _ in range(2):
        assert ask(server, "DELETE", f"{at}/quality").status == 204
    gone = ask(server, "GET", f"{at}/quality")
    assert (gone.status, "no tag 'quality'" in gone.message) == (404, True)
    for body in ({}, {"value": 1}, {"value": "x", "more": 1}, [], "x"):
        reply = ask(server, "PUT", f"{at}/quality", body)
        assert (reply.status, "JSON object with value" in reply.message) == (400, True)
    assert "NUL" in ask(server, "PUT", f"{at}/quality", {"value": "a\0b"}).message
    assert run.get_tags() == {"a/b c?é": None}


def test_a_run_is_cancelled_and_one_that_has_ended_says_so(server: JupyterServer, run: Run) -> None:
    asked = ask(server, "POST", f"runs/{run.id}/cancel")
    assert (asked.status, asked.json) == (202, {"message": None})
    assert run.get_status() in ("CancelRequested", "Canceled")
    ended = run.experiment.start_logging(outputs=False)
    ended.complete()
    again = ask(server, "POST", f"runs/{ended.id}/cancel")
    assert again.status == 202
    assert "had already ended (Completed)" in again.json["message"]
    assert ended.get_status() == "Completed"


# --- logs and files --------------------------------------------------------------------------


def add(run: Run, name: str, content: bytes) -> None:
    path = run._paths.files / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def add_log(run: Run, content: bytes) -> str:
    run._paths.std_log.parent.mkdir(parents=True, exist_ok=True)
    run._paths.std_log.write_bytes(content)
    return "user_logs/std_log.txt"


def test_logs_and_files_are_listed_and_sent(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    log = add_log(run, "zażółć\n".encode())
    add(run, "outputs/model.bin", bytes(range(256)))
    logs = get(server, f"runs/{run.id}/logs")
    assert logs["logs"] == [{"name": log, "size_bytes": 11}]
    assert logs["workspace_id"] == id_of(workspace)
    listed = {
        one["name"]: one["size_bytes"] for one in get(server, f"runs/{run.id}/files")["files"]
    }
    assert listed == {"outputs/model.bin": 256, log: 11}

    sent = ask(server, "GET", f"runs/{run.id}/logs/{log}")
    assert (sent.status, sent.body) == (200, "zażółć\n".encode())
    assert sent.headers["Content-Type"] == "text/plain; charset=utf-8"
    for name in ("outputs/model.bin", "outputs%2Fmodel.bin"):
        sent = ask(server, "GET", f"runs/{run.id}/files/{name}", workspace=id_of(workspace))
        assert (sent.status, sent.body) == (200, bytes(range(256)))
        assert sent.headers["Content-Type"] == "application/octet-stream"
    not_log = ask(server, "GET", f"runs/{run.id}/logs/outputs/model.bin")
    assert (not_log.status, "no log 'outputs/model.bin'" in not_log.message) == (404, True)


@pytest.mark.parametrize(
    ("asked", "sent", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=7-99", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("lines=0-3", b"0123456789", None),
        ("bytes=0-1,3-4", b"0123456789", None),
        ("bytes=10-", None, "bytes */10"),
        ("bytes=-0", None, "bytes */10"),
        ("bytes=5-2", None, "bytes */10"),
        ("bytes=-", None, "bytes */10"),
        ("bytes=one-", None, "bytes */10"),
        ("bytes=" + "9" * 5000 + "-", None, "bytes */10"),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(
    server: JupyterServer, run: Run, asked: str, sent: bytes | None, content_range: str | None
) -> None:
    add(run, "outputs/digits", b"0123456789")
    reply = ask(server, "GET", f"runs/{run.id}/files/outputs/digits", headers={"Range": asked})
    assert reply.headers["Content-Range"] == content_range
    if sent is None:
        assert reply.status == 416
        assert repr(asked) in reply.message
    else:
        assert reply.body == sent
        assert reply.status == (206 if content_range else 200)
    since = {"Range": asked, "If-Range": '"another"'}
    whole = ask(server, "GET", f"runs/{run.id}/files/outputs/digits", headers=since)
    assert (whole.status, whole.body) == (200, b"0123456789")


def test_a_large_file_is_sent_in_pieces_while_others_are_served(
    server: JupyterServer, run: Run
) -> None:
    add(run, "outputs/large", b"")
    large = run._paths.files / "outputs/large"
    os.truncate(large, 1 << 30)
    path = f"runs/{run.id}/files/outputs/large"
    end = ask(server, "GET", path, headers={"Range": "bytes=-5"})
    assert (end.status, end.body) == (206, b"\0" * 5)

    connection = connect(server, "GET", path)
    response = connection.getresponse()
    assert response.headers["Content-Length"] == str(1 << 30)
    assert len(response.read(1 << 20)) == 1 << 20
    assert get(server, f"runs/{run.id}/tags")["tags"] == {}
    used = [process.memory_info().rss for process in psutil.Process().children()]
    assert max(used) < 512 * 1024 * 1024
    os.truncate(large, 0)  # what was promised can't be kept, and the client is not told otherwise
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        response.read()
    connection.close()
    assert get(server, f"runs/{run.id}/tags")["tags"] == {}


HOSTILE = [
    "<script>alert(1)<script>.html",
    'quo"te\\.txt',
    "new\r\nSet-Cookie: a=b\r\n\r\n.txt",
    "żółć 日本.txt",
    "%2e%2e%2f100%.txt",
    "gpj.\u202eexe",
    " .;a=b",
    "no utf-8 \udcff.txt",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_listed_and_sent_and_does_no_harm(
    server: JupyterServer, run: Run, name: str
) -> None:
    content = b"<script>document.title = 'taken'</script>"
    add(run, f"outputs/{name}", content)
    (listed,) = get(server, f"runs/{run.id}/files")["files"]
    reply = ask(server, "GET", f"runs/{run.id}/files/{quote(listed['name'], safe='')}")
    assert (reply.status, reply.body) == (200, content)
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert not [value for value in reply.headers.get_all("Set-Cookie", []) if "a=b" in value]
    disposition = reply.headers["Content-Disposition"]
    assert disposition.isascii()
    kind, plain, whole = disposition.split("; ")
    assert kind == "attachment"
    assert set(plain.removeprefix('filename="').removesuffix('"')).isdisjoint('"\\<>;%')
    assert whole.startswith("filename*=UTF-8''")
    assert "%0D" not in whole
    assert "%E2%80%AE" not in whole
    if name == "żółć 日本.txt":
        assert whole == f"filename*=UTF-8''{quote(name)}"


def test_nothing_outside_of_the_runs_folder_is_sent(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    secret = server.root / "secret.txt"
    secret.write_text("secret")
    other = run.experiment.start_logging(outputs=False)
    add(other, "outputs/of-other.txt", b"other")
    add(run, "outputs/mine.txt", b"mine")
    outputs = run._paths.files / "outputs"
    (outputs / "inside.txt").symlink_to("mine.txt")
    (outputs / "link.txt").symlink_to(secret)
    (outputs / "other.txt").symlink_to(other._paths.files / "outputs/of-other.txt")
    (outputs / "dangling.txt").symlink_to("nowhere")
    (outputs / "endless.txt").symlink_to("endless.txt")
    os.mkfifo(outputs / "pipe")
    run._paths.work.mkdir()
    elsewhere = server.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "there.txt").write_text("secret")
    (run._paths.work / "outputs").symlink_to(elsewhere)
    whole = other.experiment.start_logging(outputs=False)
    (elsewhere / "files").mkdir()
    (elsewhere / "files/there.txt").write_text("secret")
    whole._paths.root.symlink_to(elsewhere)

    listed = [one["name"] for one in get(server, f"runs/{run.id}/files")["files"]]
    assert listed == ["outputs/inside.txt", "outputs/mine.txt"]
    assert get(server, f"runs/{whole.id}/files")["files"] == []
    assert ask(server, "GET", f"runs/{run.id}/files/outputs/inside.txt").body == b"mine"
    for name in ("link.txt", "other.txt", "there.txt", "pipe", "endless.txt"):
        refused = ask(server, "GET", f"runs/{run.id}/files/outputs/{name}")
        assert (refused.status, repr(name) in refused.message) == (403, True), refused.body
    assert ask(server, "GET", f"runs/{whole.id}/files/there.txt").status == 403
    assert ask(server, "GET", f"runs/{run.id}/files/outputs/dangling.txt").status == 404

    record = f"runs/{other.id}/files/outputs/of-other.txt"
    assert ask(server, "GET", record).status == 200
    up = os.path.relpath(secret, run._paths.files)
    for name in (
        up,
        quote(up, safe=""),
        quote(quote(up, safe=""), safe=""),
        str(secret),
        quote(str(secret), safe=""),
        f"outputs/../../../{other.id}/files/outputs/of-other.txt",
        "outputs%2f..%2foutputs%2fmine.txt",
        "outputs/./mine.txt",
        "outputs//mine.txt",
        "outputs%00",
        "outputs",
    ):
        for what in ("files", "logs"):
            reply = ask(server, "GET", f"runs/{run.id}/{what}/{name}")
            assert reply.status == 404, (name, reply.body)
            assert b"secret" not in reply.body.replace(b"secret.txt", b"")


# --- who may -------------------------------------------------------------------------------


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
    for run in (readable, mine):
        assert get(plain_user, f"runs/{run.id}")["status"] == "Running"
        assert ask(plain_user, "GET", f"runs/{run.id}/files/outputs/a.txt").body == b"content"

    for method, path in (("PUT", "tags/a"), ("DELETE", "tags/a"), ("POST", "cancel")):
        refused = ask(plain_user, method, f"runs/{readable.id}/{path}", {"value": "x"})
        assert (refused.status, "may not be written to" in refused.message) == (403, True)
    assert ask(plain_user, "PUT", f"runs/{mine.id}/tags/a", {"value": "x"}).status == 200
    assert ask(plain_user, "POST", f"runs/{mine.id}/cancel").status == 202
    assert get(plain_user, f"runs/{mine.id}")["status"] in ("CancelRequested", "Canceled")
    assert get(plain_user, f"runs/{readable.id}")["status"] == "Running"
