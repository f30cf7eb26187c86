"""What the REST routes take and answer.

Times are integers of milliseconds since the Unix epoch (``_ms``), sizes are bytes (``_bytes``).
JSON has no NaN and no infinity: a value that is one travels as "NaN", "Infinity" or "-Infinity".
The description of a field of a query is what OpenAPI says of the parameter.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from runwatch.feed.messages import (
    Command,
    ExperimentRow,
    LogFile,
    RunFile,
    RunHead,
    Scalar,
    TreeRow,
    TreeWindow,
    WorkspaceHead,
)
from runwatch.store.status import ALL

_STATUS = "|".join((*ALL, "live"))
_TEXT = {"pattern": "^[^\\u0000]*$"}
_CURSOR = r"^([0-9a-f]{8}-[0-9]{1,18}(\.[0-9a-f]{8}-[0-9]{1,18})*)?$"
_SORTABLE = r"^((name|status|duration|created)?$|(metric|param|tag):)"

RunId: TypeAlias = Annotated[
    str,
    Meta(
        description="The run's id.",
        extra_json_schema={"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,299}$"},
    ),
]
FileName: TypeAlias = Annotated[
    str,
    Meta(
        description="The file's name as it is listed; its slashes may be escaped or not.",
        extra_json_schema={"minLength": 1},
    ),
]
TagKey: TypeAlias = Annotated[
    str,
    Meta(description="The tag's key.", extra_json_schema={"pattern": "^[^\\u0000]+$"}),
]
PATH_PARAMETERS = {"run_id": RunId, "name": FileName, "key": TagKey}
"""What may stand in the braces of a route's path."""

# --- queries ---------------------------------------------------------------------------------


class OfWorkspaceQuery(Struct, frozen=True, kw_only=True):
    """Says which workspace is meant."""

    workspace: Annotated[
        str,
        Meta(description="Id of the workspace; all that the server shows if it is left out."),
    ] = ""


class WorkspacesQuery(Struct, frozen=True, kw_only=True):
    """How workspaces are looked for."""

    search: Annotated[
        bool,
        Meta(description="Whether folders are looked through for new workspaces now."),
    ] = False


class RunsQuery(OfWorkspaceQuery, frozen=True, kw_only=True):
    """Which runs are wanted."""

    experiment: Annotated[str, Meta(description="Name of their experiment.")] = ""
    status: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"pattern": f"^({_STATUS})(,({_STATUS}))*$"})]],
        Meta(
            description="Statuses of which they have one, separated by commas or given one by "
            "one; `live` stands for all that are not Completed, Failed or Canceled."
        ),
    ] = field(default_factory=list)
    tag: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"pattern": "^[^=]"})]],
        Meta(description="Tags all of which they have: `key`, or `key=value`."),
    ] = field(default_factory=list)
    include_children: Annotated[
        bool,
        Meta(
            description="Whether child runs are wanted, too. A live one whose parent has ended is "
            "listed with `status=live` in any case."
        ),
    ] = False
    limit: Annotated[int, Meta(ge=1, le=500, description="How many, at most.")] = 100
    before: Annotated[
        str,
        Meta(
            description="Go on where an answer ended: its `next`.",
            extra_json_schema={"pattern": _CURSOR},
        ),
    ] = ""


class TreeQuery(OfWorkspaceQuery, frozen=True, kw_only=True):
    """What part of a tree is wanted."""

    offset: Annotated[
        int, Meta(ge=0, le=2**31, description="How many rows to leave out at the beginning.")
    ] = 0
    limit: Annotated[int, Meta(ge=1, le=1000, description="How many rows, at most.")] = 100
    filter: Annotated[
        str,
        Meta(
            description="Words and conditions all of which must hold, such as "
            "`status:failed metric:loss<0.1`, as in the view's search box.",
        ),
    ] = ""
    sort: Annotated[
        str,
        Meta(
            description="The order of siblings: name, status, duration, created, "
            "`metric:<name>`, `param:<name>` or `tag:<key>`.",
            extra_json_schema={"pattern": _SORTABLE},
        ),
    ] = ""
    descending: Annotated[bool, Meta(description="Whether the greatest comes first.")] = False
    expanded: Annotated[
        list[str], Meta(description="Ids of the runs whose children are wanted, too.")
    ] = field(default_factory=list)
    column: Annotated[
        list[str],
        Meta(
            description="What the rows' `values` are to hold, such as `metric:loss`; a few that "
            "fit if it is left out."
        ),
    ] = field(default_factory=list)


