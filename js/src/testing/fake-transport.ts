// A transport that a test drives by hand, and runs to show.

import type {
  Answer,
  Delta,
  Points,
  Request,
  RunHead,
  Snapshot,
  Summary,
  TreeRow,
  TreeWindow,
  Update,
} from "../messages";
import type { Transport } from "../transport/transport";

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;
type AnswerTo = (request: Request) => WithoutId<Answer> | undefined;

export class FakeTransport implements Transport {
  readonly sent: Request[] = [];
  lasting = false;
  /** What answers questions. */
  answer: AnswerTo = () => undefined;
  private readonly updates = new Set<(update: Update) => void>();
  private readonly renewals = new Set<() => void>();
  private readonly summaries = new Set<(summary: Summary) => void>();

  constructor(
    private current: Summary = summary(),
    private readonly startsCompact = false,
  ) {}

  summary = () => this.current;
  compact = () => this.startsCompact;

  send(request: Request): void {
    this.sent.push(request);
    const answer = this.answer(request);
    if (answer && "id" in request) this.receive({ ...answer, id: request.id } as Answer);
  }

  onUpdate(listener: (update: Update) => void, signal: AbortSignal): void {
    this.updates.add(listener);
    signal.addEventListener("abort", () => this.updates.delete(listener));
  }

  onSummary(listener: (summary: Summary) => void, signal: AbortSignal): void {
    this.summaries.add(listener);
    signal.addEventListener("abort", () => this.summaries.delete(listener));
  }

  onRenewed(listener: () => void, signal: AbortSignal): void {
    this.renewals.add(listener);
    signal.addEventListener("abort", () => this.renewals.delete(listener));
  }

  /** The other side has forgotten its channels. */
  renew(): void {
    for (const listener of [...this.renewals]) listener();
  }

  get listeners(): number {
    return this.updates.size + this.summaries.size + this.renewals.size;
  }

  /** Brings an update; one of a channel goes to the last that was opened, unless it names one. */
  receive(update: Update): void {
    const channel = this.of("watch").at(-1)?.channel ?? "";
    const sent = "channel" in update && update.channel === "" ? { ...update, channel } : update;
    for (const listener of [...this.updates]) listener(sent);
  }

  sync(next: Summary): void {
    this.current = next;
    for (const listener of [...this.summaries]) listener(next);
  }

  /** The requests of one kind. */
  of<T extends Request["type"]>(type: T): Extract<Request, { type: T }>[] {
    return this.sent.filter((request) => request.type === type) as Extract<Request, { type: T }>[];
  }
}

export function head(change: Partial<RunHead> = {}): RunHead {
  return {
    run_id: "run-1",
    experiment: "digits",
    display_name: "train.py",
    number: 7,
    status: "Running",
    created_ms: 1_000,
    started_ms: 1_000,
    ended_ms: null,
    cancel_requested_ms: null,
    cancel_forced_ms: null,
    description: null,
    parent_id: null,
    progress: null,
    tags: {},
    properties: {},
    parameters: {},
    details: {},
    error: null,
    child_counts: {},
    ...change,
  };
}

export function summary(change: Partial<Summary> = {}): Summary {
  return {
    workspace_id: "w",
    run: head(),
    experiment: null,
    metrics: {},
    now_ms: Date.now(),
    ...change,
  };
}

export function row(change: Partial<TreeRow> = {}): TreeRow {
  return {
    run_id: "child-1",
    level: 1,
    position: 1,
    display_name: "child 1",
    number: 8,
    status: "Running",
    created_ms: 1_000,
    child_count: 0,
    expanded: false,
    started_ms: 1_000,
    ended_ms: null,
    cancel_requested_ms: null,
    cancel_forced_ms: null,
    error: null,
    tags: {},
    values: {},
    ...change,
  };
}

/** A window that holds these rows, and the rows. */
export function tree(
  rows: TreeRow[],
  change: Partial<TreeWindow> = {},
): { tree: TreeWindow; rows: TreeRow[] } {
  const ids = rows.map((one) => one.run_id);
  const columns = ["status", "duration", "tags"];
  const nothingWrong = { filter_error: null, filter_problem: null };
  const window = { offset: 0, total: rows.length, ids, columns, ...nothingWrong };
  return { tree: { ...window, ...change }, rows };
}

export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    type: "snapshot",
    channel: "",
    seq: 1,
    now_ms: Date.now(),
    run: head(),
    experiment: null,
    ...tree([]),
    offered: [],
    points: [],
    structures: [],
    logs: [],
    files: [],
    log_text: null,
    ...change,
  };
}

export function delta(seq: number, change: Partial<Delta> = {}): Delta {
  return { type: "delta", channel: "", seq, now_ms: Date.now(), ...change };
}

/** Numbers as they travel. */
export function numbers(values: readonly number[]): Points["steps"] {
  return { kind: "f8", data: new Uint8Array(Float64Array.from(values).buffer) };
}

export function points(
  name: string,
  steps: number[],
  values: number[],
  change: Partial<Points> = {},
): Points {
  const finite = values.filter(Number.isFinite);
  return {
    run_id: "run-1",
    name,
    count: steps.length,
    last: values.at(-1) ?? null,
    last_step: steps.at(-1) ?? 0,
    last_ms: 1_000 + 1_000 * (steps.length - 1),
    lowest: finite.length ? Math.min(...finite) : null,
    lowest_step: steps[values.indexOf(Math.min(...finite))] ?? 0,
    highest: finite.length ? Math.max(...finite) : null,
    highest_step: steps[values.indexOf(Math.max(...finite))] ?? 0,
    replace: true,
    steps: numbers(steps),
    times: numbers(steps.map((_, i) => 1_000 * i)),
    origin_ms: 1_000,
    values: numbers(values),
    ...change,
  };
}
