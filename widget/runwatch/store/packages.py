"""Lists of installed packages, each distinct one kept once."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from runwatch.store.database import Transaction
from runwatch.store.schema import package_lists


def keep(tx: Transaction, packages: str) -> str:
    """Keep a list, lines of ``name==version``, and return its digest."""
    digest = hashlib.sha256(packages.encode()).hexdigest()[:32]
    statement = upsert(package_lists).values(digest=digest, packages=packages)
    tx.connection.execute(statement.on_conflict_do_nothing())
    return digest


def read(connection: Connection, digest: str | None) -> dict[str, str]:
    """Return the versions of a list by name; nothing if there is no such list."""
    query = select(package_lists.c.packages).where(package_lists.c.digest == digest)
    kept = connection.execute(query).scalar()
    return dict(line.split("==", 1) for line in (kept or "").splitlines())
