"""Every message between a view and the record, declared once.

`js/src/messages.ts` is generated from this module (`python -m runwatch.feed.typescript`); a test
fails when it is stale. A view sends a `Request`; the record's side sends an `Update`.

Times are integers of milliseconds since the Unix epoch (``_ms``), sizes are bytes
(``_bytes``). A field of type ``bytes`` holds little-endian float64 numbers and travels as a
binary buffer beside the JSON, which has ``{"$buffer": index}`` in its place. JSON has no NaN and
no infinity: in ``metrics`` and ``last`` they travel as "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct, field

# --- what the updates are made of ----------------------------------------------------------


class RunError(Struct, frozen=True, kw_only=True):
    """Why a run failed."""

    message: str
    """One or a few sentences; the first line is what a card shows."""
    code: str = "UserError"
    traceback: str | None = None
    """The tail of the script's output or the formatted traceback."""


class RunHead(Struct, frozen=True, kw_only=True):
    """One run, with all that a view shows of it outside the tree, charts and logs."""

    run_id: str
    experiment: str
    display_name: str
    number: int
    status: str
    """A word of `runwatch.store.status.RunStatus`."""
    created_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    cancel_requested_ms: int | None = None
    cancel_forced_ms: int | None = None
    """When the processes will be killed that have not ended by themselves."""
    description: str | None = None
    parent_id: str | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    properties: dict[str, str | None] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    """What else a person may ask, in the order to show it: "Command", "Host", "Python"…"""
    error: RunError | None = None
    child_counts: dict[str, int] = field(default_factory=dict)
    """Number of descendants by status."""


class TreeRow(Struct, frozen=True, kw_only=True):
    """One visible row of the tree of child runs."""

    run_id: str
    level: int
    """1 for a direct child of the watched run (aria-level)."""
    position: int
    """1-based place among its siblings (aria-posinset)."""
    siblings: int
    """How many rows its parent has (aria-setsize)."""
    display_name: str
    number: int
    status: str
    created_ms: int
    child_count: int
    expanded: bool = False
    started_ms: int | None = None
    ended_ms: int | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    metrics: dict[str, float | int | str | bool | None] = field(default_factory=dict)
    """Last value of each scalar metric, by name."""


class TreeWindow(Struct, frozen=True, kw_only=True):
    """The rows ``offset … offset + len(rows)`` of the tree as expanded and filtered now."""

    offset: int
    total: int
    """Number of visible rows in all (aria-rowcount)."""
    rows: list[TreeRow]
    metric_names: list[str]
    """Metrics that any descendant has, in the order they were first logged."""


class Points(Struct, frozen=True, kw_only=True):
    """Points of one scalar metric of the watched run, or of a child run shown beside it."""

    run_id: str
    name: str
    last: float | int | str | bool | None
    """The last value logged, exactly; text has a last value and no points to draw."""
    count: int
    """Number of points logged so far; a chart may hold fewer, downsampled."""
    replace: bool
    """True: these are all points to draw. False: they follow those that the view has."""
    steps: bytes
    """x of each point: the step given to `log()`, else the index."""
    values: bytes


class LogFile(Struct, frozen=True, kw_only=True):
    """One log file of the run."""

    name: str
    size_bytes: int


class LogText(Struct, frozen=True, kw_only=True):
    """A piece of the log file that the view has open, as whole lines where possible."""

    name: str
    start_bytes: int
    end_bytes: int
    text: str
    replace: bool
    """True: show this alone. False: it follows what the view has."""


class RunFile(Struct, frozen=True, kw_only=True):
    """A file that the run has written or uploaded."""

    name: str
    size_bytes: int


class Look(Struct, frozen=True, kw_only=True):
    """What the view is looking at; it decides what the updates carry."""

    expanded: list[str] = field(default_factory=list)
    """Ids of the runs whose children are shown."""
    filter: str = ""
    """Text that a row's name, status, tag or metric name must contain; empty shows all."""
    offset: int = 0
    limit: int = 200
    log: str | None = None
    """Name of the open log file; None means: the newest one."""


# --- from the record to the view -----------------------------------------------------------


class Snapshot(Struct, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """Everything that the view shows. Begins a sequence of deltas."""

    seq: int
    now_ms: int
    """The record's clock, so that a running clock does not depend on the browser's."""
    run: RunHead
    tree: TreeWindow
    points: list[Points]
    logs: list[LogFile]
    files: list[RunFile]
    log_text: LogText | None = None


class Delta(Struct, frozen=True, kw_only=True, tag_field="type", tag="delta", omit_defaults=True):
    """What has changed since ``seq - 1``. A field that is absent has not changed."""

    seq: int
    now_ms: int
    run: RunHead | None = None
    tree: TreeWindow | None = None
    """The whole window: its rows came, went or moved."""
    rows: list[TreeRow] | None = None
    """Rows of the window that changed in place."""
    points: list[Points] | None = None
    logs: list[LogFile] | None = None
    files: list[RunFile] | None = None
    log_text: LogText | None = None


class Ack(Struct, frozen=True, kw_only=True, tag_field="type", tag="ack"):
    """The command with this id was carried out."""

    id: str
    message: str | None = None
    """A sentence when there is something to say: "The run had already ended (Completed)."."""


class Refusal(Struct, frozen=True, kw_only=True, tag_field="type", tag="refusal"):
    """The command with this id was not carried out, and why, in words for a person."""

    id: str
    message: str


Update: TypeAlias = Snapshot | Delta | Ack | Refusal

# --- from the view to the record -----------------------------------------------------------


class Watch(Struct, frozen=True, kw_only=True, tag_field="type", tag="watch"):
    """Begin (or begin again after a gap): the answer is a `Snapshot`, then deltas."""

    look: Look


class Unwatch(Struct, frozen=True, kw_only=True, tag_field="type", tag="unwatch"):
    """The last view has gone; send no more."""


class ChangeLook(Struct, frozen=True, kw_only=True, tag_field="type", tag="look"):
    """The view looks at something else now; the answer is a `Delta`."""

    look: Look


class CancelRun(Struct, frozen=True, kw_only=True, tag_field="type", tag="cancel"):
    """Cancel a run and its descendants."""

    id: str
    """Given by the view; a command that comes twice with one id acts once."""
    run_id: str


class SetTag(Struct, frozen=True, kw_only=True, tag_field="type", tag="set_tag"):
    """Add a tag, or give it another value."""

    id: str
    run_id: str
    key: str
    value: str | None


class RemoveTag(Struct, frozen=True, kw_only=True, tag_field="type", tag="remove_tag"):
    """Remove a tag; one that is not there is no error."""

    id: str
    run_id: str
    key: str


Command: TypeAlias = CancelRun | SetTag | RemoveTag
Request: TypeAlias = Watch | Unwatch | ChangeLook | CancelRun | SetTag | RemoveTag

# --- what a notebook keeps -----------------------------------------------------------------


class Summary(Struct, frozen=True, kw_only=True):
    """The small state that a widget syncs as its trait ``summary`` and a saved notebook keeps."""

    workspace_id: str
    run: RunHead
    """With ``properties`` and ``details`` left empty."""
    metrics: dict[str, float | int | str | bool | None] = field(default_factory=dict)
    """Last value of each scalar metric, at most 24."""
    now_ms: int
