"""The REST routes: the table of what can be asked, and the handlers that serve it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from runwatch.core.run import Run
from runwatch.exceptions import RunwatchException
from runwatch.feed import commands
from runwatch.feed.messages import Ack, Refusal
from runwatch.server import downloads, listing, openapi, run_metrics, run_resource
from runwatch.server.downloads import Download, Part
from runwatch.server.models import (
    Canceling,
    CancelQuery,
    ExperimentList,
    FileList,
    GivenCommand,
    LogList,
    MetricList,
    MetricPoints,
    MetricsQuery,
    NewTagValue,
    OfWorkspaceQuery,
    RunDetail,
    RunList,
    RunsQuery,
    Tag,
    Tags,
    Tree,
    TreeQuery,
    WorkspaceList,
    WorkspacesQuery,
)
from runwatch.server.operation import Operation, as_json, status_of
from runwatch.server.workspaces import Workspaces

RESOURCE = "runwatch"
CHUNK_BYTES = 256 * 1024

_LISTING = (400, 403, 404, 503)
_OF_RUN = (400, 403, 404, 409, 503)
_OF_FILE = (*_OF_RUN, 416)

_of_run = partial(Operation, query=OfWorkspaceQuery, errors=_OF_RUN)
_of_tag = partial(_of_run, path="runs/{run_id}/tags/{key}")
_of_file = partial(_of_run, method="GET", answers=(Download,), errors=_OF_FILE)


def get_description() -> None:
    """Return this description."""


def give_command(workspaces: Workspaces, given: GivenCommand) -> Ack | Refusal:
    """Carry out a command on runs of a workspace; one whose id came before acts no second time."""
    command = given.command
    try:
        workspace = workspaces.get(given.workspace_id)
        database = workspace._record.database
    except RunwatchException as error:  # it is gone, damaged, or of a newer runwatch
        return Refusal(id=command.id, message=error.message)
    return commands.answer(database, command, lambda run_id: Run.get(workspace, run_id))


OPERATIONS = (
    Operation(method="GET", path="openapi.json", does=get_description, answers=(dict,)),
    Operation(
        method="GET",
        path="workspaces",
        does=listing.list_workspaces,
        query=WorkspacesQuery,
        answers=(WorkspaceList,),
        errors=(400, 403),
    ),
    Operation(
        method="GET",
        path="experiments",
        does=listing.list_experiments,
        query=OfWorkspaceQuery,
        answers=(ExperimentList,),
        errors=_LISTING,
    ),
    Operation(
        method="GET",
        path="runs",
        does=listing.list_runs,
        query=RunsQuery,
        answers=(RunList,),
        errors=_LISTING,
    ),
    _of_run(method="GET", path="runs/{run_id}", does=run_resource.get_run, answers=(RunDetail,)),
    _of_run(
        method="GET",
        path="runs/{run_id}/tree",
        does=run_resource.get_tree,
        query=TreeQuery,
        answers=(Tree,),
    ),
    _of_run(
        method="GET",
        path="runs/{run_id}/metrics",
        does=run_metrics.get_metrics,
        query=MetricsQuery,
        answers=(MetricList, MetricPoints),
    ),
    _of_run(method="GET", path="runs/{run_id}/logs", does=downloads.list_logs, answers=(LogList,)),
    _of_file(
        path="runs/{run_id}/logs/{name}",
        does=downloads.open_log,
        media_type="text/plain; charset=utf-8",
    ),
    _of_run(
        method="GET", path="runs/{run_id}/files", does=downloads.list_files, answers=(FileList,)
    ),
    _of_file(
        path="runs/{run_id}/files/{name}",
        does=downloads.open_file,
        media_type="application/octet-stream",
    ),
    _of_run(method="GET", path="runs/{run_id}/tags", does=run_resource.get_tags, answers=(Tags,)),
    _of_tag(method="GET", does=run_resource.get_tag, answers=(Tag,)),
    _of_tag(method="PUT", does=run_resource.put_tag, body=NewTagValue, answers=(Tag,)),
    _of_tag(method="DELETE", does=run_resource.delete_tag, status=204),
    _of_run(
        method="POST",
        path="runs/{run_id}/cancel",
        does=run_resource.cancel_run,
        query=CancelQuery,
        status=202,
        answers=(Canceling,),
    ),
    Operation(
        method="POST",
        path="commands",
        does=give_command,
        body=GivenCommand,
        answers=(Ack, Refusal),
        errors=(400, 403),
    ),
)
"""All that can be asked; the handlers and the description are made from it."""


class RestHandler(APIHandler):
    """Serves one path: reads what is asked, has it done on another thread, and answers in JSON."""

    auth_resource = RESOURCE

    def initialize(self, workspaces: Workspaces, operations: Mapping[str, Operation]) -> None:
        """Take what the route was added with: what each method does."""
        self._workspaces = workspaces
        self._operations = operations

    # Each method is decorated by itself: `authorized` keeps the action of its first request.

    @authenticated
    @authorized
    async def get(self, *parts: str) -> None:
        """Carry out what the table says of GET."""
        await self._serve(parts)

    @authenticated
    @authorized
    async def head(self, *parts: str) -> None:
        """Refuse: the table has no HEAD."""
        await self._serve(parts)

    @authenticated
    @authorized
    async def post(self, *parts: str) -> None:
        """Carry out what the table says of POST."""
        await self._serve(parts)

    @authenticated
    @authorized
    async def put(self, *parts: str) -> None:
        """Carry out what the table says of PUT."""
        await self._serve(parts)

    @authenticated
    @authorized
    async def patch(self, *parts: str) -> None:
        """Refuse: the table has no PATCH."""
        await self._serve(parts)

    @authenticated
    @authorized
    async def delete(self, *parts: str) -> None:
        """Carry out what the table says of DELETE."""
        await self._serve(parts)

    async def _serve(self, parts: tuple[str, ...]) -> None:
        operation = self._operations.get(self.request.method)
        if operation is None:
            raise HTTPError(405)
        try:
            asked = operation.asked(parts, self.request.query_arguments, self.request.body)
            await self._carry_out(operation, asked)
        except RunwatchException as error:
            self._refuse(status_of(error), error.message)

    async def _carry_out(self, operation: Operation, asked: list[Any]) -> None:
        content = await asyncio.to_thread(self._answer, operation, asked)
        self.set_status(operation.status)
        self.finish(content)

    def _answer(self, operation: Operation, asked: list[Any]) -> bytes | None:
        found = operation.does(self._workspaces, *asked)
        return None if found is None else as_json(found)

    def _refuse(self, status: int, message: str) -> None:
        self.set_status(status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join([*self._operations, "OPTIONS"]))
        self.finish(json.dumps({"message": message}))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in JSON what Jupyter or tornado has refused, or that something went wrong."""
        error = kwargs.get("exc_info", (None, None))[1]
        said = ""
        if isinstance(error, HTTPError) and error.log_message:
            said = error.log_message % error.args
        self._refuse(status_code, said or _WORDS.get(status_code, HTTPStatus(status_code).phrase))


