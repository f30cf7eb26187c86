"""What goes over a page's socket is JSON that every browser can read."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from runwatch.core import Experiment, Workspace
from runwatch.feed.family import OfExperiment, OfRun
from runwatch.feed.messages import FileRead, Look, Update
from runwatch.feed.watcher import Watcher
from runwatch.feed.wire import frame


def content(update: Update) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    made = frame(update)
    if isinstance(made, bytes):
        (length,) = struct.unpack_from("<I", made)
        made = made[4 : 4 + length].decode()
    return json.loads(made, parse_constant=refuse)  # type: ignore[no-any-return]


def test_numbers_that_json_has_not_travel_as_words(workspace: Workspace) -> None:
    experiment = Experiment(workspace, "odd")
    run = experiment.start_logging()
    child = run.child_run("child")
    for one in (run, child):
        one.log_parameters({"rate": math.nan, "limit": math.inf, "floor": -math.inf})
        for value in (0.5, math.nan, math.inf, -math.inf):
            one.log("loss", value)
    run.flush()
    watcher = Watcher(workspace._record.database, workspace._record.settle)
    for scope in (OfRun(run.id), OfExperiment(experiment._row.key)):
        sent: list[Update] = []
        look = Look(columns=["param:rate", "param:limit", "metric:loss", "spark:loss"], charts=True)
        watcher.subscribe(scope, look, sent.append).close()
        snapshot = content(sent[0])
        assert snapshot["rows"][0]["values"]["param:rate"] == "NaN"
        if snapshot["run"]:
            assert snapshot["run"]["parameters"]["limit"] == "Infinity"
            assert snapshot["points"][0]["last"] == "-Infinity"


def test_a_frame_has_its_buffers_behind_the_json() -> None:
    update = FileRead(id="1", name="a", start_bytes=0, size_bytes=3, data=b"\x00\xff\n")
    made = frame(update)
    assert isinstance(made, bytes)
    assert content(update)["data"] == {"$buffer": 0}
    assert made.endswith(struct.pack("<I", 3) + b"\x00\xff\n")
