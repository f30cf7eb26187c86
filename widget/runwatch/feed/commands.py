"""Commands of a view, carried out once each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from runwatch.exceptions import RunwatchException
from runwatch.feed.messages import Ack, CancelRuns, Command, Refusal, RemoveTag, SetTag
from runwatch.store import commands as ledger
from runwatch.store.database import Database


class Commandable(Protocol):
    """What a command needs of a run; `runwatch.core.Run` is one."""

    display_name: str

    @property
    def description(self) -> str | None:
        """What a person notes about it; settable."""

    @description.setter
    def description(self, description: str | None) -> None: ...

    def cancel(self, *, grace_s: float | None = None) -> str | None:
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
        reply = _carry_out_each(command, open_run)
        if isinstance(reply, Ack):
            ledger.remember(database, command.id, msgspec.json.encode(reply).decode())
        return reply
    except RunwatchException as error:
        return Refusal(id=command.id, message=error.message)


def _carry_out_each(command: Command, open_run: Callable[[str], Commandable]) -> Ack | Refusal:
    """Carry a command out on each of its runs; one that refuses does not spare the others."""
    said: list[str] = []
    refused: list[str] = []
    for run_id in command.run_ids:
        try:
            message = _carry_out(command, open_run(run_id))
            if message is not None:
                said.append(message)
        except RunwatchException as error:
            refused.append(error.message)
    if refused:
        return Refusal(id=command.id, message=_of_many(refused, len(command.run_ids)))
    message = _of_many(said, len(command.run_ids)) if said else None
    return Ack(id=command.id, message=message)


def _of_many(sentences: list[str], count: int) -> str:
    if count == 1:
        return sentences[0]
    return f"{len(sentences)} of {count} runs: {sentences[0]}"


def _carry_out(command: Command, run: Commandable) -> str | None:
    if isinstance(command, CancelRuns):
        return run.cancel(grace_s=command.grace_s)
    if isinstance(command, SetTag):
        run.tag(command.key, command.value)
    elif isinstance(command, RemoveTag):
        run.remove_tags([command.key])
    elif command.field == "display_name":
        run.display_name = command.value
    else:
        run.description = command.value
    return None
