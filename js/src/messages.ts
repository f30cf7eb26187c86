// Generated from widget/runwatch/feed/messages.py by `python -m runwatch.feed.typescript`.
// Do not edit: change the Python declarations and generate again (`make messages`).

export type Scalar = number | string | boolean | null;

/** Why a run failed. */
export interface RunError {
  message: string;
  code: string;
  traceback: string | null;
}

/** How far a run has come, as it says itself or as a progress bar in its log does. */
export interface Progress {
  done: number;
  total: number;
  label: string | null;
  updated_ms: number;
  left_ms: number | null;
}

/** One run, with all that a view shows of it outside the tree, charts and logs. */
export interface RunHead {
  run_id: string;
  experiment: string;
  display_name: string;
  number: number;
  status: string;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  cancel_requested_ms: number | null;
  cancel_forced_ms: number | null;
  description: string | null;
  parent_id: string | null;
  progress: Progress | null;
  tags: Record<string, string | null>;
  properties: Record<string, string | null>;
  parameters: Record<string, number | string | boolean | null>;
  details: Record<string, string>;
  error: RunError | null;
  child_counts: Record<string, number>;
}

/** The experiment whose runs a view shows. */
export interface ExperimentHead {
  name: string;
  run_counts: Record<string, number>;
}

/** One visible row of the tree of runs. */
export interface TreeRow {
  run_id: string;
  level: number;
  position: number;
  display_name: string;
  number: number;
  status: string;
  created_ms: number;
  child_count: number;
  expanded: boolean;
  started_ms: number | null;
  ended_ms: number | null;
  cancel_requested_ms: number | null;
  cancel_forced_ms: number | null;
  error: string | null;
  tags: Record<string, string | null>;
  values: Record<string, number | string | boolean | null | number[]>;
}

/** What is wrong with a filter, for a view that says it in its own language. */
export interface FilterProblem {
  code: "quote" | "kind" | "wanted" | "status" | "no_limit" | "number" | "comma";
  about: string[];
}

/** Which rows the window holds: ``offset … offset + len(ids)`` of those that can be seen. */
export interface TreeWindow {
  offset: number;
  total: number;
  ids: string[];
  columns: string[];
  filter_error: string | null;
  filter_problem: FilterProblem | null;
}

/** Numbers in the shortest of some ways. */
export interface Numbers {
  kind: "f8" | "i4" | "u4" | "range";
  data?: Uint8Array;
  start?: number;
  step?: number;
  count?: number;
}

/** Points of one scalar metric of the watched run, or of a run that is compared with it. */
export interface Points {
  run_id: string;
  name: string;
  count: number;
  last: number | string | boolean | null;
  last_step: number;
  last_ms: number;
  lowest: number | null;
  lowest_step: number;
  highest: number | null;
  highest_step: number;
  replace: boolean;
  steps: Numbers;
  times: Numbers;
  origin_ms: number;
  values: Numbers;
}

/** A metric that is no series of numbers: a list, a table, an image, a JSON document. */
export interface Structure {
  name: string;
  kind: string;
  count: number;
}

/** One log file of the run. */
export interface LogFile {
  name: string;
  size_bytes: number;
}

/** A piece of the log file that the view has open, as whole lines where possible. */
export interface LogText {
  name: string;
  start_bytes: number;
  end_bytes: number;
  text: string;
  replace: boolean;
}

/** A file that the run has written or uploaded. */
export interface RunFile {
  name: string;
  size_bytes: number;
}

/** An order of siblings; it stays as it was while values change, until it is asked for again. */
export interface Sort {
  column: string;
  descending: boolean;
  asked: number;
}

/** What the view is looking at; it decides what the updates carry. */
export interface Look {
  expanded: string[];
  filter: string;
  sort: Sort | null;
  columns: string[] | null;
  offset: number;
  limit: number;
  log: string | null;
  charts: boolean;
  compare: string[];
}

/** Everything that a channel shows. Begins a sequence of deltas. */
export interface Snapshot {
  type: "snapshot";
  channel: string;
  seq: number;
  now_ms: number;
  run: RunHead | null;
  experiment: ExperimentHead | null;
  tree: TreeWindow;
  rows: TreeRow[];
  offered: string[];
  points: Points[];
  structures: Structure[];
  logs: LogFile[];
  files: RunFile[];
  log_text: LogText | null;
}

/** What has changed since ``seq - 1``. A field that is absent has not changed. */
export interface Delta {
  type: "delta";
  channel: string;
  seq: number;
  now_ms: number;
  run?: Partial<RunHead>;
  experiment?: ExperimentHead;
  tree?: TreeWindow;
  rows?: (Partial<TreeRow> & Pick<TreeRow, "run_id">)[];
  offered?: string[];
  points?: Points[];
  structures?: Structure[];
  logs?: LogFile[];
  files?: RunFile[];
  log_text?: LogText;
}

/** An experiment in the list of a workspace's. */
export interface ExperimentRow {
  name: string;
  run_counts: Record<string, number>;
  newest_ms: number | null;
}

/** A run that has not ended and is no child run, or one whose parent has ended. */
export interface LiveRun {
  run_id: string;
  experiment: string;
  display_name: string;
  number: number;
  status: string;
  created_ms: number;
  started_ms: number | null;
}

/** What goes on in a workspace: all of it, each time that something of it has changed. */
export interface Overview {
  type: "overview";
  channel: string;
  seq: number;
  now_ms: number;
  experiments: ExperimentRow[];
  live: LiveRun[];
  live_count: number;
}

/** A workspace that a Jupyter server shows. */
export interface WorkspaceHead {
  workspace_id: string;
  name: string;
  folder: string;
}

