"""What a page may say to its feed, in any order and however odd, and what it hears."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runwatch.core import Experiment, Run, Workspace
from runwatch.exceptions import WorkspaceException
from runwatch.feed.channel import Channel
from runwatch.server.page_feed import PageFeed, parsed, refused_command
from runwatch.server.workspaces import Workspaces
from tests.conftest import eventually


class Page:
    """A page, without its socket."""

    def __init__(self, root: Path, workspace_id: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self._workspace_id = workspace_id
        self.feed = PageFeed(Workspaces(root), lambda frame: self.heard.append(json.loads(frame)))

    def say(self, request: dict[str, Any], **subject: str) -> None:
        self.feed.take({"workspace_id": self._workspace_id, **subject, "request": request})

    def watch(self, channel: str, **subject: str) -> None:
        look: dict[str, Any] = {}
        self.say({"type": "watch", "channel": channel, "run_id": None, "look": look}, **subject)

    def last(self, kind: str) -> dict[str, Any]:
        found = [one for one in self.heard if one["type"] == kind]
        assert found, f"no {kind} among {[one['type'] for one in self.heard]}"
        return found[-1]

    def pong(self, channel: str, **subject: str) -> dict[str, Any]:
        self.heard.clear()
        self.say({"type": "ping", "channel": channel}, **subject)
        return self.heard[-1]


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    run = Experiment(Workspace(path=folder), "served").start_logging()
    yield run
    with suppress(WorkspaceException):  # a test may have removed it
        run.complete()


@pytest.fixture
def page(folder: Path, run: Run) -> Iterator[Page]:
    page = Page(folder, run._record.database.workspace_id)
    yield page
    page.feed.close()


def test_a_question_beside_a_channel_leaves_it_open(page: Page, run: Run) -> None:
    page.watch("a", run_id=run.id)
    seq = page.last("snapshot")["seq"]
    page.say({"type": "suggest_tags", "id": "1", "run_id": run.id}, run_id=run.id)
    assert page.last("tags_found")["id"] == "1"
    assert page.pong("a", run_id=run.id)["seq"] == seq


def test_a_channel_that_is_opened_again_is_told_of_each_change_once(page: Page, run: Run) -> None:
    for _ in range(3):
        page.watch("a", run_id=run.id)
    page.heard.clear()
    run.tag("seen")
    eventually(lambda: any(one["type"] == "delta" for one in page.heard))
    run.display_name = "the end"
    eventually(lambda: any("display_name" in one.get("run", {}) for one in page.heard))
    assert [one["seq"] for one in page.heard] == [2, 3]


@pytest.mark.parametrize(
    "odd", [{"run_id": "\ud800"}, {"experiment": "\ud800"}, {"run_id": "../../etc/passwd"}]
)
def test_what_is_odd_is_refused_and_ends_nothing(page: Page, run: Run, odd: dict[str, str]) -> None:
    page.watch("odd", **odd)
    assert page.last("trouble")["channel"] == "odd"
    page.watch("a", run_id=run.id)
    assert page.last("snapshot")["channel"] == "a"


@pytest.mark.parametrize("kind", [[], {}, None, 1, "", ["watch"]])
def test_a_kind_of_request_that_is_no_word_is_none_and_ends_nothing(
    page: Page, run: Run, kind: object
) -> None:
    message = {"workspace_id": "a", "request": {"type": kind, "channel": "odd"}}
    assert not PageFeed.in_order(message)
    assert refused_command(message) is None
    page.feed.take(message)
    assert page.last("trouble")["channel"] == "odd"
    page.watch("a", run_id=run.id)
    assert page.last("snapshot")["channel"] == "a"


@pytest.mark.parametrize("text", ["", "{", b"\xff", "[" * 100_000])
def test_what_is_no_message_is_passed_over(text: str | bytes) -> None:
    assert parsed(text) is None


def test_who_asks_while_the_record_is_away_is_told_that_it_is(page: Page, run: Run) -> None:
    page.watch("a", run_id=run.id)
    run._record.drop()
    eventually(lambda: any(one["type"] == "trouble" for one in page.heard))
    assert page.pong("a", run_id=run.id)["type"] == "trouble"


def test_an_error_while_watching_is_told_and_watching_goes_on(
    page: Page, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise PermissionError("the log")

    page.watch("a", run_id=run.id)
    with monkeypatch.context() as broken:
        broken.setattr(Channel, "refresh", fails)
        run.tag("while", "broken")
        eventually(lambda: any(one["type"] == "trouble" for one in page.heard))
        assert "the log" in page.last("trouble")["message"]
    eventually(lambda: page.heard[-1]["type"] != "trouble")
    assert page.last("snapshot")["run"]["tags"] == {"while": "broken"}


def test_a_workspace_that_was_moved_while_it_was_watched_is_watched_where_it_is(
    page: Page, folder: Path
) -> None:
    before, after = folder / "before", folder / "after"
    moved = Experiment(Workspace(path=before), "moved").start_logging()
    moved.complete()
    subject = {"workspace_id": moved._record.database.workspace_id, "run_id": moved.id}
    page.watch("a", **subject)
    assert page.last("snapshot")["run"]["tags"] == {}
    moved._record.recorder.stop()
    before.rename(after)
    eventually(lambda: any(one["type"] == "trouble" for one in page.heard))
    Workspace(path=after).get_run(moved.id).tag("seen")
    # As a view does after a while without news.
    assert page.pong("a", **subject)["seq"] == -1
    page.watch("a", **subject)
    assert page.last("snapshot")["run"]["tags"] == {"seen": None}
