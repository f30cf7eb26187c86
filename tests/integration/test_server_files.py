"""The logs and files of a run, whole and in part, and no others, whatever their names are."""

from __future__ import annotations

import http.client
import os
from urllib.parse import quote

import psutil
import pytest

from runwatch.core import Run, Workspace
from tests.browser.jupyter_server import JupyterServer
from tests.integration.api_client import add, add_log, ask, connect, get, id_of
from tests.integration.api_client import experiment as experiment
from tests.integration.api_client import run as run
from tests.integration.api_client import server as server
from tests.integration.api_client import workspace as workspace


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
