"""What the routes do; knows nothing of HTTP."""

from __future__ import annotations

from typing import Any

from runwatch.core.run import Run
from runwatch.core.workspace import Workspace
from runwatch.exceptions import UserErrorException
from runwatch.feed import commands, wire
from runwatch.feed.messages import Ack, Refusal
from runwatch.store import registry


def carry_out(body: Any) -> Ack | Refusal:
    """Carry out a command on a run of one of the user's workspaces.

    Raises
    ------
    UserErrorException
        The body is no command.
    """
    if not isinstance(body, dict) or not isinstance(body.get("workspace_id"), str):
        raise UserErrorException("The body must be an object with workspace_id and command.")
    command = wire.decode_command(body.get("command"))
    paths = registry.find(body["workspace_id"])
    if paths is None:
        return Refusal(
            id=command.id,
            message="The Jupyter server does not know this workspace: its folder was moved or "
            "removed. Run the cell again.",
        )
    workspace = Workspace(path=paths.root.parent)
    return commands.answer(
        workspace._record.database, command, lambda run_id: Run.get(workspace, run_id)
    )
