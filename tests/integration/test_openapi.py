"""The server does what its OpenAPI description says, and refuses what that does not allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import schemathesis
from schemathesis import engine
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from runwatch.core import Experiment, Run, Workspace
from runwatch.feed.messages import Command
from runwatch.server import openapi
from runwatch.server.rest import OPERATIONS
from runwatch.server.routes import all_routes
from runwatch.server.workspaces import Workspaces
from tests.browser import jupyter_server
from tests.browser.jupyter_server import JupyterServer

EXAMPLES = 25
OFTEN = 0.7
"""How often a run, a file, a tag or a metric is asked for that is there."""
LOG = "user_logs/std_log.txt"
_WITHOUT_SLASH = "the-log"
"""Stands for it while requests are made up: a part of a path is never given a slash."""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server.running("server", tmp_path_factory.mktemp("jupyter")) as started:
        yield started


@pytest.fixture
def run(server: JupyterServer) -> Run:
    """A run that has something of everything."""
    experiment = Experiment(Workspace(path=server.root), "served")
    run = experiment._start_logging(run_id="the-run", outputs=False)
    for step in range(100):
        run.log("loss", 1 / (step + 1))
    run.tag("quality", "good")
    run.child_run("child", run_id="the-child").fail("no more")
    run._paths.std_log.parent.mkdir(parents=True)
    run._paths.std_log.write_text("line\n" * 1000)
    run.flush()
    return run


@pytest.fixture
def described(server: JupyterServer, run: Run) -> Any:
    """The description, as the server gives it, with what requests are to be made up."""
    there = {
        "path.run_id": (OFTEN, [run.id]),
        "path.name": (OFTEN, [_WITHOUT_SLASH]),
        "path.key": (OFTEN, ["quality"]),
        "query.workspace": (OFTEN, [run._record.database.workspace_id]),
        "query.experiment": (OFTEN, ["served"]),
        "query.name": (OFTEN, ["loss"]),
        # A schema can't say what a filter is: these are ones.
        "query.filter": (1.0, ["status:failed -tag:bad", "metric:loss<1", '"two words"', ""]),
    }
    parameters = {
        name: {"dictionary": name.replace(".", "_"), "probability": often}
        for name, (often, _) in there.items()
    }
    dictionaries = {name.replace(".", "_"): {"values": v} for name, (_, v) in there.items()}
    token = {"Authorization": f"Bearer {server.token}"}
    # What of a file can be asked for depends on its size, which no schema knows, hence 416.
    accepted = ["2xx", "401", "403", "404", "409", "416"]
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "headers": token,
            "checks": {"positive_data_acceptance": {"expected-statuses": accepted}},
            "dictionaries": dictionaries,
            "parameters": parameters,
            "generation": {
                "max-examples": EXAMPLES,
                "deterministic": True,
                "database": "none",
                # Jupyter answers 403 where others have 401; `ignored_auth` tries without a token.
                "with-security-parameters": False,
            },
        }
    )
    url = f"{server.url}runwatch/api/openapi.json"
    return schemathesis.openapi.from_url(url, config=config, headers=token)


@schemathesis.hook("before_call")
def put_the_slash_in(context: Any, case: Any, kwargs: Any) -> None:
    if case.path_parameters.get("name") == _WITHOUT_SLASH:
        case.path_parameters["name"] = LOG


def test_all_that_is_served_is_described(tmp_path: Path) -> None:
    said = openapi.description(OPERATIONS, "/")
    described = {operation.pattern for operation in OPERATIONS}
    others = {pattern for pattern, _, _ in all_routes(Workspaces(tmp_path))} - described
    assert others == {"feed"}, "a WebSocket, for which OpenAPI has no words"
    assert "`feed`" in said["info"]["description"]
    assert set(said["paths"]) == {f"/{operation.path}" for operation in OPERATIONS}
    schemas = said["components"]["schemas"]
    body = said["paths"]["/commands"]["post"]["requestBody"]["content"]["application/json"]
    given = schemas[body["schema"]["$ref"].rpartition("/")[2]]["properties"]["command"]
    kinds = {str(one.__struct_config__.tag) for one in get_args(Command)}
    assert given["discriminator"]["mapping"].keys() == kinds


@pytest.mark.timeout(400)
def test_the_server_does_what_its_description_says(described: Any) -> None:
    answered: dict[str, set[int]] = defaultdict(set)
    checked: set[str] = set()
    phases: set[str] = set()
    failures: list[str] = []
    for event in engine.from_schema(described).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(event.recorder, answered, checked, failures)
            phases.add(event.phase.value)
        elif isinstance(event, (events.NonFatalError, events.FatalError)):
            failures.append(str(vars(event) if hasattr(event, "__dict__") else event))
    assert not failures, "\n\n".join(failures)
    assert phases >= {"coverage", "fuzzing", "stateful"}
    assert checked == set(CHECKS.get_all_names())
    for operation in OPERATIONS:
        if operation.path != "openapi.json":  # which all of this was read from
            wanted = {operation.status, *((206,) if operation.is_download else ())}
            assert wanted <= answered[f"{operation.method} /{operation.path}"], operation.path


def _note(
    recorder: Any, answered: dict[str, set[int]], checked: set[str], failures: list[str]
) -> None:
    for case_id, sent in recorder.interactions.items():
        if sent.response is not None:
            label = recorder.cases[case_id].value.operation.label
            answered[label].add(sent.response.status_code)
        for check in recorder.checks.get(case_id, ()):
            checked.add(check.name)
            if check.failure_info is not None:
                failure = check.failure_info.failure
                body = sent.response.content[:300] if sent.response is not None else b""
                failures.append(
                    f"{check.name}: {failure.title} {failure.message}\n"
                    f"{sent.request.method} {sent.request.uri}\n{body!r}"
                )
