"""What can be asked of a route: said once, for those who carry it out and those who describe it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from runwatch.exceptions import (
    RunwatchException,
    ServiceException,
    UserErrorException,
    WorkspaceException,
)
from runwatch.feed.wire import json_value
from runwatch.server.downloads import Download

_PLACE = re.compile(r"\{(\w+)\}")
_MATCHING = {"name": "(.+)"}
"""What a part of a path matches that is no single segment."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A method of a path.

    Its ``does`` is called with the workspaces, and then with the parts of the path, the query and
    the body, as far as there are such. The first line of its docstring describes it.
    """

    method: str
    path: str
    """Below the base of the API; what may be in braces stands in `models.PATH_PARAMETERS`."""
    does: Callable[..., Any]
    answers: tuple[type[Any], ...] = ()
    """The structs that it may answer with."""
    status: int = 200
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    errors: tuple[int, ...] = (403,)
    """The statuses with which it may refuse, with a `Problem` each."""
    media_type: str = "application/json"

    @property
    def is_download(self) -> bool:
        """Whether it answers with a file."""
        return Download in self.answers

    @property
    def names(self) -> list[str]:
        """The parts of the path that vary."""
        return _PLACE.findall(self.path)

    @property
    def pattern(self) -> str:
        """A regular expression for the path, with a group for each part that varies."""
        return _PLACE.sub(
            lambda place: _MATCHING.get(place[1], "([^/]+)"), self.path.replace(".", r"\.")
        )

    def asked(
        self, parts: Sequence[str], query: Mapping[str, Sequence[bytes]], body: bytes
    ) -> list[Any]:
        """Return what a request asks for, as arguments of ``does``.

        Raises
        ------
        UserErrorException
            A parameter or the body can't be that.
        """
        found: list[Any] = list(parts)
        if self.query is not None:
            found.append(_read_query(self.query, query))
        if self.body is not None:
            found.append(_read_body(self.body, body))
        return found


def _read_query(wanted: type[Struct], given: Mapping[str, Sequence[bytes]]) -> Struct:
    values = {}
    for field in msgspec.structs.fields(wanted):
        if field.name in given:
            values[field.name] = _read(field.name, field.type, given[field.name])
    return wanted(**values)


def _read(name: str, wanted: Any, given: Sequence[bytes]) -> Any:
    try:
        texts = [one.decode() for one in given]
    except UnicodeDecodeError:
        raise UserErrorException(f"{name} can't be {given!r}: it is no UTF-8.") from None
    many = msgspec.json.schema(wanted).get("type") == "array"
    if len(texts) > 1 and not many:
        raise UserErrorException(f"{name} is given {len(texts)} times: {texts!r}. Give it once.")
    try:
        return msgspec.convert(texts if many else texts[0], wanted, strict=False)
    except msgspec.ValidationError as error:
        said = str(error)[:1].lower() + str(error)[1:]
        raise UserErrorException(f"{name} can't be {texts[0]!r}: {said}.") from error


def _read_body(wanted: type[Struct], given: bytes) -> Struct:
    try:
        return msgspec.json.decode(given, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        names = ", ".join(field.name for field in msgspec.structs.fields(wanted))
        raise UserErrorException(
            f"The body must be a JSON object with {names}; got {given[:80]!r}: {error}."
        ) from error


def status_of(error: RunwatchException) -> int:
    """Return the HTTP status that says the same as an error."""
    if isinstance(error, ServiceException):
        return error.status_code
    if isinstance(error, WorkspaceException):
        return 503
    return 400


def as_json(answer: Any) -> bytes:
    """Return an answer as JSON; NaN and infinities, which that lacks, as words."""
    content = json_value(msgspec.to_builtins(answer))
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
