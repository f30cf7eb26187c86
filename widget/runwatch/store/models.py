"""Registered models: a named, versioned copy of what a run has made."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from runwatch.store import rights
from runwatch.store.clock import now_us
from runwatch.store.database import Database, Transaction
from runwatch.store.paths import WorkspacePaths, half_made_name
from runwatch.store.schema import models, runs


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One version of a model."""

    name: str
    version: int
    run_id: str | None
    created_us: int
    description: str | None
    framework: str | None
    framework_version: str | None
    tags: dict[str, str | None]
    properties: dict[str, str | None]


def register(
    database: Database,
    name: str,
    copy_to: Callable[[Path], None],
    *,
    run: int | None,
    tags: Mapping[str, str | None],
    properties: Mapping[str, str | None],
    **values: Any,
) -> ModelRow:
    """Keep a new version of a model; its files are there before its row is.

    Parameters
    ----------
    copy_to
        Writes the model's files into the folder that it is given.
    run
        The key of the run that made it.
    **values
        description, framework, framework_version.
    """
    folder = database.paths.models
    rights.make_folder(folder)
    made = folder / half_made_name()
    rights.make_folder(made)
    try:
        copy_to(made)
        rights.share_all(made)
        with database.write() as tx:
            newest = select(func.max(models.c.version)).where(models.c.name == name)
            version = (tx.connection.execute(newest).scalar() or 0) + 1
            tx.connection.execute(
                insert(models).values(
                    name=name,
                    version=version,
                    run=run,
                    created_us=now_us(),
                    tags=json.dumps(dict(tags)),
                    properties=json.dumps(dict(properties)),
                    **values,
                )
            )
            final = folder_of(database.paths, name, version)
            rights.make_folder(final.parent)
            shutil.rmtree(final, ignore_errors=True)  # of a registration that was cut off
            os.rename(made, final)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    with database.read() as connection:
        (row,) = where(connection, models.c.name == name, models.c.version == version)
    return row


def folder_of(paths: WorkspacePaths, name: str, version: int) -> Path:
    """Return the folder with a version's files."""
    return paths.models / name / str(version)


def where(connection: Connection, *conditions: ColumnElement[bool]) -> Sequence[ModelRow]:
    """Return the versions for which all conditions hold, newest first."""
    query = (
        select(
            models.c.name,
            models.c.version,
            runs.c.run_id,
            models.c.created_us,
            models.c.description,
            models.c.framework,
            models.c.framework_version,
            models.c.tags,
            models.c.properties,
        )
        .select_from(models.outerjoin(runs, models.c.run == runs.c.id))
        .where(*conditions)
        .order_by(models.c.id.desc())
    )
    found = []
    for row in connection.execute(query).mappings():
        labels = {key: json.loads(row[key]) for key in ("tags", "properties")}
        found.append(ModelRow(**{**row, **labels}))
    return found


def set_tags(tx: Transaction, name: str, version: int, tags: Mapping[str, str | None]) -> None:
    """Give a version these tags and no others."""
    tx.connection.execute(
        update(models)
        .where(models.c.name == name, models.c.version == version)
        .values(tags=json.dumps(dict(tags)))
    )


def remove(tx: Transaction, paths: WorkspacePaths, name: str, version: int) -> None:
    """Forget a version and remove its files."""
    tx.connection.execute(delete(models).where(models.c.name == name, models.c.version == version))
    shutil.rmtree(folder_of(paths, name, version), ignore_errors=True)
