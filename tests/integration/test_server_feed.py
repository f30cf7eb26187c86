"""The feed of a page: one WebSocket to the Jupyter server for all that its views watch."""

from __future__ import annotations

import asyncio
import json
import struct
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from runwatch.core import Experiment, Run, Workspace
from runwatch.feed.questions import MOST_FILE_BYTES
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer
from tests.integration.api_client import ask, logged_in, wait_until_found
from tests.integration.api_client import readers as readers

WITHIN_S = 15.0
T = TypeVar("T")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with jupyter_server.running("server", tmp_path_factory.mktemp("jupyter")) as started:
            yield started


@pytest.fixture
def workspace(server: JupyterServer) -> Workspace:
    """A workspace below the server's root, of which no registry knows."""
    folder = server.root / uuid.uuid4().hex[:8]
    folder.mkdir()
    return Workspace(path=folder)


@pytest.fixture
def new_run(workspace: Workspace) -> Iterator[Run]:
    """A run in a workspace that the server has still to find."""
    run = Experiment(workspace, "served").start_logging(display_name="the run")
    yield run
    run.complete()


@pytest.fixture
def run(server: JupyterServer, workspace: Workspace, new_run: Run) -> Run:
    """A run in a workspace that the server has found."""
    wait_until_found(server, workspace)
    return new_run


class PageAtWork:
    """The browser's end of the socket."""

    def __init__(self, socket: WebSocketClientConnection, workspace: Workspace) -> None:
        self._socket = socket
        self._workspace_id = workspace._record.database.workspace_id

    async def say(self, request: dict[str, Any], **subject: str) -> None:
        carried = {"workspace_id": self._workspace_id, **subject, "request": request}
        await self._socket.write_message(json.dumps(carried))

    async def hear(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the next update for which `wanted` holds."""

        async def look() -> dict[str, Any]:
            while True:
                frame = await self._socket.read_message()
                assert frame is not None, "the server has closed the socket"
                update = decoded(frame)
                if wanted(update):
                    return update

        return await asyncio.wait_for(look(), WITHIN_S)

    async def hear_each(self, *wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Hear an update for each of `wanted`, in whatever order they come."""
        left = set(wanted)

        def all_heard(update: dict[str, Any]) -> bool:
            left.difference_update([one for one in left if one(update)])
            return not left

        await self.hear(all_heard)

    async def watch(self, channel: str, **subject: str) -> dict[str, Any]:
        request = {"type": "watch", "channel": channel, "run_id": None, "look": {}}
        await self.say(request, **subject)
        return await self.hear(lambda update: update.get("channel") == channel)


def decoded(frame: str | bytes) -> dict[str, Any]:
    if isinstance(frame, str):
        return json.loads(frame)  # type: ignore[no-any-return]
    (length,) = struct.unpack_from("<I", frame)
    update: dict[str, Any] = json.loads(frame[4 : 4 + length])
    at, buffers = 4 + length, []
    while at < len(frame):
        (length,) = struct.unpack_from("<I", frame, at)
        buffers.append(frame[at + 4 : at + 4 + length])
        at += 4 + length
    return {**update, "buffers": buffers}


def request_of(server: JupyterServer, **headers: str) -> HTTPRequest:
    return HTTPRequest(f"{server.url.replace('http', 'ws', 1)}runwatch/api/feed", headers=headers)


@asynccontextmanager
async def closing(socket: WebSocketClientConnection) -> Any:
    try:
        yield
    finally:
        socket.close()
        while await socket.read_message() is not None:
            pass  # what was on its way; then the socket is closed


@asynccontextmanager
async def page(server: JupyterServer, workspace: Workspace) -> Any:
    request = request_of(server, Authorization=f"token {server.token}")
    socket = await websocket_connect(request)
    async with closing(socket):
        yield PageAtWork(socket, workspace)


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, also where the browser tests have a loop running in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def on_a_page(
    server: JupyterServer, workspace: Workspace, work: Callable[[PageAtWork], Awaitable[None]]
) -> None:
    async def main() -> None:
        async with page(server, workspace) as opened:
            await work(opened)

    in_a_thread(main())


def test_a_page_hears_of_the_workspaces_and_of_what_goes_on(
    server: JupyterServer, workspace: Workspace, new_run: Run
) -> None:
    async def work(page: PageAtWork) -> None:
        workspace_id = workspace._record.database.workspace_id

        def is_shown(update: dict[str, Any]) -> bool:
            shown = update.get("workspaces", [])
            return any(one["workspace_id"] == workspace_id for one in shown)

        told = await page.hear(is_shown)
        heads = {one["workspace_id"]: one for one in told["workspaces"]}
        assert heads[workspace_id]["folder"] == workspace._record.paths.root.parent.name
        overview = await page.watch("all")
        assert [one["run_id"] for one in overview["live"]] == [new_run.id]
        other = Experiment(workspace, "other").start_logging()
        more = await page.hear(lambda u: u["type"] == "overview" and u["live_count"] == 2)
        assert more["seq"] > overview["seq"]
        other.complete()
        await page.hear(lambda u: u["type"] == "overview" and u["live_count"] == 1)

    on_a_page(server, workspace, work)


def test_a_run_is_watched_tagged_and_cancelled_without_a_kernel(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    async def work(page: PageAtWork) -> None:
        snapshot = await page.watch("a", run_id=run.id)
        assert snapshot["type"] == "snapshot"
        assert snapshot["run"]["display_name"] == "the run"
        run.log("loss", 0.5)
        run.log("loss", 0.25)
        run.flush()
        seqs, values = [snapshot["seq"]], []
        while len(values) < 2:  # the points may be shipped one by one
            delta = await page.hear(lambda u: u["type"] == "delta")
            seqs.append(delta["seq"])
            for points in delta.get("points", ()):
                data = delta["buffers"][points["values"]["data"]["$buffer"]]
                values += struct.unpack(f"<{len(data) // 8}d", data)
        assert values == [0.5, 0.25]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))

        tag = {"type": "set_tag", "id": "1", "run_ids": [run.id], "key": "good", "value": None}
        await page.say(tag, run_id=run.id)
        await page.hear(lambda u: u["type"] == "ack" and u["id"] == "1")
        assert run.get_tags() == {"good": None}
        cancel = {"type": "cancel", "id": "2", "run_ids": [run.id]}
        await page.say(cancel, run_id=run.id)
        await page.say(cancel, run_id=run.id)
        await page.hear_each(
            lambda u: u["type"] == "ack" and u["id"] == "2",
            lambda u: u["type"] == "delta" and "status" in u.get("run", {}),
        )
        question = {"type": "suggest_tags", "id": "3", "run_id": run.id}
        await page.say(question, run_id=run.id)
        found = await page.hear(lambda u: u["type"] == "tags_found")
        assert found["tags"] == {"good": []}

    on_a_page(server, workspace, work)


