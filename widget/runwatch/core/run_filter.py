"""What `get_runs`, `Run.list` and `get_children` are asked for, as conditions on the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from runwatch.exceptions import UserErrorException

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

LabelFilter: TypeAlias = "str | Mapping[str, str | None] | None"


def conditions(
    *,
    type: str | None = None,
    tags: LabelFilter = None,
    properties: LabelFilter = None,
    status: str | None = None,
) -> list[ColumnElement[bool]]:
    """Return the conditions, all of which must hold.

    Raises
    ------
    UserErrorException
        A filter is neither a key nor a dict of keys and values.
    """
    from runwatch.store import labels
    from runwatch.store.schema import runs

    found = of_labels("run tags", tags, labels.has_tag)
    found += of_labels("run properties", properties, labels.has_property)
    if type is not None:
        found.append(runs.c.type == type)
    if status is not None:
        found.append(runs.c.status == status)
    return found


def of_labels(
    what: str, wanted: LabelFilter, has: Callable[..., ColumnElement[bool]]
) -> list[ColumnElement[bool]]:
    """Return a condition for each key, or each key and value, that `wanted` names."""
    if wanted is None:
        return []
    if isinstance(wanted, str):
        return [has(wanted)]
    if isinstance(wanted, Mapping):
        return [has(key, None if v is None else str(v)) for key, v in wanted.items()]
    raise UserErrorException(
        f"Unknown filter type for {what}: {wanted.__class__}. Pass a key, such as 'quality', "
        "or a dict, such as {'quality': 'good'}."
    )
