"""One row of facts as HTML, for notebooks that show no widget."""

from __future__ import annotations

from html import escape


class Link(str):
    """The address of something, shown as a link."""

    __slots__ = ()


def html_table(**facts: str) -> str:
    """Return a table with a column for each fact; names and values are text, never markup."""
    head = "".join(f"<th>{escape(name)}</th>" for name in facts)
    row = "".join(f"<td>{_cell(value)}</td>" for value in facts.values())
    return f"<table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table>"


def _cell(value: str) -> str:
    if isinstance(value, Link):
        address = escape(value)
        return f'<a href="{address}" rel="noopener">{address}</a>'
    return escape(value)
