"""What is timed, each in a process of its own: ``python -m benchmarks.programs NAME ARGUMENTS``.

A program prints one line of JSON. Those of peers run in the environment of the peers.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import sys
import time
from array import array
from pathlib import Path
from typing import Any

SERIES = 10
"""Metrics that take turns in being logged."""
_NAMES = [f"metric {number}" for number in range(SERIES)]


def _run(run_id: str = "r", folder: str = ".") -> Any:
    from runwatch import Experiment, Workspace

    experiment = Experiment(Workspace(path=folder), "bench")
    return experiment.start_logging(run_id=run_id)


def _table(folder: str) -> sqlite3.Connection:
    connection = sqlite3.connect(Path(folder) / "bare.sqlite", isolation_level=None, timeout=60)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS points (run TEXT, name TEXT, step INTEGER, time REAL, v REAL)"
    )
    return connection


# --- log -----------------------------------------------------------------------------------------


def log_runwatch(count: str) -> float:
    """Seconds for `count` calls in a notebook's process, which ships them at the same time."""
    return _log(_run(), int(count))


def log_submitted(count: str) -> float:
    """Seconds for `count` calls in a submitted script, which its supervisor ships."""
    from runwatch import Run

    return _log(Run.get_context(), int(count))


def _log(run: Any, count: int) -> float:
    run.log("first", 0.0)
    begun = time.perf_counter()
    for step in range(count):
        run.log(_NAMES[step % SERIES], step * 0.5, step=step)
    return time.perf_counter() - begun


def log_sqlite(count: str) -> float:
    """Seconds for `count` inserts, each committed."""
    connection = _table(".")
    begun = time.perf_counter()
    for step in range(int(count)):
        connection.execute(
            "INSERT INTO points VALUES (?, ?, ?, ?, ?)",
            ("r", _NAMES[step % SERIES], step, time.time(), step * 0.5),
        )
    return time.perf_counter() - begun


def log_write(count: str) -> float:
    """Seconds for as many write(2) of 45 bytes: what no program can go below."""
    descriptor = os.open("bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    record = bytes(45)
    begun = time.perf_counter()
    for _ in range(int(count)):
        os.write(descriptor, record)
    return time.perf_counter() - begun


def log_mlflow(count: str) -> float:
    """Seconds for `count` calls of `mlflow.log_metric` on SQLite."""
    import mlflow

    mlflow.set_tracking_uri("sqlite:///mlflow.sqlite")
    mlflow.set_experiment("bench")
    with mlflow.start_run():
        mlflow.log_metric("first", 0.0)
        begun = time.perf_counter()
        for step in range(int(count)):
            mlflow.log_metric(_NAMES[step % SERIES], step * 0.5, step=step)
        return time.perf_counter() - begun


def log_trackio(count: str) -> float:
    """Seconds until `count` points are stored: the calls and `finish()`."""
    os.environ["TRACKIO_DIR"] = os.getcwd()
    import trackio

    trackio.init(project="bench", embed=False)
    begun = time.perf_counter()
    for step in range(int(count)):
        trackio.log({_NAMES[step % SERIES]: step * 0.5}, step=step)
    trackio.finish()
    return time.perf_counter() - begun


def log_aim(count: str) -> float:
    """Seconds until `count` points are stored: the calls and `close()`."""
    from aim import Run

    run = Run(repo=os.getcwd(), system_tracking_interval=None, capture_terminal_logs=False)
    begun = time.perf_counter()
    for step in range(int(count)):
        run.track(step * 0.5, name=_NAMES[step % SERIES], step=step)
    run.close()
    return time.perf_counter() - begun


def log_wandb(count: str) -> float:
    """Seconds until `count` points are stored, offline: the calls and `finish()`."""
    import wandb

    run = wandb.init(mode="offline", dir=os.getcwd(), settings=wandb.Settings(silent=True))
    begun = time.perf_counter()
    for step in range(int(count)):
        run.log({_NAMES[step % SERIES]: step * 0.5}, step=step)
    run.finish()
    return time.perf_counter() - begun


# --- many processes ------------------------------------------------------------------------------


def _ready() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def crowd_runwatch(count: str, number: str, folder: str) -> list[float]:
    """99th percentile and longest of `count` calls, seconds; begins when it is told."""
    run = _run(f"r{number}", folder)
    run.log("first", 0.0)
    took = array("d", bytes(8 * int(count)))
    _ready()
    for step in range(int(count)):
        begun = time.perf_counter()
        run.log("metric", step * 0.5, step=step)
        took[step] = time.perf_counter() - begun
    ordered = sorted(took)
    return [ordered[int(len(ordered) * 0.99)], ordered[-1]]


def crowd_sqlite(count: str, number: str, folder: str) -> list[float]:
    """Insert `count` rows in transactions of 200; begins when it is told."""
    connection = _table(folder)
    rows = [(f"r{number}", "metric", step, step * 1.0, step * 0.5) for step in range(int(count))]
    _ready()
    for start in range(0, len(rows), 200):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows[start : start + 200]
        )
        connection.execute("COMMIT")
    return [0.0, 0.0]