/** The workspaces that a Jupyter server shows. Sent to a page at first and when they change. */
export interface Workspaces {
  type: "workspaces";
  workspaces: WorkspaceHead[];
}

/** The channel is served; a view whose last delta has another number has missed one. */
export interface Pong {
  type: "pong";
  channel: string;
  seq: number;
  now_ms: number;
}

/** A channel can't be served, and why, in words; it will be tried again. */
export interface Trouble {
  type: "trouble";
  channel: string;
  message: string;
}

/** The command with this id was carried out. */
export interface Ack {
  type: "ack";
  id: string;
  message: string | null;
}

/** What had this id was not carried out or answered, and why, in words for a person. */
export interface Refusal {
  type: "refusal";
  id: string;
  message: string;
}

/** The answer to `ReadPoints`. */
export interface PointsRead {
  type: "points_read";
  id: string;
  points: Points[];
}

/** The answer to `ReadTable`. */
export interface TableRead {
  type: "table_read";
  id: string;
  columns: string[];
  rows: ((number | string | boolean | null)[])[];
  total: number;
  files: string[];
}

/** The answer to `ReadFile` and `Export`. */
export interface FileRead {
  type: "file_read";
  id: string;
  name: string;
  start_bytes: number;
  size_bytes: number;
  data: Uint8Array;
}

/** The answer to `FindText`: the newest lines that show the text, in the file's order. */
export interface TextFound {
  type: "text_found";
  id: string;
  lines_bytes: number[];
  searched_bytes: number;
  size_bytes: number;
}

/** The answer to `SuggestTags`: tags of the experiment's runs, the most frequent first. */
export interface TagsFound {
  type: "tags_found";
  id: string;
  tags: Record<string, string[]>;
}

export type Answer = PointsRead | TableRead | FileRead | TextFound | TagsFound | Refusal;

export type Update = Snapshot | Delta | Overview | Workspaces | Pong | Trouble | Ack | Refusal | PointsRead | TableRead | FileRead | TextFound | TagsFound;

/** Open a channel, or begin it again after a gap: a `Snapshot` follows, then deltas. */
export interface Watch {
  type: "watch";
  channel: string;
  run_id: string | null;
  look: Look;
}

/** Close a channel: nobody looks any more. */
export interface Unwatch {
  type: "unwatch";
  channel: string;
}

/** The channel's view looks at something else now; the answer is a `Delta`. */
export interface ChangeLook {
  type: "look";
  channel: string;
  look: Look;
}

/** Ask whether somebody is there; the answer is a `Pong`. */
export interface Ping {
  type: "ping";
  channel: string;
}

/** The front end leaves a view alone when its output is brought up to date. */
export interface Steady {
  type: "steady";
}

/** Cancel runs and their descendants. */
export interface CancelRuns {
  type: "cancel";
  id: string;
  run_ids: string[];
  grace_s?: number;
}

/** Add a tag to runs, or give it another value. */
export interface SetTag {
  type: "set_tag";
  id: string;
  run_ids: string[];
  key: string;
  value: string | null;
}

/** Remove a tag from runs; one that is not there is no error. */
export interface RemoveTag {
  type: "remove_tag";
  id: string;
  run_ids: string[];
  key: string;
}

/** Give a run another name or description. */
export interface SetText {
  type: "set_text";
  id: string;
  run_ids: string[];
  field: "display_name" | "description";
  value: string;
}

/** Ask for the points of a metric between two places of the x axis, as exact as they can be. */
export interface ReadPoints {
  type: "read_points";
  id: string;
  run_ids: string[];
  name: string;
  axis: "step" | "time";
  low: number;
  high: number;
}

/** Ask for a metric that is no series of numbers. */
export interface ReadTable {
  type: "read_table";
  id: string;
  run_id: string;
  name: string;
  kind: string;
}

/** Ask for a piece of one of the run's files or logs. */
export interface ReadFile {
  type: "read_file";
  id: string;
  run_id: string;
  name: string;
  start_bytes: number;
  limit_bytes: number;
}

/** Ask where a text stands in one of the run's files or logs, in upper or lower case. */
export interface FindText {
  type: "find_text";
  id: string;
  run_id: string;
  name: string;
  text: string;
}

/** Ask for the tags that the experiment's runs have. */
export interface SuggestTags {
  type: "suggest_tags";
  id: string;
  run_id: string;
}

/** Ask for a metric's points of some runs as a file. */
export interface Export {
  type: "export";
  id: string;
  run_ids: string[];
  name: string;
  format: "csv" | "plotly";
}

export type Command = CancelRuns | SetTag | RemoveTag | SetText;

export type Question = ReadPoints | ReadTable | ReadFile | FindText | SuggestTags | Export;

export type Request = Watch | Unwatch | ChangeLook | Ping | Steady | CancelRuns | SetTag | RemoveTag | SetText | ReadPoints | ReadTable | ReadFile | FindText | SuggestTags | Export;

/** A request on a page's WebSocket, which carries those of all its views. */
export interface Carried {
  workspace_id: string;
  run_id: string | null;
  experiment: string | null;
  request: Watch | Unwatch | ChangeLook | Ping | Steady | CancelRuns | SetTag | RemoveTag | SetText | ReadPoints | ReadTable | ReadFile | FindText | SuggestTags | Export;
}

/** The small state that a widget syncs as its trait ``summary`` and a saved notebook keeps. */
export interface Summary {
  workspace_id: string;
  run: RunHead | null;
  experiment: ExperimentHead | null;
  metrics: Record<string, number | string | boolean | null>;
  now_ms: number;
}
