"""Describes the REST routes as OpenAPI 3.1, from the table that they are served by."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from runwatch.server.models import PATH_PARAMETERS, Problem
from runwatch.server.operation import Operation
from runwatch.version import __version__

_ABOUT = """\
The record of training runs, over a Jupyter server.

Beside what is described here, `feed` is a WebSocket on which a page is told of all that it watches:
it takes the `Carried` and sends the `Update` of `runwatch.feed.messages`."""

_REF = "#/components/schemas/{name}"
_ERRORS = {
    400: "A parameter or the body can't be that.",
    403: "Not logged in, or not allowed to do this.",
    404: "There is no such thing.",
    409: "The run is in several workspaces; the request must say which is meant.",
    416: "The file has no such part.",
    503: "The record can't be read or written now.",
}
_RANGE = {
    "name": "Range",
    "in": "header",
    "description": "One part of the file: `bytes=0-99`, `bytes=100-` or `bytes=-100`.",
    "schema": {"type": "string"},
    "example": "bytes=0-",
}
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}

Json = dict[str, Any]


def description(operations: Iterable[Operation], base: str) -> Json:
    """Return the OpenAPI description.

    Parameters
    ----------
    operations
        The table.
    base
        Where the paths of the table begin on this server.
    """
    operations = list(operations)
    structs = {answer for one in operations for answer in one.answers if _is_struct(answer)}
    structs |= {one.body for one in operations if one.body is not None} | {Problem}
    in_order = sorted(structs, key=lambda struct: struct.__name__)
    _, components = msgspec.json.schema_components(in_order, ref_template=_REF)
    paths: dict[str, Json] = {}
    for one in operations:
        paths.setdefault(f"/{one.path}", {})[one.method.lower()] = _described(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "runwatch",
            "version": __version__,
            "description": _ABOUT,
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The Jupyter server's token. A browser that is logged in sends "
                    "its cookie instead, and with all that changes something X-XSRFToken.",
                }
            },
        },
    }


def _is_struct(answer: type[Any]) -> bool:
    return isinstance(answer, type) and issubclass(answer, Struct)


def _described(operation: Operation) -> Json:
    summary = (inspect.getdoc(operation.does) or "").partition("\n")[0]
    found: Json = {
        "operationId": operation.does.__name__,
        "summary": summary,
        "parameters": [*_of_path(operation), *_of_query(operation.query)],
        "responses": _responses(operation),
    }
    if operation.is_download:
        found["parameters"].append(_RANGE)
    if operation.body is not None:
        content = {"application/json": {"schema": _ref(operation.body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _of_path(operation: Operation) -> list[Json]:
    return [
        _parameter(name, "path", msgspec.json.schema(PATH_PARAMETERS[name]), required=True)
        for name in operation.names
    ]


def _of_query(query: type[Struct] | None) -> list[Json]:
    if query is None:
        return []
    properties = msgspec.json.schema(query)["$defs"][query.__name__]["properties"]
    return [_parameter(name, "query", schema) for name, schema in properties.items()]


def _parameter(name: str, place: str, schema: Mapping[str, Any], **more: Any) -> Json:
    rest = {key: value for key, value in schema.items() if key != "description"}
    if rest.get("default") in ("", []):  # stands for a parameter that is left out
        del rest["default"]
    said = {"description": schema["description"]}
    return {"name": name, "in": place, **said, **more, "schema": rest}


def _responses(operation: Operation) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for status in (operation.status, *((206,) if operation.is_download else ())):
        found[str(status)] = _success(operation, status)
    for status in operation.errors:
        content = {"application/json": {"schema": _ref(Problem)}}
        found[str(status)] = {"description": _ERRORS[status], "content": content}
    return found


def _success(operation: Operation, status: int) -> Json:
    said: Json = {"description": HTTPStatus(status).phrase}
    if operation.is_download:
        said["content"] = {operation.media_type: _BINARY}
    elif operation.answers:
        schemas = [
            _ref(one) if _is_struct(one) else {"type": "object"} for one in operation.answers
        ]
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        said["content"] = {operation.media_type: {"schema": schema}}
    return said


def _ref(struct: type[Any]) -> Json:
    return {"$ref": _REF.format(name=struct.__name__)}
