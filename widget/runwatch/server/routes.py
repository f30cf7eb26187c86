"""Routes under ``/runwatch/api/``, all behind Jupyter's own login, authorisation and XSRF check."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from runwatch.exceptions import UserErrorException
from runwatch.server import worker


class CommandsHandler(APIHandler):
    """Takes the same commands as a widget's comm, for when the kernel does not answer."""

    auth_resource = "runwatch"

    @authenticated
    @authorized
    async def post(self) -> None:
        """Carry out a command: ``{"workspace_id": …, "command": …}``; answers Ack or Refusal."""
        try:
            body = json.loads(self.request.body)
            reply = await asyncio.to_thread(worker.carry_out, body)
        except (ValueError, UserErrorException) as error:
            raise HTTPError(400, reason="Bad command", log_message=str(error)) from error
        self.finish(json.dumps(msgspec.to_builtins(reply)))


ROUTES: list[tuple[str, type[APIHandler]]] = [("commands", CommandsHandler)]


def add_routes(web_app: Any) -> None:
    """Add this extension's routes to the server's application."""
    base = url_path_join(web_app.settings["base_url"], "runwatch", "api")
    web_app.add_handlers(".*$", [(url_path_join(base, name), how) for name, how in ROUTES])
