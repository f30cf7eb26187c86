"""What can be asked of the Jupyter server about runs, and what it answers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from runwatch.core import Experiment, Run, ScriptRunConfig, Workspace
from tests.browser.jupyter_server import JupyterServer
from tests.integration.api_client import ask, get, id_of, new_workspace, remove, wait_until_found
from tests.integration.api_client import experiment as experiment
from tests.integration.api_client import run as run
from tests.integration.api_client import server as server
from tests.integration.api_client import workspace as workspace

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


def test_among_live_runs_is_a_child_whose_parent_has_ended(
    server: JupyterServer, workspace: Workspace, run: Run
) -> None:
    child = run.child_run("child")
    below = child.child_run("below")
    ended = run.child_run("ended")
    ended.complete()

    def found(**query: object) -> list[str]:
        listed = get(server, "runs", workspace=id_of(workspace), **query)["runs"]
        return [one["run_id"] for one in listed]

    assert found(status="live") == [run.id]
    run.complete()
    assert found(status="live") == [child.id]
    assert found(status="live,Completed") == [child.id, run.id]
    assert found(status="live", include_children=1) == [below.id, child.id]
    assert found() == [run.id]
    child.complete()
    assert found(status="live") == [below.id]


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
    wait_until_found(server, second)
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
    wait_until_found(server, second)
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


def test_who_cancels_may_say_how_long_the_grace_is(
    server: JupyterServer, workspace: Workspace, experiment: Experiment, tmp_path: Path
) -> None:
    (tmp_path / "sleeps.py").write_text("import time; time.sleep(600)")
    run = experiment.submit(ScriptRunConfig(tmp_path, "sleeps.py"))
    for wrong in ("-1", "86400", "nan", "soon"):
        refused = ask(server, "POST", f"runs/{run.id}/cancel", grace_s=wrong)
        assert (refused.status, f"grace_s can't be '{wrong}'" in refused.message) == (400, True)
    assert get(server, f"runs/{run.id}")["cancel_requested_ms"] is None
    asked = ask(server, "POST", f"runs/{run.id}/cancel", grace_s=600)
    assert asked.status == 202
    found = get(server, f"runs/{run.id}")
    assert found["cancel_forced_ms"] - found["cancel_requested_ms"] == 600_000
    assert ask(server, "POST", f"runs/{run.id}/cancel", grace_s=0).status == 202
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Canceled"
