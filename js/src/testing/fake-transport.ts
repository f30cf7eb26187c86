// A transport that a test drives by hand, and runs to show.

import type { Delta, Request, RunHead, Snapshot, Summary, TreeRow, Update } from "../messages";
import type { Transport } from "../transport/transport";

export class FakeTransport implements Transport {
  readonly sent: Request[] = [];
  private readonly updates = new Set<(update: Update) => void>();
  private readonly summaries = new Set<(summary: Summary) => void>();

  constructor(
    private current: Summary = summary(),
    private readonly startsCompact = false,
  ) {}

  summary = () => this.current;
  compact = () => this.startsCompact;

  send(request: Request): void {
    this.sent.push(request);
  }

  onUpdate(listener: (update: Update) => void, signal: AbortSignal): void {
    this.updates.add(listener);
    signal.addEventListener("abort", () => this.updates.delete(listener));
  }

  onSummary(listener: (summary: Summary) => void, signal: AbortSignal): void {
    this.summaries.add(listener);
    signal.addEventListener("abort", () => this.summaries.delete(listener));
  }

  get listeners(): number {
    return this.updates.size + this.summaries.size;
  }

  receive(update: Update): void {
    for (const listener of [...this.updates]) listener(update);
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
    tags: {},
    properties: {},
    details: {},
    error: null,
    child_counts: {},
    ...change,
  };
}

export function summary(change: Partial<Summary> = {}): Summary {
  return { workspace_id: "w", run: head(), metrics: {}, now_ms: Date.now(), ...change };
}

export function row(change: Partial<TreeRow> = {}): TreeRow {
  return {
    run_id: "child-1",
    level: 1,
    position: 1,
    siblings: 1,
    display_name: "child 1",
    number: 8,
    status: "Running",
    created_ms: 1_000,
    child_count: 0,
    expanded: false,
    started_ms: 1_000,
    ended_ms: null,
    tags: {},
    metrics: {},
    ...change,
  };
}

export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    type: "snapshot",
    seq: 1,
    now_ms: Date.now(),
    run: head(),
    tree: { offset: 0, total: 0, rows: [], metric_names: [] },
    points: [],
    logs: [],
    files: [],
    log_text: null,
    ...change,
  };
}

export function delta(seq: number, change: Partial<Delta> = {}): Delta {
  return { type: "delta", seq, now_ms: Date.now(), ...change };
}