class MetricsQuery(OfWorkspaceQuery, frozen=True, kw_only=True):
    """Which metric is wanted."""

    name: Annotated[str, Meta(description="Name of the metric whose points are wanted.")] = ""
    max_points: Annotated[
        int,
        Meta(
            ge=2,
            le=100_000,
            description="How many points, at most; of more, the lowest and the highest of each "
            "stretch are given.",
        ),
    ] = 1000


class CancelQuery(OfWorkspaceQuery, frozen=True, kw_only=True):
    """How a run is to be cancelled."""

    grace_s: Annotated[
        Annotated[float, Meta(ge=0, lt=86_400)] | UnsetType,
        Meta(
            description="Seconds before processes that have not ended are killed; as their "
            "submitter said if it is left out."
        ),
    ] = UNSET


# --- bodies ----------------------------------------------------------------------------------


class NewTagValue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The value that a tag is to have."""

    value: Annotated[str | None, Meta(extra_json_schema=_TEXT)]


class GivenCommand(Struct, frozen=True, kw_only=True):
    """A command as a view gives it, and the workspace whose runs it is for."""

    workspace_id: str
    command: Command


# --- answers ---------------------------------------------------------------------------------


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not carried out."""

    message: str
    """A sentence for the person who reads it."""


class WorkspaceList(Struct, frozen=True, kw_only=True):
    """The workspaces that the server shows."""

    workspaces: list[WorkspaceHead]


class ExperimentItem(ExperimentRow, frozen=True, kw_only=True):
    """An experiment that is not archived."""

    workspace_id: str


class ExperimentList(Struct, frozen=True, kw_only=True):
    """Experiments, the one with the newest run first."""

    experiments: list[ExperimentItem]


class RunItem(Struct, frozen=True, kw_only=True):
    """A run in a list."""

    workspace_id: str
    experiment: str
    run_id: str
    display_name: str
    number: int
    status: str
    created_ms: int
    started_ms: int | None
    ended_ms: int | None
    parent_id: str | None
    error: str | None
    """The first line of why it failed."""
    tags: dict[str, str | None]


class RunList(Struct, frozen=True, kw_only=True):
    """Runs, the newest first."""

    runs: list[RunItem]
    next: str | None
    """Where to go on, as `before`; None when there are no more."""


class RunDetail(RunHead, frozen=True, kw_only=True):
    """A run with all that is known of it but its tree, metrics, logs and files."""

    workspace_id: str


class Tree(Struct, frozen=True, kw_only=True):
    """A part of the tree of a run's descendants."""

    workspace_id: str
    run_id: str
    window: TreeWindow
    rows: list[TreeRow]


class MetricItem(Struct, frozen=True, kw_only=True):
    """A metric of a run."""

    name: str
    kind: str
    """The kind that `log_…` gave it: "scalar", "list", "row", "table" or "artifact"."""
    count: int
    """How often it was logged."""
    last: Scalar
    """The last value, if it is a scalar."""


class MetricList(Struct, frozen=True, kw_only=True):
    """The metrics of a run."""

    workspace_id: str
    run_id: str
    metrics: list[MetricItem]


class MetricPoints(Struct, frozen=True, kw_only=True):
    """The points of a scalar metric, in logging order."""

    workspace_id: str
    run_id: str
    name: str
    count: int
    """Number of points logged so far; `steps`, `times_ms` and `values` may be thinned."""
    last: Scalar
    lowest: Scalar
    highest: Scalar
    steps: list[int]
    times_ms: list[int]
    values: list[Scalar]


class LogList(Struct, frozen=True, kw_only=True):
    """The log files of a run."""

    workspace_id: str
    run_id: str
    logs: list[LogFile]


class FileList(Struct, frozen=True, kw_only=True):
    """The files of a run, its logs among them."""

    workspace_id: str
    run_id: str
    files: list[RunFile]


class Tags(Struct, frozen=True, kw_only=True):
    """The tags of a run; one without a value has null."""

    workspace_id: str
    run_id: str
    tags: dict[str, str | None]


class Tag(Struct, frozen=True, kw_only=True):
    """A tag of a run."""

    key: str
    value: str | None


class Canceling(Struct, frozen=True, kw_only=True):
    """The run was asked to end."""

    message: str | None
    """A sentence, if it had ended already and nothing was changed."""
