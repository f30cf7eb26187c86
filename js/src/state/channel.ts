// What is known of one run, or of an experiment's runs, kept current by the record's messages.

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type {
  Delta,
  ExperimentHead,
  LogFile,
  Look,
  Overview,
  Pong,
  RunFile,
  RunHead,
  Snapshot,
  Structure,
  TreeRow,
  TreeWindow,
  Trouble,
} from "../messages";
import { withOrder } from "./commands";
import { type Log, withText } from "./log";
import { type AllSeries, withNews } from "./series";
import type { Session } from "./session";
import { isLive } from "./status";

/** When to ask again for a snapshot. The first request can go to a kernel's main shell, which a
 * cell keeps busy: JupyterLab makes the subshell that is free for it at that same moment. */
export const ASK_AGAIN_AFTER_MS = [200, 600, 2_000, 6_000];
export const STALE_AFTER_MS = 4_000;
/** After so long a silence the view asks whether somebody is there. */
export const PING_AFTER_MS = 10_000;
export const PING_ENDED_AFTER_MS = 60_000;
export const WINDOW_ROWS = 100;

export const FIRST_LOOK: Look = {
  expanded: [],
  filter: "",
  sort: null,
  columns: null,
  offset: 0,
  limit: WINDOW_ROWS,
  log: null,
  charts: false,
  compare: [],
};
const EMPTY_TREE: TreeWindow = {
  offset: 0,
  total: 0,
  ids: [],
  columns: [],
  filter_error: null,
  filter_problem: null,
};
const NOTHING: AllSeries = new Map();

/** The rows that a view holds, and where they stand among all. */
export interface Tree extends TreeWindow {
  rows: readonly TreeRow[];
}

export class Channel {
  readonly look = signal<Look>(FIRST_LOOK);
  readonly series = signal<AllSeries>(NOTHING);
  readonly structures = signal<readonly Structure[]>([]);
  readonly offered = signal<readonly string[]>([]);
  readonly logs = signal<readonly LogFile[]>([]);
  readonly log = signal<Log | null>(null);
  readonly files = signal<readonly RunFile[]>([]);
  /** The names of the runs that were seen in the tree. */
  readonly names = new Map<string, string>();
  readonly experiment = signal<ExperimentHead | null>(null);
  /** When the last known state is from, if nothing has come to replace it. */
  readonly staleSince = signal<number | null>(null);
  /** Why the record can't be read, in words. */
  readonly trouble = signal<string | null>(null);
  /** Whether the record has answered: until then the views draw the summary. */
  readonly answered = signal(false);
  /** The run with what was ordered and not yet told of by the record; null of an experiment. */
  readonly run: ReadonlySignal<RunHead | null>;
  readonly tree: ReadonlySignal<Tree>;
  private readonly head = signal<RunHead | null>(null);
  private readonly window = signal<TreeWindow>(EMPTY_TREE);
  private readonly rows = signal<ReadonlyMap<string, TreeRow>>(new Map());
  private clockOffset = 0;
  private heardMs: number;
  private seq = -1;
  /** The look of the first request: while it is the same, nothing else was ever asked for. */
  private firstAsked: Look | undefined;
  private views = 0;
  private closing = false;
  private timers: ReturnType<typeof setTimeout>[] = [];

  constructor(
    private readonly session: Session,
    readonly name: string,
    readonly runId: string | null,
  ) {
    const { commands, summary } = session;
    this.heardMs = summary.peek().now_ms;
    this.run = computed(() => {
      const known = this.head.value ?? (runId === null ? (summary.value.run ?? null) : null);
      return known && commands.shown.value.reduce(withOrder, known);
    });
    this.tree = computed(() => ({
      ...this.window.value,
      rows: this.window.value.ids
        .map((id) => this.rows.value.get(id))
        .filter((row) => row !== undefined)
        .map((row) => commands.shown.value.reduce<TreeRow>(withOrder, row)),
    }));
  }

  /** Begins with a state that was kept, which is shown until the record answers. */
  begin(kept: Snapshot): void {
    batch(() => {
      this.clockOffset = kept.now_ms - Date.now();
      this.heardMs = kept.now_ms;
      this.show(kept);
    });
  }

  /** The record's time now, whatever the browser's clock says. */
  now(): number {
    return Date.now() + this.clockOffset;
  }

  /** A view was mounted; call what is returned when it goes. */
  mount(): () => void {
    this.views += 1;
    if (this.views === 1) this.watch();
    let mounted = true;
    return () => {
      if (!mounted) return;
      mounted = false;
      this.views -= 1;
      if (this.views !== 0) return;
      this.rest();
      if (this.closing) this.session.closed(this);
    };
  }

  /** Nobody mounts it again: it goes when those have gone that look at it. */
  close(): void {
    this.closing = true;
    if (this.views === 0) this.session.closed(this);
  }

  /** All goes, whoever looks at it. */
  stop(): void {
    if (this.views > 0) this.rest();
    this.views = 0;
    this.session.closed(this);
  }

  private rest(): void {
    this.stopTimers();
    this.seq = -1;
    this.session.leave(this.name);
  }

  changeLook(change: Partial<Look>): void {
    this.look.value = { ...this.look.value, ...change };
    if (this.seq >= 0) this.sendLook();
  }

  private sendLook(): void {
    this.session.send({ type: "look", channel: this.name, look: this.look.peek() });
  }

