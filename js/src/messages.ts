// Generated from widget/runwatch/feed/messages.py by `python -m runwatch.feed.typescript`.
// Do not edit: change the Python declarations and generate again (`make messages`).

/** Why a run failed. */
export interface RunError {
  message: string;
  code: string;
  traceback: string | null;
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
  tags: Record<string, string | null>;
  properties: Record<string, string | null>;
  details: Record<string, string>;
  error: RunError | null;
  child_counts: Record<string, number>;
}

/** One visible row of the tree of child runs. */
export interface TreeRow {
  run_id: string;
  level: number;
  position: number;
  siblings: number;
  display_name: string;
  number: number;
  status: string;
  created_ms: number;
  child_count: number;
  expanded: boolean;
  started_ms: number | null;
  ended_ms: number | null;
  tags: Record<string, string | null>;
  metrics: Record<string, number | string | boolean | null>;
}

/** The rows ``offset … offset + len(rows)`` of the tree as expanded and filtered now. */
export interface TreeWindow {
  offset: number;
  total: number;
  rows: TreeRow[];
  metric_names: string[];
}

/** Points of one scalar metric of the watched run, or of a child run shown beside it. */
export interface Points {
  run_id: string;
  name: string;
  last: number | string | boolean | null;
  count: number;
  replace: boolean;
  steps: Float64Array;
  values: Float64Array;
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

/** What the view is looking at; it decides what the updates carry. */
export interface Look {
  expanded: string[];
  filter: string;
  offset: number;
  limit: number;
  log: string | null;
}

/** Everything that the view shows. Begins a sequence of deltas. */
export interface Snapshot {
  type: "snapshot";
  seq: number;
  now_ms: number;
  run: RunHead;
  tree: TreeWindow;
  points: Points[];
  logs: LogFile[];
  files: RunFile[];
  log_text: LogText | null;
}

/** What has changed since ``seq - 1``. A field that is absent has not changed. */
export interface Delta {
  type: "delta";
  seq: number;
  now_ms: number;
  run?: RunHead;
  tree?: TreeWindow;
  rows?: TreeRow[];
  points?: Points[];
  logs?: LogFile[];
  files?: RunFile[];
  log_text?: LogText;
}

/** The command with this id was carried out. */
export interface Ack {
  type: "ack";
  id: string;
  message: string | null;
}

/** The command with this id was not carried out, and why, in words for a person. */
export interface Refusal {
  type: "refusal";
  id: string;
  message: string;
}

export type Update = Snapshot | Delta | Ack | Refusal;

/** Begin (or begin again after a gap): the answer is a `Snapshot`, then deltas. */
export interface Watch {
  type: "watch";
  look: Look;
}

/** The last view has gone; send no more. */
export interface Unwatch {
  type: "unwatch";
}

/** The view looks at something else now; the answer is a `Delta`. */
export interface ChangeLook {
  type: "look";
  look: Look;
}

/** Cancel a run and its descendants. */
export interface CancelRun {
  type: "cancel";
  id: string;
  run_id: string;
}

/** Add a tag, or give it another value. */
export interface SetTag {
  type: "set_tag";
  id: string;
  run_id: string;
  key: string;
  value: string | null;
}

/** Remove a tag; one that is not there is no error. */
export interface RemoveTag {
  type: "remove_tag";
  id: string;
  run_id: string;
  key: string;
}

export type Command = CancelRun | SetTag | RemoveTag;

export type Request = Watch | Unwatch | ChangeLook | CancelRun | SetTag | RemoveTag;

/** The small state that a widget syncs as its trait ``summary`` and a saved notebook keeps. */
export interface Summary {
  workspace_id: string;
  run: RunHead;
  metrics: Record<string, number | string | boolean | null>;
  now_ms: number;
}
