"""Every message between a view and the record, declared once.

`js/src/messages.ts` is generated from this module (`python -m runwatch.feed.typescript`); a test
fails when it is stale. A view sends a `Request`; the record's side sends an `Update`.

A view opens *channels*: each shows one run, or the runs of an experiment, and has a snapshot and a
sequence of deltas of its own. Commands and questions have an id instead, and get one answer each.

Times are integers of milliseconds since the Unix epoch (``_ms``), sizes are bytes (``_bytes``). A
field of type ``bytes`` travels as a binary buffer beside the JSON, which has ``{"$buffer": index}``
in its place. JSON has no NaN and no infinity: in ``values``, ``metrics`` and ``last`` they travel
as "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct, field


class Part(NamedTuple):
    """Annotates a dict that holds only those fields of a struct that have changed."""

    of: str
    """The struct's name."""
    keys: tuple[str, ...] = ()
    """The fields that are always there."""


# --- what the updates are made of ----------------------------------------------------------

Scalar: TypeAlias = float | int | str | bool | None


class RunError(Struct, frozen=True, kw_only=True):
    """Why a run failed."""

    message: str
    """One or a few sentences; the first line is what a card shows."""
    code: str = "UserError"
    traceback: str | None = None
    """The tail of the script's output or the formatted traceback."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far a run has come, as it says itself or as a progress bar in its log does."""

    done: float
    total: float
    label: str | None = None
    updated_ms: int
    left_ms: int | None = None
    """How much longer it will take, from `updated_ms` on; None if nobody can say."""


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
    progress: Progress | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    properties: dict[str, str | None] = field(default_factory=dict)
    parameters: dict[str, Scalar] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    """What else a person may ask, in the order to show it: "command", "host", "process"…"""
    error: RunError | None = None
    child_counts: dict[str, int] = field(default_factory=dict)
    """Number of descendants by status."""


class ExperimentHead(Struct, frozen=True, kw_only=True):
    """The experiment whose runs a view shows."""

    name: str
    run_counts: dict[str, int] = field(default_factory=dict)
    """Number of its runs, child runs among them, by status."""


class TreeRow(Struct, frozen=True, kw_only=True):
    """One visible row of the tree of runs."""

    run_id: str
    level: int
    """1 for a direct child of the watched run (aria-level)."""
    position: int
    """1-based place among its siblings (aria-posinset)."""
    display_name: str
    number: int
    status: str
    created_ms: int
    child_count: int
    expanded: bool = False
    started_ms: int | None = None
    ended_ms: int | None = None
    cancel_requested_ms: int | None = None
    cancel_forced_ms: int | None = None
    error: str | None = None
    """The first line of why it failed."""
    tags: dict[str, str | None] = field(default_factory=dict)
    values: dict[str, Scalar | list[float]] = field(default_factory=dict)
    """What stands in the chosen columns, by column: for "metric:loss" its last value, for
    "param:rate" the parameter, for "spark:loss" some 24 numbers that show the way it took."""


RowChange: TypeAlias = Annotated[dict[str, Any], Part("TreeRow", keys=("run_id",))]
HeadChange: TypeAlias = Annotated[dict[str, Any], Part("RunHead")]


FilterCode: TypeAlias = Literal["quote", "kind", "wanted", "status", "no_limit", "number", "comma"]


class FilterProblem(Struct, frozen=True, kw_only=True):
    """What is wrong with a filter, for a view that says it in its own language."""

    code: FilterCode
    about: list[str]
    """The words that the sentence needs."""


class TreeWindow(Struct, frozen=True, kw_only=True):
    """Which rows the window holds: ``offset … offset + len(ids)`` of those that can be seen."""

    offset: int
    total: int
    """Number of visible rows in all (aria-rowcount)."""
    ids: list[str]
    columns: list[str]
    """The columns that the rows' `values` have, in the order to show them."""
    filter_error: str | None = None
    """What is wrong with the filter, in English; it shows all runs then."""
    filter_problem: FilterProblem | None = None
    """The same, for other languages."""