  toggle(runId: string, open: boolean): void {
    const others = this.look.value.expanded.filter((id) => id !== runId);
    this.changeLook({ expanded: open ? [...others, runId] : others });
  }

  take(update: Snapshot | Delta | Overview | Pong | Trouble): void {
    if (this.views === 0) return;
    if (update.type === "snapshot") this.takeSnapshot(update);
    else if (update.type === "delta") this.takeDelta(update);
    else if (update.type === "pong") this.takePong(update);
    else if (update.type === "trouble") {
      this.trouble.value = update.message;
      this.stopTimers();
      this.listen();
    }
  }

  /** The other side has forgotten this channel, or is another now. */
  renew(): void {
    if (this.views > 0) this.watch();
  }

  private watch(): void {
    this.seq = -1;
    this.session.stay(this.name);
    const ask = () => {
      const look = this.look.peek();
      this.firstAsked ??= look;
      this.session.send({ type: "watch", channel: this.name, run_id: this.runId, look });
    };
    ask();
    this.stopTimers();
    this.timers = ASK_AGAIN_AFTER_MS.map((after) => setTimeout(ask, after));
    const way = this.session.way();
    this.timers.push(setTimeout(() => this.grewStale(way), STALE_AFTER_MS));
    this.timers.push(setTimeout(() => this.ping(), PING_AFTER_MS));
  }

  /** Waits for news; after a long silence asks for a sign of life. */
  private listen(): void {
    const quiet = this.head.value !== null && !isLive(this.head.value.status);
    this.timers.push(setTimeout(() => this.ping(), quiet ? PING_ENDED_AFTER_MS : PING_AFTER_MS));
  }

  private ping(): void {
    const way = this.session.way();
    this.session.send({ type: "ping", channel: this.name });
    this.stopTimers();
    this.timers = [
      setTimeout(() => this.grewStale(way), STALE_AFTER_MS),
      setTimeout(() => this.ping(), PING_AFTER_MS),
    ];
  }

  private grewStale(way: unknown): void {
    this.staleSince.value = this.heardMs;
    this.session.silent(way);
  }

  /** Something came: what is known is current. */
  private heard(nowMs: number): void {
    this.stopTimers();
    this.clockOffset = nowMs - Date.now();
    this.heardMs = nowMs;
    this.staleSince.value = null;
    this.trouble.value = null;
    this.listen();
  }

  private stopTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  private takePong(pong: Pong): void {
    if (this.seq >= 0 && pong.seq === this.seq) batch(() => this.heard(pong.now_ms));
    else this.watch();
  }

  private takeSnapshot(snapshot: Snapshot): void {
    this.seq = snapshot.seq;
    if (!this.answered.peek()) this.session.begun();
    batch(() => {
      this.answered.value = true;
      this.heard(snapshot.now_ms);
      this.show(snapshot);
      this.session.commands.recordCaughtUp();
    });
    // It does not say which request it answers: that may be one with a look of before.
    if (this.look.peek() !== this.firstAsked) this.sendLook();
  }

  private show(snapshot: Snapshot): void {
    this.series.value = NOTHING;
    this.log.value = null;
    this.head.value = snapshot.run;
    this.experiment.value = snapshot.experiment;
    this.window.value = snapshot.tree;
    this.rows.value = new Map(snapshot.rows.map((row) => [row.run_id, row]));
    for (const row of snapshot.rows) this.names.set(row.run_id, row.display_name);
    const { points, structures, logs, files, offered } = snapshot;
    this.takeParts({ points, structures, logs, files, offered });
    if (snapshot.log_text) this.takeParts({ log_text: snapshot.log_text });
  }

  private takeDelta(delta: Delta): void {
    if (this.seq < 0) return; // of the time before the snapshot that was asked for
    if (delta.seq !== this.seq + 1) {
      this.watch();
      return;
    }
    this.seq = delta.seq;
    batch(() => {
      this.heard(delta.now_ms);
      const { run, experiment, rows, tree } = delta;
      if (run && this.head.value) this.head.value = { ...this.head.value, ...run };
      if (experiment) this.experiment.value = experiment;
      if (rows || tree) this.takeRows(rows ?? [], tree);
      if (run || rows || tree) this.session.commands.recordCaughtUp();
      this.takeParts(delta);
    });
  }

  private takeRows(changes: NonNullable<Delta["rows"]>, tree: TreeWindow | undefined): void {
    const rows = new Map(this.rows.value);
    for (const change of changes) {
      rows.set(change.run_id, { ...rows.get(change.run_id), ...change } as TreeRow);
      if (change.display_name !== undefined) this.names.set(change.run_id, change.display_name);
    }
    if (tree) {
      this.window.value = tree;
      const here = new Set(tree.ids);
      for (const id of rows.keys()) if (!here.has(id)) rows.delete(id);
    }
    this.rows.value = rows;
  }

  private takeParts(parts: Partial<Omit<Delta, "type">>): void {
    if (parts.points) this.series.value = withNews(this.series.value, parts.points);
    if (parts.structures) this.structures.value = parts.structures;
    if (parts.offered) this.offered.value = parts.offered;
    if (parts.logs) this.logs.value = parts.logs;
    if (parts.files) this.files.value = parts.files;
    if (parts.log_text) this.log.value = withText(this.log.value, parts.log_text);
  }
}
