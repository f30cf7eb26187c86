"""Commands of a view, carried out once each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from runwatch.exceptions import RunwatchException
from runwatch.feed.messages import Ack, CancelRun, Command, Refusal, RemoveTag, SetTag
from runwatch.store import commands as ledger
from runwatch.store.database import Database


class Commandable(Protocol):
    """What a command needs of a run; `runwatch.core.Run` is one."""

    def cancel(self) -> str | None:
        """Ask it to end; return a sentence if it had ended already."""

    def tag(self, key: str, value: str | None = None) -> None:
        """Add a tag, or give it another value."""

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags."""


def answer(
    database: Database, command: Command, open_run: Callable[[str], Commandable]
) -> Ack | Refusal:
    """Carry out a command, unless one with its id was carried out before, and return the answer.

    A view that hears nothing sends the same command by another way, so that both may arrive.
    Every command sets something to a value: one that does arrive twice at the same moment does
    no harm either.
    """
    try:
        kept = ledger.reply_to(database, command.id)
        if kept is not None:
            return msgspec.json.decode(kept, type=Ack)
        ack = Ack(id=command.id, message=_carry_out(command, open_run(command.run_id)))
        ledger.remember(database, command.id, msgspec.json.encode(ack).decode())
        return ack
    except RunwatchException as error:
        return Refusal(id=command.id, message=error.message)


def _carry_out(command: Command, run: Commandable) -> str | None:
    if isinstance(command, CancelRun):
        return run.cancel()
    if isinstance(command, SetTag):
        run.tag(command.key, command.value)
    elif isinstance(command, RemoveTag):
        run.remove_tags([command.key])
    return None