class Numbers(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Numbers in the shortest of some ways."""

    kind: Literal["f8", "i4", "u4", "range"]
    """Little-endian float64, int32, uint32; or a range, which needs no buffer."""
    data: bytes = b""
    start: float = 0
    step: float = 0
    count: int = 0


class Points(Struct, frozen=True, kw_only=True):
    """Points of one scalar metric of the watched run, or of a run that is compared with it.

    Of many points these are the lowest and the highest of each stretch: all that can be seen.
    """

    run_id: str
    name: str
    count: int
    """Number of points logged so far."""
    last: Scalar
    """The last value logged, exactly; text has a last value and no points to draw."""
    last_step: float
    last_ms: float
    lowest: float | None
    lowest_step: float
    highest: float | None
    highest_step: float
    replace: bool
    """True: these are all points to draw. False: they follow those that the view has."""
    steps: Numbers
    """x of each point: the step given to `log()`, else the index."""
    times: Numbers
    """When it was logged, in milliseconds after `origin_ms`."""
    origin_ms: float
    values: Numbers


class Structure(Struct, frozen=True, kw_only=True):
    """A metric that is no series of numbers: a list, a table, an image, a JSON document."""

    name: str
    kind: str
    """The kind that `log_…` gave it: "list", "row", "table" or "artifact"."""
    count: int
    """How often it was logged; a view reads it again when this grows."""


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


class Sort(Struct, frozen=True, kw_only=True):
    """An order of siblings; it stays as it was while values change, until it is asked for again."""

    column: str
    """"name", "status", "duration", "created", or a column such as "metric:loss"."""
    descending: bool = False
    asked: int = 0
    """Another number asks for the same order anew."""


class Look(Struct, frozen=True, kw_only=True):
    """What the view is looking at; it decides what the updates carry."""

    expanded: list[str] = field(default_factory=list)
    """Ids of the runs whose children are shown."""
    filter: str = ""
    """See `runwatch.feed.filter`; empty shows all."""
    sort: Sort | None = None
    columns: list[str] | None = None
    """The columns of the tree beside name, status and time; None: a few that fit."""
    offset: int = 0
    limit: int = 100
    log: str | None = None
    """Name of the open log file; None means: the newest one."""
    charts: bool = False
    """Whether charts are shown, or only the small lines beside the last values."""
    compare: list[str] = field(default_factory=list)
    """Ids of the runs whose charts are shown in those of this one, or of an experiment alone; the
    first 50 of them are."""


# --- from the record to the view -----------------------------------------------------------


class Snapshot(Struct, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """Everything that a channel shows. Begins a sequence of deltas."""

    channel: str
    seq: int
    now_ms: int
    """The record's clock, so that a running clock does not depend on the browser's."""
    run: RunHead | None
    experiment: ExperimentHead | None
    tree: TreeWindow
    rows: list[TreeRow]
    offered: list[str]
    """The columns that the tree can have."""
    points: list[Points]
    structures: list[Structure]
    logs: list[LogFile]
    files: list[RunFile]
    log_text: LogText | None = None


class Delta(Struct, frozen=True, kw_only=True, tag_field="type", tag="delta", omit_defaults=True):
    """What has changed since ``seq - 1``. A field that is absent has not changed."""

    channel: str
    seq: int
    now_ms: int
    run: HeadChange | None = None
    experiment: ExperimentHead | None = None
    tree: TreeWindow | None = None
    rows: list[RowChange] | None = None
    """Rows that came into the window, whole, and what has changed of those that were in it."""
    offered: list[str] | None = None
    points: list[Points] | None = None
    structures: list[Structure] | None = None
    logs: list[LogFile] | None = None
    files: list[RunFile] | None = None
    log_text: LogText | None = None


class ExperimentRow(Struct, frozen=True, kw_only=True):
    """An experiment in the list of a workspace's."""

    name: str
    run_counts: dict[str, int]
    """Number of its runs, child runs among them, by status."""
    newest_ms: int | None
    """When its newest run was made."""


class LiveRun(Struct, frozen=True, kw_only=True):
    """A run that has not ended and is no child run, or one whose parent has ended."""

    run_id: str
    experiment: str
    display_name: str
    number: int
    status: str
    created_ms: int
    started_ms: int | None = None


class Overview(Struct, frozen=True, kw_only=True, tag_field="type", tag="overview"):
    """What goes on in a workspace: all of it, each time that something of it has changed."""

    channel: str
    seq: int
    now_ms: int
    experiments: list[ExperimentRow]
    """Those that are not archived, the one with the newest run first."""
    live: list[LiveRun]
    """The newest first, at most 200."""
    live_count: int
    """How many such there are."""


class WorkspaceHead(Struct, frozen=True, kw_only=True):
    """A workspace that a Jupyter server shows."""

    workspace_id: str
    name: str
    folder: str
    """Where it is, from the server's root folder on where it is below that."""


class Workspaces(Struct, frozen=True, kw_only=True, tag_field="type", tag="workspaces"):
    """The workspaces that a Jupyter server shows. Sent to a page at first and when they change."""

    workspaces: list[WorkspaceHead]


class Pong(Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """The channel is served; a view whose last delta has another number has missed one."""

    channel: str
    seq: int
    now_ms: int


class Trouble(Struct, frozen=True, kw_only=True, tag_field="type", tag="trouble"):
    """A channel can't be served, and why, in words; it will be tried again."""

    channel: str
    message: str


class Ack(Struct, frozen=True, kw_only=True, tag_field="type", tag="ack"):
    """The command with this id was carried out."""

    id: str
    message: str | None = None
    """A sentence when there is something to say: "The run had already ended (Completed)."."""


class Refusal(Struct, frozen=True, kw_only=True, tag_field="type", tag="refusal"):
    """What had this id was not carried out or answered, and why, in words for a person."""

    id: str
    message: str


class PointsRead(Struct, frozen=True, kw_only=True, tag_field="type", tag="points_read"):
    """The answer to `ReadPoints`."""

    id: str
    points: list[Points]


class TableRead(Struct, frozen=True, kw_only=True, tag_field="type", tag="table_read"):
    """The answer to `ReadTable`."""

    id: str
    columns: list[str]
    rows: list[list[Scalar]]
    total: int
    """Number of rows in all; `rows` has the first of them."""
    files: list[str]
    """Of a metric whose values are files: their names, in logging order."""


class FileRead(Struct, frozen=True, kw_only=True, tag_field="type", tag="file_read"):
    """The answer to `ReadFile` and `Export`."""

    id: str
    name: str
    start_bytes: int
    size_bytes: int
    """Of the whole file."""
    data: bytes


class TextFound(Struct, frozen=True, kw_only=True, tag_field="type", tag="text_found"):
    """The answer to `FindText`: the newest lines that show the text, in the file's order."""

    id: str
    lines_bytes: list[int]
    """Where what a line shows begins."""
    searched_bytes: int
    """How much of the file's end was searched: all, unless there were too many lines."""
    size_bytes: int
    """Of the whole file."""


class TagsFound(Struct, frozen=True, kw_only=True, tag_field="type", tag="tags_found"):
    """The answer to `SuggestTags`: tags of the experiment's runs, the most frequent first."""

    id: str
    tags: dict[str, list[str]]
    """The values that a tag has had."""


Answer: TypeAlias = PointsRead | TableRead | FileRead | TextFound | TagsFound | Refusal
Update: TypeAlias = (
    Snapshot
    | Delta
    | Overview
    | Workspaces
    | Pong
    | Trouble
    | Ack
    | Refusal
    | PointsRead
    | TableRead
    | FileRead
    | TextFound
    | TagsFound
)

# --- from the view to the record -----------------------------------------------------------


class Watch(Struct, frozen=True, kw_only=True, tag_field="type", tag="watch"):
    """Open a channel, or begin it again after a gap: a `Snapshot` follows, then deltas."""

    channel: str
    run_id: str | None
    """The run to show; None: what the view was made for."""
    look: Look


class Unwatch(Struct, frozen=True, kw_only=True, tag_field="type", tag="unwatch"):
    """Close a channel: nobody looks any more."""

    channel: str


class ChangeLook(Struct, frozen=True, kw_only=True, tag_field="type", tag="look"):
    """The channel's view looks at something else now; the answer is a `Delta`."""

    channel: str
    look: Look


class Ping(Struct, frozen=True, kw_only=True, tag_field="type", tag="ping"):
    """Ask whether somebody is there; the answer is a `Pong`."""

    channel: str


class Steady(Struct, frozen=True, kw_only=True, tag_field="type", tag="steady"):
    """The front end leaves a view alone when its output is brought up to date.

    Elsewhere it draws the view anew then, and a person would lose where she was.
    """


class CancelRuns(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="cancel", omit_defaults=True
):
    """Cancel runs and their descendants."""

    id: str
    """Given by the view; a command that comes twice with one id acts once."""
    run_ids: list[str]
    grace_s: float | None = None
    """Seconds before processes that have not ended are killed; None: as their submitter said."""


class SetTag(Struct, frozen=True, kw_only=True, tag_field="type", tag="set_tag"):
    """Add a tag to runs, or give it another value."""

    id: str
    run_ids: list[str]
    key: str
    value: str | None


class RemoveTag(Struct, frozen=True, kw_only=True, tag_field="type", tag="remove_tag"):
    """Remove a tag from runs; one that is not there is no error."""

    id: str
    run_ids: list[str]
    key: str


class SetText(Struct, frozen=True, kw_only=True, tag_field="type", tag="set_text"):
    """Give a run another name or description."""

    id: str
    run_ids: list[str]
    field: Literal["display_name", "description"]
    value: str


class ReadPoints(Struct, frozen=True, kw_only=True, tag_field="type", tag="read_points"):
    """Ask for the points of a metric between two places of the x axis, as exact as they can be."""

    id: str
    run_ids: list[str]
    name: str
    axis: Literal["step", "time"]
    low: float
    high: float
    """In steps, or in milliseconds since the Unix epoch."""


class ReadTable(Struct, frozen=True, kw_only=True, tag_field="type", tag="read_table"):
    """Ask for a metric that is no series of numbers."""

    id: str
    run_id: str
    name: str
    kind: str


class ReadFile(Struct, frozen=True, kw_only=True, tag_field="type", tag="read_file"):
    """Ask for a piece of one of the run's files or logs."""

    id: str
    run_id: str
    name: str
    start_bytes: int
    limit_bytes: int


class FindText(Struct, frozen=True, kw_only=True, tag_field="type", tag="find_text"):
    """Ask where a text stands in one of the run's files or logs, in upper or lower case."""

    id: str
    run_id: str
    name: str
    text: str


class SuggestTags(Struct, frozen=True, kw_only=True, tag_field="type", tag="suggest_tags"):
    """Ask for the tags that the experiment's runs have."""

    id: str
    run_id: str


class Export(Struct, frozen=True, kw_only=True, tag_field="type", tag="export"):
    """Ask for a metric's points of some runs as a file."""

    id: str
    run_ids: list[str]
    name: str
    format: Literal["csv", "plotly"]


Command: TypeAlias = CancelRuns | SetTag | RemoveTag | SetText
Question: TypeAlias = ReadPoints | ReadTable | ReadFile | FindText | SuggestTags | Export
Request: TypeAlias = (
    Watch
    | Unwatch
    | ChangeLook
    | Ping
    | Steady
    | CancelRuns
    | SetTag
    | RemoveTag
    | SetText
    | ReadPoints
    | ReadTable
    | ReadFile
    | FindText
    | SuggestTags
    | Export
)


class Carried(Struct, frozen=True, kw_only=True):
    """A request on a page's WebSocket, which carries those of all its views.

    Channels and ids are made by the page, so that what comes back finds its view by them.
    """

    workspace_id: str
    run_id: str | None = None
    """What the view was made for: this run,"""
    experiment: str | None = None
    """or the runs of this experiment; or neither, and a `Watch` gets an `Overview`."""
    request: Request


# --- what a notebook keeps -----------------------------------------------------------------


class Summary(Struct, frozen=True, kw_only=True):
    """The small state that a widget syncs as its trait ``summary`` and a saved notebook keeps."""

    workspace_id: str
    run: RunHead | None = None
    """With ``properties``, ``parameters`` and ``details`` left empty."""
    experiment: ExperimentHead | None = None
    metrics: dict[str, Scalar] = field(default_factory=dict)
    """Last value of each scalar metric, at most 24."""
    now_ms: int
