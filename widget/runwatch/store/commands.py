"""The ledger of commands: one that comes twice with one id acts once."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from runwatch.store.clock import now_us
from runwatch.store.database import Database
from runwatch.store.schema import commands

_KEPT_US = 24 * 3600 * 1_000_000


def reply_to(database: Database, command_id: str) -> str | None:
    """Return what was answered to that command, if it was carried out."""
    with database.read() as connection:
        return connection.execute(
            select(commands.c.reply).where(commands.c.id == command_id)
        ).scalar_one_or_none()


def remember(database: Database, command_id: str, reply: str) -> None:
    """Keep the answer to a command for a day."""
    now = now_us()
    with database.write() as tx:
        tx.connection.execute(delete(commands).where(commands.c.at_us < now - _KEPT_US))
        tx.connection.execute(
            upsert(commands).values(id=command_id, at_us=now, reply=reply).on_conflict_do_nothing()
        )
