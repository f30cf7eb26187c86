"""The Python half of the widgets, without a browser."""

from __future__ import annotations

import gc
import json
import threading
import types
import weakref
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from ipywidgets.widgets.widget import _instances

from runwatch.core import Experiment, Run
from runwatch.exceptions import UserErrorException
from runwatch.widgets import RunDetails, RunTable, cells, live_view
from tests.conftest import eventually

HOSTILE = "<script>alert('&')</script>"


@pytest.fixture
def run(experiment: Experiment) -> Iterator[Run]:
    run = experiment.start_logging(run_id="shown", display_name="shown")
    yield run
    run.complete()


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "runwatch-watcher"]


def sent_by(view: Any) -> list[dict[str, Any]]:
    """Return the list to which the widget's messages go from now on."""
    sent: list[dict[str, Any]] = []
    view.send = lambda content, buffers=None: sent.append(content)
    return sent


def say(view: Any, **message: Any) -> None:
    view._on_message(view, message, [])


LOOK: dict[str, Any] = {"expanded": [], "filter": "", "offset": 0, "limit": 10}


def test_each_channel_has_its_own_snapshot_and_deltas(run: Run) -> None:
    child = run.child_run("child")
    view = RunDetails(run)
    sent = sent_by(view)
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    say(view, type="watch", channel="b", run_id=child.id, look=LOOK)
    snapshots = {m["channel"]: m["run"]["run_id"] for m in sent if m["type"] == "snapshot"}
    assert snapshots == {"a": run.id, "b": child.id}
    child.tag("seen")
    eventually(lambda: {m["channel"] for m in sent if m["type"] == "delta"} == {"a", "b"})
    say(view, type="unwatch", channel="b")
    sent.clear()
    say(view, type="ping", channel="a")
    say(view, type="ping", channel="b")
    assert [(m["channel"], m["seq"] >= 1) for m in sent] == [("a", True), ("b", False)]
    view.close()


def test_the_summary_follows_the_run_until_it_has_ended(run: Run) -> None:
    view = RunDetails(run)
    run.tag("quality", "good")
    run.log("loss", 0.5)
    run.complete()
    eventually(lambda: view.summary["run"]["status"] == "Completed")
    eventually(lambda: threads() == [])
    assert view.summary["run"]["tags"] == {"quality": "good"}
    view.close()


def test_a_run_that_ends_as_its_view_goes_ends_in_the_summary(run: Run) -> None:
    view = RunDetails(run)
    sent_by(view)
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    with view._watcher._lock:  # between two looks at the record
        run.complete()
        say(view, type="unwatch", channel="a")
    eventually(lambda: view.summary["run"]["status"] == "Completed")
    eventually(lambda: threads() == [])
    view.close()


def test_a_run_that_ends_while_the_record_cant_be_read_ends_in_the_summary(run: Run) -> None:
    view = RunDetails(run)
    with view._watcher._lock:
        view._watcher._tell_trouble("The disk is full.")
        run.complete()
    eventually(lambda: view.summary["run"]["status"] == "Completed")
    eventually(lambda: threads() == [])
    view.close()


def test_a_message_that_cant_be_understood_is_refused_in_words(run: Run) -> None:
    view = RunDetails(run)
    sent = sent_by(view)
    say(view, type="cancel", id="1")
    assert sent[0]["type"] == "refusal"
    assert "run_ids" in sent[0]["message"]
    say(view, type="watch", channel="a", run_id="nobody", look=LOOK)
    assert sent[1] == {"type": "trouble", "channel": "a", "message": "Run nobody was not found."}
    view.close()


def test_closing_leaves_no_thread_no_comm_and_no_listener(run: Run) -> None:
    eventually(lambda: threads() == [])  # as that of another test's view ends soon after it
    comms = len(_instances)
    view = RunDetails(run)
    sent_by(view)
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    assert len(threads()) == 1
    view.close()
    eventually(lambda: threads() == [])
    assert len(_instances) == comms
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None


