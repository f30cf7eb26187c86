"""What a view asks for only now and then: each question gets one answer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

from sqlalchemy import Connection

from runwatch.exceptions import RunwatchException, UserErrorException
from runwatch.feed import export
from runwatch.feed.find import find
from runwatch.feed.messages import (
    Answer,
    Export,
    FileRead,
    FindText,
    PointsRead,
    Question,
    ReadFile,
    ReadPoints,
    ReadTable,
    Refusal,
    SuggestTags,
    TableRead,
    TagsFound,
    TextFound,
)
from runwatch.feed.series import read_range
from runwatch.feed.wire import json_number
from runwatch.store import labels, metrics, run_files, runs
from runwatch.store.database import Database
from runwatch.store.metrics import SeriesRow
from runwatch.store.paths import as_text
from runwatch.store.runs import RunRow

MOST_FILE_BYTES = 4 * 1024 * 1024
MOST_ROWS = 500


def answer(database: Database, question: Question) -> Answer:
    """Return the answer, or in words why there is none."""
    try:
        return _answer(database, question)
    except RunwatchException as error:
        return Refusal(id=question.id, message=error.message)
    except OSError as error:
        return Refusal(id=question.id, message=f"{error.filename}: {error.strerror}.")


def _answer(database: Database, question: Question) -> Answer:
    if isinstance(question, ReadPoints):
        return _read_points(database, question)
    if isinstance(question, ReadTable):
        return _read_table(database, question)
    if isinstance(question, ReadFile):
        return _read_file(database, question)
    if isinstance(question, FindText):
        return _find_text(database, question)
    if isinstance(question, SuggestTags):
        with database.read() as connection:
            experiment = _run(connection, question.run_id).experiment
            return TagsFound(id=question.id, tags=labels.tags_used_in(connection, experiment))
    return _export(database, question)


def _run(connection: Connection, run_id: str) -> RunRow:
    row = runs.find(connection, run_id)
    if row is None:
        raise UserErrorException(f"Run {run_id} was not found.")
    return row


def series_of(
    connection: Connection, run_ids: list[str], name: str, kind: str
) -> list[tuple[RunRow, SeriesRow]]:
    """Return the runs that have that metric, with it."""
    by_key = {row.id: row for row in runs.with_ids(connection, run_ids)}
    found = metrics.of_runs(connection, by_key)
    return [(by_key[s.run], s) for s in found if s.name == name and s.kind == kind]


def _read_points(database: Database, asked: ReadPoints) -> PointsRead:
    with database.read() as connection:
        found = series_of(connection, asked.run_ids, asked.name, "scalar")
        points = [
            read_range(connection, series, row.run_id, asked.axis, asked.low, asked.high)
            for row, series in found
        ]
    return PointsRead(id=asked.id, points=points)


def _read_table(database: Database, asked: ReadTable) -> TableRead:
    with database.read() as connection:
        values: list[Any] = []
        for _, series in series_of(connection, [asked.run_id], asked.name, asked.kind):
            values += metrics.read_values(connection, series.id)
    if asked.kind == "artifact":
        return TableRead(id=asked.id, columns=[], rows=[], total=0, files=values)
    rows = list(_rows(asked.kind, asked.name, values))
    columns = list(dict.fromkeys(column for row in rows for column in row))
    shown = [[json_number(row.get(column)) for column in columns] for row in rows[:MOST_ROWS]]
    return TableRead(id=asked.id, columns=columns, rows=shown, total=len(rows), files=[])


def _rows(kind: str, name: str, values: list[Any]) -> Iterable[dict[str, Any]]:
    """Yield the rows of a list, of rows, or of tables below each other."""
    for value in values:
        if kind == "list":
            yield from ({name: element} for element in value)
        elif kind == "row":
            yield value
        else:
            yield from (
                dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)
            )


def _opened(database: Database, run_id: str, name: str) -> BinaryIO:
    """Open a file of a run; only what is listed can be read, and no link that leads elsewhere."""
    paths = database.paths.run(run_id)
    found = {as_text(one): path for one, path in run_files.names(paths).items()}.get(name)
    if found is None:
        raise UserErrorException(f"The run {run_id} has no file {name!r} any more.")
    return run_files.opened(paths, found)


def _read_file(database: Database, asked: ReadFile) -> FileRead:
    start = max(0, asked.start_bytes)
    with _opened(database, asked.run_id, asked.name) as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(start)
        data = file.read(max(0, min(asked.limit_bytes, MOST_FILE_BYTES)))
    return FileRead(id=asked.id, name=asked.name, start_bytes=start, size_bytes=size, data=data)


def _find_text(database: Database, asked: FindText) -> TextFound:
    with _opened(database, asked.run_id, asked.name) as file:
        found = find(file, asked.text)
    return TextFound(
        id=asked.id,
        lines_bytes=found.lines_bytes,
        searched_bytes=found.searched_bytes,
        size_bytes=found.size_bytes,
    )


def _export(database: Database, asked: Export) -> FileRead:
    with database.read() as connection:
        found = [
            (row.shown_name, row.run_id, metrics.read_arrays(connection, series.id))
            for row, series in series_of(connection, asked.run_ids, asked.name, "scalar")
        ]
    make = export.csv if asked.format == "csv" else export.plotly_json
    data = make(asked.name, found)
    suffix = "csv" if asked.format == "csv" else "plotly.json"
    stem = re.sub(r"[^\w-]+", "_", asked.name)
    name = f"{stem}.{suffix}"
    return FileRead(id=asked.id, name=name, start_bytes=0, size_bytes=len(data), data=data)