_WORDS = {
    403: "Log in to the Jupyter server first, or send its token: 'Authorization: token …'.",
    405: "This can't be done with this address; the header Allow says what can.",
    500: "The server could not answer; its log says why.",
}


class DescriptionHandler(RestHandler):
    """Serves the description of all routes."""

    def _answer(self, operation: Operation, asked: list[Any]) -> bytes | None:
        base = self.request.path.removesuffix(f"/{operation.path}")
        return as_json(openapi.description(OPERATIONS, base))


class DownloadHandler(RestHandler):
    """Sends a file of a run so that it can't act in the page, whatever is in it."""

    @property
    def content_security_policy(self) -> str:
        """Nothing is loaded or run, if a browser shows it after all."""
        return "sandbox; default-src 'none'"

    async def _carry_out(self, operation: Operation, asked: list[Any]) -> None:
        self.check_xsrf_cookie()  # as Jupyter does for files: no other page may load this
        found: Download = await asyncio.to_thread(operation.does, self._workspaces, *asked)
        with found.file:
            # A part may be asked for only if the file is as it was, which nobody can say of a log.
            whole = "If-Range" in self.request.headers
            try:
                part = downloads.part_of(
                    found.size_bytes, None if whole else self.request.headers.get("Range")
                )
            except RunwatchException:
                self.set_header("Content-Range", f"bytes */{found.size_bytes}")
                raise
            self._set_headers(found, part)
            self.set_header("Content-Type", operation.media_type)
            await self._send(found, part)

    def _set_headers(self, found: Download, part: Part) -> None:
        self.set_header("Content-Disposition", downloads.content_disposition(found.name))
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Length", str(part.size_bytes))
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Cache-Control", "no-store")
        if part.partial:
            last = part.start + part.size_bytes - 1
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {part.start}-{last}/{found.size_bytes}")

    async def _send(self, found: Download, part: Part) -> None:
        left = part.size_bytes
        found.file.seek(part.start)
        try:
            while left:
                data = await asyncio.to_thread(found.file.read, min(left, CHUNK_BYTES))
                if not data:  # it was cut short meanwhile, and its length is promised already
                    self.detach().close()
                    return
                left -= len(data)
                self.write(data)
                await self.flush()
        except StreamClosedError:
            return  # nobody reads any more
        self.finish(set_content_type=self._headers["Content-Type"])


def rest_routes(workspaces: Workspaces) -> list[tuple[str, type[RestHandler], dict[str, Any]]]:
    """Return the routes, each with a pattern for its path below the base of the API."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.pattern, {})[operation.method] = operation
    return [
        (pattern, _handler(operations), {"workspaces": workspaces, "operations": operations})
        for pattern, operations in by_path.items()
    ]


def _handler(operations: Mapping[str, Operation]) -> type[RestHandler]:
    if any(one.is_download for one in operations.values()):
        return DownloadHandler
    if any(one.does is get_description for one in operations.values()):
        return DescriptionHandler
    return RestHandler
