"""What the routes do; knows nothing of HTTP."""

from __future__ import annotations

from typing import Any

from runwatch.core.run import Run
from runwatch.exceptions import RunwatchException, UserErrorException
from runwatch.feed import commands, wire
from runwatch.feed.messages import Ack, Refusal
from runwatch.server.workspaces import Workspaces


def carry_out(workspaces: Workspaces, body: Any) -> Ack | Refusal:
    """Carry out a command on a run of one of the user's workspaces.

    Raises
    ------
    UserErrorException
        The body is no command.
    """
    if not isinstance(body, dict) or not isinstance(body.get("workspace_id"), str):
        raise UserErrorException("The body must be an object with workspace_id and command.")
    command = wire.decode_command(body.get("command"))
    try:
        workspace = workspaces.get(body["workspace_id"])
        database = workspace._record.database
    except RunwatchException as error:  # it is gone, damaged, or of a newer runwatch
        return Refusal(id=command.id, message=error.message)
    return commands.answer(database, command, lambda run_id: Run.get(workspace, run_id))
