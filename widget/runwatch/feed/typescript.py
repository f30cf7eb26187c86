"""Writes `js/src/messages.ts` from the declarations in `messages.py`."""

from __future__ import annotations

import json
import types
import typing
from pathlib import Path

import msgspec
from msgspec import Struct

from runwatch.feed import messages

HEADER = """\
// Generated from widget/runwatch/feed/messages.py by `python -m runwatch.feed.typescript`.
// Do not edit: change the Python declarations and generate again (`make messages`).
"""

_PRIMITIVES: dict[object, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    bytes: "Uint8Array",
    type(None): "null",
}


def type_name(annotation: object) -> str:
    """Return the TypeScript spelling of a Python annotation used in a message."""
    if annotation in _PRIMITIVES:
        return _PRIMITIVES[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _part(arguments[1])
    if origin is typing.Literal:
        return " | ".join(json.dumps(word) for word in arguments)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(dict.fromkeys(type_name(a) for a in arguments))
    if origin is list:
        inner = type_name(arguments[0])
        return f"({inner})[]" if set(inner) & set("|&") else f"{inner}[]"
    if origin is dict:
        return f"Record<string, {type_name(arguments[1])}>"
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return annotation.__name__
    raise TypeError(f"a message can't hold {annotation!r}: add it to runwatch.feed.typescript")


def _part(part: messages.Part) -> str:
    always = "".join(f' & Pick<{part.of}, "{key}">' for key in part.keys)
    return f"Partial<{part.of}>{always}"


def interface(struct: type[Struct]) -> str:
    """Return the TypeScript interface of one message or part of a message."""
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    hints = typing.get_type_hints(struct, include_extras=True)
    omits = struct.__struct_config__.omit_defaults
    lines = [f"/** {(struct.__doc__ or '').strip().splitlines()[0]} */"]
    lines.append(f"export interface {struct.__name__} {{")
    if info.tag is not None:
        lines.append(f'  {info.tag_field}: "{info.tag}";')
    for item in info.fields:
        optional = omits and not item.required
        spelled = type_name(hints[item.name])
        if optional:
            spelled = spelled.removesuffix(" | null")
        lines.append(f"  {item.encode_name}{'?' if optional else ''}: {spelled};")
    lines.append("}")
    return "\n".join(lines)


def module() -> str:
    """Return the whole text of `messages.ts`."""
    parts = [HEADER]
    for name, thing in vars(messages).items():
        if isinstance(thing, type) and issubclass(thing, Struct) and thing is not Struct:
            parts.append(interface(thing) + "\n")
        elif typing.get_origin(thing) in (types.UnionType, typing.Union):
            parts.append(f"export type {name} = {type_name(thing)};\n")
    return "\n".join(parts)


def main() -> None:
    """Write the file into the checkout that this module belongs to."""
    target = Path(__file__).parents[3] / "js" / "src" / "messages.ts"
    target.write_text(module(), encoding="utf-8")


if __name__ == "__main__":
    main()