class Shell:
    """What of IPython's shell tells which cell runs."""

    def __init__(self) -> None:
        self.cell = "one"
        self.before: list[Any] = []
        self.events = types.SimpleNamespace(
            register=lambda event, function: self.before.append(function)
        )

    def get_parent(self) -> dict[str, Any]:
        return {"metadata": {"cellId": self.cell}}

    def run(self, cell: str) -> None:
        self.cell = cell
        for function in self.before:
            function(None)


def test_running_a_cell_again_lets_go_of_what_it_showed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell()
    monkeypatch.setattr(cells, "_shell", lambda: shell)
    view, other = RunDetails(run), RunDetails(run)
    view._repr_mimebundle_()
    other._repr_mimebundle_()
    shell.run("two")
    other._repr_mimebundle_()  # shown by both cells
    shell.run("one")
    assert view.comm is None
    assert other.comm is not None
    bundle, _ = view._repr_mimebundle_()
    assert view.comm is not None, "one that is shown again opens"
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
    sent = sent_by(view)
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    assert [message["type"] for message in sent] == ["snapshot"]
    view.close()
    other.close()
    eventually(lambda: threads() == [])


def test_where_no_widget_can_run_there_is_the_last_state_as_html(run: Run) -> None:
    run.display_name = HOSTILE
    run.tag(HOSTILE, HOSTILE)
    for step in range(100):
        run.log("loss", 1 / (step + 1))
    child = run.child_run("child of it")
    child.log("loss", 0.25)
    child.fail(error_details=HOSTILE)
    run.flush()
    bundle, _ = RunDetails(run)._repr_mimebundle_()
    html = bundle["text/html"]
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 3
    assert "<polyline" in html
    assert "child of it" in html
    assert "Failed" in html
    assert bundle["text/plain"] == "RunDetails(shown)"


def test_what_a_notebook_keeps_is_small_however_much_there_is(
    run: Run, experiment: Experiment
) -> None:
    run.set_tags({f"tag {n}": "x" * 500 for n in range(40)})
    run.add_properties({f"property {n}": "y" * 500 for n in range(40)})
    run.log_parameters({f"parameter {n}": "z" * 500 for n in range(40)})
    run.description = "d" * 10_000
    for child in run.create_children(100):
        child.set_tags({f"key {n}": "value" * 20 for n in range(10)})
    for metric in range(40):
        for step in range(300):
            run.log(f"metric {metric}", step * 0.1 + metric)
    run.flush()
    for view in (RunDetails(run), RunTable(experiment)):
        bundle, _ = view._repr_mimebundle_()
        kept = bundle["application/vnd.runwatch.view+json"]
        assert kept["version"] == 1
        assert json.loads(kept["view"])["snapshot"]["rows"], "nothing of the tree was kept"
        output = nbformat.v4.new_output("display_data", bundle)
        cell = nbformat.v4.new_code_cell(outputs=[output])
        file = nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))
        assert len(file.encode()) <= 40_000
        assert "<table" in bundle["text/html"]
        view.close()


def test_html_shows_the_tree_as_deep_as_there_is_room(run: Run, experiment: Experiment) -> None:
    few, many = run.child_run("has few"), run.child_run("has many")
    few.child_run("grandchild").child_run("grandchild's child")
    many.create_children(60)
    view = RunDetails(run)
    bundle, _ = view._repr_mimebundle_()
    html = bundle["text/html"]
    assert html.index("has few") < html.index("grandchild") < html.index("grandchild&#x27;s child")
    assert html.count("<tr>") == 1 + 4
    kept = json.loads(bundle["application/vnd.runwatch.view+json"]["view"])["snapshot"]
    assert [row["display_name"] for row in kept["rows"]] == ["has few", "has many"]
    view.close()