def test_an_experiment_is_watched_by_name(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    async def work(page: PageAtWork) -> None:
        table = await page.watch("t", experiment="served")
        assert table["experiment"]["name"] == "served"
        assert [row["run_id"] for row in table["rows"]] == [run.id]
        gone = await page.watch("u", experiment="never made")
        assert gone["type"] == "trouble"
        assert "never made" in gone["message"]

    on_a_page(server, workspace, work)


def test_what_a_page_says_wrong_is_told_in_words_and_ends_nothing(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    async def work(page: PageAtWork) -> None:
        for nonsense in ("", "{", "[]", '{"request": 5}', '{"request": {"type": "rm"}}', "\x00"):
            await page._socket.write_message(nonsense)
        await page._socket.write_message(b"\xff\xfe", binary=True)
        unknown = await page.watch("a", run_id="nobody")
        assert unknown["type"] == "trouble"
        assert "nobody" in unknown["message"]
        page._workspace_id = "0" * 32
        elsewhere = await page.watch("b", run_id=run.id)
        assert "does not know this workspace" in elsewhere["message"]
        page._workspace_id = "../../etc"
        assert (await page.watch("c"))["type"] == "trouble"
        page._workspace_id = workspace._record.database.workspace_id
        await page.say({"type": "set_tag", "id": "9"}, run_id=run.id)
        refused = await page.hear(lambda u: u.get("id") == "9")
        assert refused["type"] == "refusal"
        assert (await page.watch("d", run_id=run.id))["type"] == "snapshot"

    on_a_page(server, workspace, work)


def test_a_channel_that_nobody_watches_is_served_no_more(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    async def work(page: PageAtWork) -> None:
        await page.watch("a", run_id=run.id)
        await page.say({"type": "unwatch", "channel": "a"}, run_id=run.id)
        await page.say({"type": "ping", "channel": "a"}, run_id=run.id)
        pong = await page.hear(lambda u: u["type"] == "pong")
        assert pong["seq"] == -1

    on_a_page(server, workspace, work)


def test_the_socket_is_open_to_the_token_alone(server: JupyterServer) -> None:
    async def attempt(**headers: str) -> int:
        with pytest.raises(HTTPClientError) as refused:
            await websocket_connect(request_of(server, **headers))
        return int(refused.value.code)

    assert in_a_thread(attempt()) == 403
    assert in_a_thread(attempt(Authorization="token wrong")) == 403


def test_a_page_of_another_site_is_refused_though_the_browser_sends_the_login(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    cookies, _ = logged_in(server)

    async def opens(**headers: str) -> bool:
        try:
            socket = await websocket_connect(request_of(server, Cookie=cookies, **headers))
        except HTTPClientError as refused:
            assert refused.code == 403
            return False
        async with closing(socket):
            overview = await PageAtWork(socket, workspace).watch("all")
            return bool(overview["type"] == "overview")

    assert in_a_thread(opens(Origin=server.url.rstrip("/")))
    for foreign in ("https://example.org", "http://127.0.0.1:1", "null"):
        assert not in_a_thread(opens(Origin=foreign)), foreign


def test_who_may_only_read_watches_and_asks_but_changes_nothing(readers: JupyterServer) -> None:
    workspace = Workspace(path=readers.root)
    run = Experiment(workspace, "served").start_logging(display_name="the run")
    run.tag("quality", "good")
    commands: list[dict[str, Any]] = [
        {"type": "cancel"},
        {"type": "set_tag", "key": "quality", "value": "bad"},
        {"type": "remove_tag", "key": "quality"},
        {"type": "set_text", "field": "display_name", "value": "another"},
        {"type": "set_text", "field": "description", "value": "none of theirs"},
    ]
    given = [{**one, "id": str(n), "run_ids": [run.id]} for n, one in enumerate(commands)]

    async def work(page: PageAtWork) -> None:
        assert (await page.watch("a", run_id=run.id))["type"] == "snapshot"
        for command in given:
            await page.say(command, run_id=run.id)
            answer = await page.hear(lambda u, asked=command: u.get("id") == asked["id"])
            assert answer["type"] == "refusal", command
            assert "not change them" in answer["message"]
        await page.say({"type": "suggest_tags", "id": "asked", "run_id": run.id}, run_id=run.id)
        found = await page.hear(lambda u: u.get("id") == "asked")
        assert found["tags"] == {"quality": ["good"]}

    on_a_page(readers, workspace, work)
    for command in given:
        body = {"workspace_id": workspace._record.database.workspace_id, "command": command}
        refused = ask(readers, "POST", "commands", body)
        assert (refused.status, "not authorized to write" in refused.message) == (403, True)
    assert run.get_status() == "Running"
    assert run.get_tags() == {"quality": "good"}
    assert (run.display_name, run.description) == ("the run", None)
    run.complete()


def test_two_pages_of_one_run_hear_the_same(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    async def main() -> None:
        async with page(server, workspace) as one, page(server, workspace) as other:
            for opened in (one, other):
                await opened.watch("a", run_id=run.id)
            run.tag("seen", "by both")
            for opened in (one, other):
                delta = await opened.hear(lambda u: u["type"] == "delta" and "run" in u)
                assert delta["run"]["tags"] == {"seen": "by both"}

    in_a_thread(main())


def test_a_page_that_does_not_read_holds_up_nobody_and_is_kept_no_more_than_a_little(
    server: JupyterServer, workspace: Workspace, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(MOST_FILE_BYTES))
    run.upload_file("outputs/large", tmp_path / "large")

    def tagged(key: str) -> Callable[[dict[str, Any]], bool]:
        return lambda update: key in update.get("run", {}).get("tags", {})

    async def main() -> None:
        async with page(server, workspace) as stalled, page(server, workspace) as other:
            snapshot = await stalled.watch("a", run_id=run.id)
            await other.watch("b", run_id=run.id)
            large = {"run_id": run.id, "name": "outputs/large", "start_bytes": 0}
            for part in ("first", "second", "third"):  # what lies between is full before the last
                for number in range(20):
                    question = {"type": "read_file", "id": f"{part} {number}", **large}
                    await stalled.say({**question, "limit_bytes": MOST_FILE_BYTES}, run_id=run.id)
                tag = {"type": "set_tag", "id": part, "run_ids": [run.id], "key": part}
                await stalled.say({**tag, "value": None}, run_id=run.id)  # comes to a thread last
                await other.hear(tagged(part))

            taken = [await stalled.hear(lambda update: True)]
            while taken[-1]["type"] != "pong":
                await stalled.say({"type": "ping", "channel": "a"}, run_id=run.id)
                taken.append(await stalled.hear(lambda update: True))
            assert sum(update["type"] == "file_read" for update in taken) < 30, "of 60"
            heard = {update["seq"] for update in taken if update["type"] == "delta"}
            assert set(range(snapshot["seq"] + 1, taken[-1]["seq"] + 1)) - heard, "it sees a gap"
            watch = {"type": "watch", "channel": "a", "run_id": None, "look": {}}
            await stalled.say(watch, run_id=run.id)
            again = await stalled.hear(lambda update: update["type"] == "snapshot")
            assert again["run"]["tags"].keys() == {"first", "second", "third"}
            run.tag("read again")
            delta = await stalled.hear(tagged("read again"))
            assert delta["seq"] == again["seq"] + 1

    in_a_thread(main())