def crowd_calls(seconds: str, number: str, folder: str) -> float:
    """Log 100 points a second, tag and read once a second; return the longest call, seconds."""
    run = _run(f"c{number}", folder)
    run.log("metric", 0.0)
    run.tag("first", "x")
    run.get_metrics()
    longest = 0.0
    _ready()
    end = time.perf_counter() + float(seconds)
    step = 0
    while (begun := time.perf_counter()) < end:
        step += 1
        run.log("metric", step * 0.5)
        if step % 100 == int(number):
            run.tag("step", str(step))
            longest = max(longest, time.perf_counter() - begun)
            begun = time.perf_counter()
            run.get_metrics("metric")
        longest = max(longest, time.perf_counter() - begun)
        time.sleep(0.01)
    return longest


# --- a training script ---------------------------------------------------------------------------


def train(seconds: str) -> list[float]:
    """Share of its time that a submitted script spends in log(), and in bare write(2)."""
    from runwatch import Run

    run = Run.get_context()
    run.log("loss", 0.0)
    descriptor = os.open("bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    record = bytes(45)
    logging = writing = 0.0
    begun = time.perf_counter()
    next_step = begun
    step = 0
    while time.perf_counter() - begun < float(seconds):
        next_step += 0.001
        while time.perf_counter() < next_step:
            sum(range(100))  # the work
        before = time.perf_counter()
        run.log("loss", step * 0.5, step=step)
        between = time.perf_counter()
        os.write(descriptor, record)
        after = time.perf_counter()
        logging += between - before
        writing += after - between
        step += 1
    took = time.perf_counter() - begun
    return [logging / took, writing / took, step / took]


# --- child runs ----------------------------------------------------------------------------------


def children_runwatch(count: str) -> float:
    """Seconds for `create_children(count)`."""
    run = _run()
    run.create_children(count=2)
    begun = time.perf_counter()
    run.create_children(count=int(count))
    return time.perf_counter() - begun


def children_sqlite(count: str) -> float:
    """Seconds for the same rows in the same table, by one executemany."""
    run = _run()
    run.create_children(count=int(count))
    run.complete()
    connection = sqlite3.connect(".runwatch/record.sqlite", isolation_level=None)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    rows = connection.execute("SELECT * FROM runs WHERE parent IS NOT NULL").fetchall()
    key, run_id = columns.index("id"), columns.index("run_id")
    new = [[*row[:key], None, *row[key + 1 :]] for row in rows]
    for row in new:
        row[run_id] += "-again"
    statement = f"INSERT INTO runs VALUES ({', '.join('?' * len(columns))})"
    begun = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(statement, new)
    connection.execute("COMMIT")
    return time.perf_counter() - begun


def children_mlflow(count: str) -> float:
    """Seconds for a loop of `MlflowClient.create_run` with the parent's tag, on SQLite."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri="sqlite:///mlflow.sqlite")
    experiment = client.create_experiment("bench")
    parent = client.create_run(experiment).info.run_id
    begun = time.perf_counter()
    for _ in range(int(count)):
        client.create_run(experiment, tags={"mlflow.parentRunId": parent})
    return time.perf_counter() - begun


# --- finding -------------------------------------------------------------------------------------


def find(folder: str) -> dict[str, float]:
    """Seconds to find 100 runs by tag, by property, and the newest 50, and the bare queries."""
    from itertools import islice

    from runwatch import Experiment, Workspace

    experiment = Experiment(Workspace(path=folder), "bench")
    list(islice(experiment.get_runs(), 1))
    looks = {
        "by tag": lambda: experiment.get_runs(tags={"picked": "yes"}),
        "by property": lambda: experiment.get_runs(properties={"picked": "yes"}),
        "newest 50": lambda: islice(experiment.get_runs(), 50),
    }
    found = {}
    for name, look in looks.items():
        begun = time.perf_counter()
        count = len(list(look()))
        found[name] = time.perf_counter() - begun
        assert count == (50 if name == "newest 50" else 100), (name, count)
    connection = sqlite3.connect(Path(folder) / ".runwatch/record.sqlite")
    queries = {
        name: f"SELECT r.* FROM {table} t JOIN runs r ON r.id = t.run "
        "WHERE t.key = 'picked' AND t.value = 'yes' ORDER BY t.run DESC"
        for name, table in (("by tag", "run_tags"), ("by property", "run_properties"))
    }
    queries["newest 50"] = "SELECT * FROM runs WHERE parent IS NULL ORDER BY id DESC LIMIT 50"
    for name, query in queries.items():
        begun = time.perf_counter()
        connection.execute(query).fetchall()
        found[f"bare {name}"] = time.perf_counter() - begun
    return found


def many_runs(count: str, folder: str) -> int:
    """Make a record of so many ended runs with three tags and properties; 100 are picked."""
    from runwatch import Experiment, Workspace

    experiment = Experiment(Workspace(path=folder), "bench")
    experiment.start_logging(run_id="first").complete()
    connection = sqlite3.connect(Path(folder) / ".runwatch/record.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    (model,) = connection.execute("SELECT * FROM runs").fetchall()
    at = {name: columns.index(name) for name in ("id", "run_id", "root", "number")}

    def run(number: int) -> list[Any]:
        row = list(model)
        row[at["id"]] = row[at["root"]] = row[at["number"]] = number
        row[at["run_id"]] = f"run-{number}"
        return row

    numbers = range(2, int(count) + 1)
    picked = set(numbers[:: len(numbers) // 100][:100])
    connection.execute("BEGIN")
    places = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO runs VALUES ({places})", map(run, numbers))
    for table in ("run_tags", "run_properties"):
        connection.executemany(
            f"INSERT INTO {table} (run, key, value) VALUES (?, ?, ?)",
            (
                (number, key, value)
                for number in numbers
                for key, value in (
                    ("lr", str(number % 50)),
                    ("data", "mnist"),
                    ("picked", "yes" if number in picked else "no"),
                )
            ),
        )
    connection.execute("COMMIT")
    connection.close()
    return len(picked)


# --- reading metrics -----------------------------------------------------------------------------


def many_points(each: str, folder: str) -> int:
    """Make a record of 10 metrics of so many points, and a bare table of the same."""
    run = _run("r", folder)
    for step in range(int(each)):
        for name in _NAMES:
            run.log(name, step * 0.5, step=step)
    run.complete()
    connection = _table(folder)
    connection.execute("CREATE INDEX points_by_name ON points (run, name, step)")
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO points VALUES ('r', ?, ?, ?, ?)",
        ((name, step, step * 1.0, step * 0.5) for step in range(int(each)) for name in _NAMES),
    )
    connection.execute("COMMIT")
    return int(each)


def read(folder: str) -> list[float]:
    """Seconds for get_metrics(), the same as arrays, and the bare fetch."""
    from runwatch import Workspace

    run = Workspace(path=folder).get_run("r")
    run.get_metric_arrays(_NAMES[0])
    begun = time.perf_counter()
    values = run.get_metrics()
    listed = time.perf_counter() - begun
    begun = time.perf_counter()
    arrays = {name: run.get_metric_arrays(name) for name in _NAMES}
    as_arrays = time.perf_counter() - begun
    connection = _table(folder)
    begun = time.perf_counter()
    bare = {
        name: [
            value
            for (value,) in connection.execute(
                "SELECT v FROM points WHERE run = 'r' AND name = ? ORDER BY step", (name,)
            )
        ]
        for name in _NAMES
    }
    fetched = time.perf_counter() - begun
    assert values == bare
    assert all(arrays[name].values.tolist() == bare[name] for name in _NAMES)
    return [listed, as_arrays, fetched]


# --- what a process costs ------------------------------------------------------------------------


def start() -> list[Any]:
    """Seconds to import runwatch, and which heavy modules that loaded."""
    begun = time.perf_counter()
    import runwatch  # noqa: F401

    took = time.perf_counter() - begun
    heavy = ("pandas", "plotly", "sqlalchemy", "IPython", "ray", "mlflow", "numpy")
    return [took, [name for name in heavy if name in sys.modules]]


def endure(count: str) -> list[float]:
    """Growth of the process's memory in MB over `count` points, and bytes a point on disk."""
    run = _run()
    for step in range(1000):
        run.log(_NAMES[step % SERIES], step * 0.5, step=step)
    run.get_metrics("metric 0")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for step in range(1000, int(count)):
        run.log(_NAMES[step % SERIES], step * 0.5, step=step)
    run.complete()
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss: bytes there, else kB
    run.experiment.workspace._record.database.close()
    size = sum(f.stat().st_size for f in Path(".runwatch").rglob("*") if f.is_file())
    return [growth / unit, size / int(count)]


# --- runs that a widget watches ------------------------------------------------------------------


def family(count: str, folder: str, experiment: str = "browser") -> str:
    """Make a run with `count` live children of one metric, and return its id."""
    from runwatch import Experiment, Workspace

    run = Experiment(Workspace(path=folder), experiment).start_logging(display_name="family")
    for child in run.create_children(count=int(count)):
        child.log("loss", 1.0)
    print(json.dumps(run.id), flush=True)
    sys.stdin.read()  # the children live as long as this process
    return run.id


def stir(run_id: str, each_second: str, folder: str) -> None:
    """Change the metric of so many children of a run each second, until told to end."""
    from itertools import cycle

    from runwatch import Workspace

    children = list(Workspace(path=folder).get_run(run_id).get_children())
    begun, pace = time.monotonic(), int(each_second)
    for number, child in enumerate(cycle(children)):
        child.log("loss", 1.0 / (number + 2))
        if number % 10 == 0:
            time.sleep(max(0.0, begun + number / pace - time.monotonic()))


def family_with_history(count: str, points: str, folder: str) -> str:
    """Make a run with `count` live children of so many points each, and return its id."""
    from runwatch import Experiment, Workspace

    run = Experiment(Workspace(path=folder), "browser").start_logging(display_name="family")
    for child in run.create_children(count=int(count)):
        for step in range(int(points)):
            child.log("loss", -1.0 / (step + 1), step=step)
    run.flush()
    print(json.dumps(run.id), flush=True)
    sys.stdin.read()
    return run.id


def mlflow_with_history(count: str, points: str, folder: str) -> str:
    """Make the same runs in MLflow, and return their experiment's id."""
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

    client = MlflowClient(_mlflow_store(folder))
    experiment = client.create_experiment("family")
    for _ in range(int(count)):
        run = client.create_run(experiment)
        metrics = [
            Metric("loss", -1.0 / (step + 1), int(time.time() * 1000), step)
            for step in range(int(points))
        ]
        for start in range(0, len(metrics), 1000):
            client.log_batch(run.info.run_id, metrics=metrics[start : start + 1000])
    return str(experiment)


def tick(run_id: str, first: str, count: str, folder: str) -> list[float]:
    """Log 1, 2, 3… to the first child of a run, ten a second; return when each was logged."""
    from runwatch import Workspace

    children = Workspace(path=folder).get_run(run_id).get_children()
    child = next(one for one in children if one.display_name == "child 0")
    told = []
    for number in range(1, int(count) + 1):
        told.append(time.time())
        child.log("loss", number, step=int(first) + number)
        time.sleep(0.1)
    return told


def tick_mlflow(experiment: str, first: str, count: str, folder: str) -> list[float]:
    """Do the same to a run of an experiment of MLflow."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(_mlflow_store(folder))
    run_id = client.search_runs([experiment])[0].info.run_id
    told = []
    for number in range(1, int(count) + 1):
        told.append(time.time())
        client.log_metric(run_id, "loss", number, step=int(first) + number)
        time.sleep(0.1)
    return told


def _mlflow_store(folder: str) -> str:
    return f"sqlite:///{folder}/mlflow.sqlite"


# --- pages that watch over a server --------------------------------------------------------------


def live_runs(count: str, each_second: str, folder: str) -> None:
    """Log the time to `count` runs, so often a second to each; print the workspace and the runs."""
    from runwatch import Experiment, Workspace

    experiment = Experiment(Workspace(path=folder), "served")
    runs = [experiment.start_logging(display_name=f"run {n}") for n in range(int(count))]
    for run in runs:
        run.log("clock", time.time())
    workspace_id = experiment.workspace._record.database.workspace_id
    print(json.dumps([workspace_id, [run.id for run in runs]]), flush=True)
    pause = 1 / (int(each_second) * len(runs))
    due = time.monotonic()
    while True:
        for run in runs:
            due += pause
            time.sleep(max(0.0, due - time.monotonic()))
            run.log("clock", time.time())


class _Heard:
    """What pages have heard: each channel's number, and how long each point was on its way."""

    def __init__(self) -> None:
        self.began = 0
        self.lost = 0
        self.messages = 0
        self.size_bytes = 0
        self.took: list[float] = []
        self._seq: dict[str, int] = {}
        self._newest: dict[str, float] = {}

    def forget(self) -> None:
        """Count anew from here on; the channels go on."""
        self.messages = self.size_bytes = 0
        self.took.clear()

    def take(self, frame: str | bytes) -> None:
        """Take in one message to one page."""
        at = time.time()
        self.messages += 1
        self.size_bytes += len(frame)
        text, buffers = _parts(frame)
        update = json.loads(text)
        channel = update.get("channel")
        if channel is None:
            return
        before = self._seq.get(channel)
        self.began += before is None
        self.lost += update["type"] == "trouble"
        if before is not None and update["type"] != "trouble":
            self.lost += update["seq"] - before - 1
        self._seq[channel] = update.get("seq", 0)
        newest = self._newest.get(channel, 0.0)
        for points in update.get("points", ()):
            logged = array("d", buffers[points["values"]["data"]["$buffer"]])
            if before is not None:
                self.took += [at - value for value in logged if value > newest]
            self._newest[channel] = max([newest, *logged])


def _parts(frame: str | bytes) -> tuple[str | bytes, list[bytes]]:
    """Return the JSON and the buffers of a frame (`runwatch.feed.wire.frame`)."""
    if isinstance(frame, str):
        return frame, []
    parts, at = [], 0
    while at < len(frame):
        end = at + 4 + int.from_bytes(frame[at : at + 4], "little")
        parts.append(frame[at + 4 : end])
        at = end
    return parts[0], parts[1:]


def pages(url: str, token: str, record: str, count: str, seconds: str) -> dict[str, Any]:
    """Listen as so many pages: each watches the workspace, the experiment's table and one run.

    Prints a line when it begins to count and one when it has ended; then what was heard.
    """
    import asyncio

    return asyncio.run(_listen(url, token, json.loads(record), int(count), float(seconds)))


async def _listen(
    url: str, token: str, record: list[Any], count: int, seconds: float
) -> dict[str, Any]:
    import asyncio

    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect

    workspace_id, run_ids = record
    heard = _Heard()

    async def page(number: int) -> None:
        socket = await websocket_connect(
            HTTPRequest(url, headers={"Authorization": f"token {token}"})
        )
        run_id = run_ids[number % len(run_ids)]
        subjects = {"all": {}, "table": {"experiment": "served"}, "run": {"run_id": run_id}}
        for name, subject in subjects.items():
            watch = {"type": "watch", "channel": f"{name} {number}", "run_id": None, "look": {}}
            carried = {"workspace_id": workspace_id, **subject, "request": watch}
            await socket.write_message(json.dumps(carried))
        while (frame := await socket.read_message()) is not None:
            heard.take(frame)
        heard.lost += 1  # the server has closed it

    listening = [asyncio.create_task(page(number)) for number in range(count)]
    while heard.began < 3 * count:
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)  # what was to be done once is done
    heard.forget()
    _say("begun")
    before = time.process_time()
    await asyncio.sleep(seconds)
    share = (time.process_time() - before) / seconds
    _say("ended")
    for task in listening:
        task.cancel()
    return {
        "took": heard.took,
        "lost": heard.lost,
        "messages": heard.messages,
        "size_bytes": heard.size_bytes,
        "share": share,
    }


def _say(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
