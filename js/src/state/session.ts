// Everything that the views of one widget draw, kept current by the transport's messages.

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type {
  Command,
  Delta,
  LogFile,
  Look,
  RunFile,
  RunHead,
  Snapshot,
  Summary,
  TreeRow,
  TreeWindow,
  Update,
} from "../messages";
import type { CommandRoute, Transport } from "../transport/transport";
import { Commands } from "./commands";
import { type Log, withText } from "./log";
import { type Series, withPoints } from "./series";
import { isLive } from "./status";

export const STALE_AFTER_MS = 4_000;
/** When to ask again for a snapshot. The first request can go to a kernel's main shell, which a
 * cell keeps busy: JupyterLab makes the subshell that is free for it at that same moment. */
export const ASK_AGAIN_AFTER_MS = [200, 600, 2_000, 6_000];
export const WINDOW_ROWS = 200;

const FIRST_LOOK: Look = { expanded: [], filter: "", offset: 0, limit: WINDOW_ROWS, log: null };
const EMPTY_TREE: TreeWindow = { offset: 0, total: 0, rows: [], metric_names: [] };

export class Session {
  readonly commands: Commands;
  readonly look = signal<Look>(FIRST_LOOK);
  readonly series = signal<ReadonlyMap<string, Series>>(new Map());
  readonly logs = signal<readonly LogFile[]>([]);
  readonly log = signal<Log | null>(null);
  readonly files = signal<readonly RunFile[]>([]);
  /** When the last known state is from, if nothing has come to replace it. */
  readonly staleSince = signal<number | null>(null);
  /** Whether the record has answered: until then the views draw the summary. */
  readonly answered = signal(false);
  /** The run with what was ordered and not yet told of by the record. */
  readonly run: ReadonlySignal<RunHead>;
  readonly tree: ReadonlySignal<TreeWindow>;
  readonly compact: boolean;
  private readonly summary: ReturnType<typeof signal<Summary>>;
  private readonly head: ReturnType<typeof signal<RunHead>>;
  private readonly window = signal<TreeWindow>(EMPTY_TREE);
  private readonly abort = new AbortController();
  private clockOffset = 0;
  private seq = -1;
  private views = 0;
  private timers: ReturnType<typeof setTimeout>[] = [];

  constructor(
    private readonly transport: Transport,
    route: CommandRoute | null,
  ) {
    this.summary = signal(transport.summary());
    this.head = signal(transport.summary().run);
    this.compact = transport.compact();
    this.commands = new Commands(transport, route, () => this.known.workspace_id);
    this.run = computed(() =>
      this.commands.shown.value.reduce(withOrder, this.head.value as RunHead),
    );
    this.tree = computed(() => withOrders(this.window.value, this.commands.shown.value));
    transport.onUpdate((update) => this.take(update), this.abort.signal);
    transport.onSummary((summary) => this.takeSummary(summary), this.abort.signal);
  }

  /** The last values as the summary has them, for before the record has answered. */
  get known(): Summary {
    return this.summary.value as Summary;
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
      if (this.views === 0) {
        this.stopTimers();
        this.seq = -1;
        this.transport.send({ type: "unwatch" });
      }
    };
  }

  close(): void {
    this.stopTimers();
    this.commands.close();
    this.abort.abort();
  }

  changeLook(change: Partial<Look>): void {
    this.look.value = { ...this.look.value, ...change };
    if (this.seq >= 0) this.transport.send({ type: "look", look: this.look.value });
  }

  toggle(runId: string, open: boolean): void {
    const others = this.look.value.expanded.filter((id) => id !== runId);
    this.changeLook({ expanded: open ? [...others, runId] : others });
  }

  private watch(): void {
    this.seq = -1;
    const ask = () => this.transport.send({ type: "watch", look: this.look.value });
    ask();
    this.stopTimers();
    this.timers = ASK_AGAIN_AFTER_MS.map((after) => setTimeout(ask, after));
    this.timers.push(
      setTimeout(() => {
        this.staleSince.value = this.known.now_ms;
      }, STALE_AFTER_MS),
    );
  }

  private stopTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  private take(update: Update): void {
    if (update.type === "ack" || update.type === "refusal") this.commands.answered(update);
    else if (this.views > 0) {
      if (update.type === "snapshot") this.takeSnapshot(update);
      else this.takeDelta(update);
    }
  }

  private takeSnapshot(snapshot: Snapshot): void {
    this.stopTimers();
    this.seq = snapshot.seq;
    batch(() => {
      this.answered.value = true;
      this.staleSince.value = null;
      this.series.value = new Map();
      this.log.value = null;
      this.takeParts({ ...snapshot, log_text: snapshot.log_text ?? undefined });
    });
  }

  private takeDelta(delta: Delta): void {
    if (this.seq < 0) return; // of the time before the snapshot that was asked for
    if (delta.seq === this.seq + 1) {
      this.seq = delta.seq;
      batch(() => this.takeParts(delta));
    } else this.watch();
  }

  private takeParts(parts: Partial<Omit<Delta, "type">> & { now_ms: number }): void {
    this.clockOffset = parts.now_ms - Date.now();
    if (parts.run) this.head.value = parts.run;
    if (parts.tree) this.window.value = parts.tree;
    if (parts.rows) this.window.value = withRows(this.window.value, parts.rows);
    if (parts.run || parts.tree || parts.rows) this.commands.recordCaughtUp();
    if (parts.points) {
      const series = new Map(this.series.value);
      for (const news of parts.points)
        series.set(news.name, withPoints(series.get(news.name), news));
      this.series.value = series;
    }
    if (parts.logs) this.logs.value = parts.logs;
    if (parts.files) this.files.value = parts.files;
    if (parts.log_text) this.log.value = withText(this.log.value, parts.log_text);
  }

  private takeSummary(summary: Summary): void {
    batch(() => {
      this.summary.value = summary;
      if (!this.answered.value) this.head.value = summary.run;
    });
  }
}

function withRows(tree: TreeWindow, rows: readonly TreeRow[]): TreeWindow {
  const news = new Map(rows.map((row) => [row.run_id, row]));
  return { ...tree, rows: tree.rows.map((row) => news.get(row.run_id) ?? row) };
}

function withOrder(run: RunHead, order: Command): RunHead {
  if (order.run_id !== run.run_id) return run;
  if (order.type === "cancel") {
    return isLive(run.status) ? { ...run, status: "CancelRequested" } : run;
  }
  const { [order.key]: _, ...others } = run.tags;
  return {
    ...run,
    tags: order.type === "set_tag" ? { ...others, [order.key]: order.value } : others,
  };
}

function withOrders(tree: TreeWindow, orders: readonly Command[]): TreeWindow {
  const cancelled = new Set(orders.filter((o) => o.type === "cancel").map((o) => o.run_id));
  if (cancelled.size === 0) return tree;
  const rows = tree.rows.map((row) =>
    cancelled.has(row.run_id) && isLive(row.status) ? { ...row, status: "CancelRequested" } : row,
  );
  return { ...tree, rows };
}
