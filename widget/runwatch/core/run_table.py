"""Runs as a pandas table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from runwatch.core.record import Record
    from runwatch.core.run import Run
    from runwatch.store.runs import RunRow

_FIELDS = ("number", "name", "status", "type", "parent", "created", "started", "ended", "duration")


def of_runs(record: Record, found: Iterable[Run]) -> pd.DataFrame:
    """Return a row for each run, in their order, with what was logged and written on them."""
    import pandas as pd

    from runwatch.store import labels, metrics, runs

    ids = [run.id for run in found]
    with record.database.read() as connection:
        by_id = {row.run_id: row for row in runs.with_ids(connection, ids)}
        rows = [by_id[run_id] for run_id in ids]
        keys = [row.id for row in rows]
        parents = runs.ids_of(connection, {row.parent for row in rows if row.parent is not None})
        of_run: dict[int, dict[str, Any]] = {row.id: _fields(row, parents) for row in rows}
        for prefix, values in (
            ("parameters", labels.parameters(connection, keys)),
            ("metrics", metrics.last_values(connection, keys)),
            ("tags", labels.tags(connection, keys)),
            ("properties", labels.properties(connection, keys)),
        ):
            for run, named in values.items():
                of_run[run].update({f"{prefix}.{name}": v for name, v in named.items()})
    records = list(of_run.values())
    columns = list(dict.fromkeys([*_FIELDS, *(name for record in records for name in record)]))
    table = pd.DataFrame.from_records(
        records, columns=columns, index=pd.Index(ids, name="run_id", dtype="object")
    )
    for moment in ("created", "started", "ended"):
        table[moment] = pd.to_datetime(table[moment], unit="us", utc=True)
    table["duration"] = (table["ended"] - table["started"]).dt.total_seconds()
    return table


def _fields(row: RunRow, parents: dict[int, str]) -> dict[str, Any]:
    return {
        "number": row.number,
        "name": row.shown_name,
        "status": row.status,
        "type": row.type,
        "parent": None if row.parent is None else parents[row.parent],
        "created": row.created_us,
        "started": row.started_us,
        "ended": row.ended_us,
    }