def pages_of(view: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which what the notebook keeps is added each time it is brought anew."""
    pages: list[str] = []
    monkeypatch.setattr(view, "_refresh_page", lambda: pages.append(view._bundle()[0]["text/html"]))
    return pages


def test_what_is_said_of_an_ended_run_is_kept_soon(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_view, "PAGE_AFTER_WORDS_S", 0.05)
    monkeypatch.setattr(live_view, "_PAGE_AT_MOST_EVERY_S", 0.0)
    child = run.child_run("a child of it")
    child.complete()
    run.complete()
    view = RunDetails(run)
    pages = pages_of(view, monkeypatch)
    sent_by(view)
    say(view, type="steady")
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    run.tag("the", "winner")
    eventually(lambda: pages and "the=winner" in pages[-1])
    child.tag("second", "best")
    eventually(lambda: "second=best" in pages[-1])
    view.close()


def test_the_last_that_a_run_did_is_kept_in_the_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_view, "PAGE_EVERY_S", 0.5)
    monkeypatch.setattr(live_view, "_PAGE_AT_MOST_EVERY_S", 0.5)  # a new row has tags, too
    view = RunDetails(run)
    pages = pages_of(view, monkeypatch)
    sent_by(view)
    say(view, type="steady")
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    run.child_run("made last")
    eventually(lambda: pages and "made last" in pages[-1])
    view.close()


def test_a_run_that_ends_before_its_child_does_is_kept_as_ended_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = run.child_run("goes on")
    view = RunDetails(run)
    pages = pages_of(view, monkeypatch)
    sent_by(view)
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    run.fail("interrupted")
    eventually(lambda: pages and "interrupted" in pages[-1])
    child.complete()
    eventually(lambda: "Completed" in pages[-1])
    view.close()


def test_a_closed_view_brings_no_page_up_to_date(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    view = RunDetails(run)
    sent = sent_by(view)
    say(view, type="steady")
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    run.tag("said")
    eventually(lambda: any(m["type"] == "delta" for m in sent))
    eventually(lambda: view._page_timer is not None)
    timer = view._page_timer
    view.close()
    eventually(lambda: not timer.is_alive())


def test_a_failed_run_has_its_traceback_in_the_html(experiment: Experiment) -> None:
    with pytest.raises(ValueError, match="too bad"), experiment.start_logging() as run:
        raise ValueError("too bad")
    html = RunDetails(run)._repr_mimebundle_()[0]["text/html"]
    assert "too bad" in html
    assert "<details><summary>Traceback</summary>" in html


def test_an_experiment_is_shown_as_a_table_of_its_runs(run: Run, experiment: Experiment) -> None:
    view = RunTable(experiment)
    bundle, _ = view._repr_mimebundle_()
    assert bundle["text/plain"] == f"RunTable({experiment.name})"
    assert "shown" in bundle["text/html"]
    sent = sent_by(view)
    say(view, type="watch", channel="a", run_id=None, look=LOOK)
    assert sent[0]["experiment"]["name"] == experiment.name
    assert [row["run_id"] for row in sent[0]["rows"]] == [run.id]
    say(view, type="watch", channel="b", run_id=run.id, look=LOOK)
    assert sent[1]["run"]["run_id"] == run.id
    view.close()


def test_a_table_of_what_is_no_experiment_is_refused_in_words(run: Run) -> None:
    with pytest.raises(UserErrorException, match="RunTable shows an Experiment"):
        RunTable(run)  # type: ignore[arg-type]


def test_a_metric_is_a_plotly_figure_with_a_line_for_each_run(run: Run) -> None:
    child = run.child_run("child")
    for one in (run, child):
        one.log("loss", 0.5)
        one.flush()
    view = RunDetails(run)
    assert [line.name for line in view.figure("loss").data] == ["shown", "child"]
    view.close()


def test_the_end_of_a_run_is_told_to_a_function(experiment: Experiment) -> None:
    run = experiment.start_logging()
    told: list[tuple[Run, str]] = []
    run.on_end(lambda ended: told.append((ended, ended.status)))
    run.on_end(lambda ended: 1 / 0)
    run.complete()
    eventually(lambda: told == [(run, "Completed")])
