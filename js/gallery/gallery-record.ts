// Stands for the kernel: answers what a view asks, and lets a live run go on.

import type { Delta, Look, Points, Request, RunHead, Summary, TreeRow, Update } from "../src/messages";
import type { Transport } from "../src/transport/transport";

/** A run to show. `children` holds the whole tree by parent; `step` changes it as time goes. */
export interface Scene {
  head: RunHead;
  children?: Map<string, TreeRow[]>;
  metrics?: Map<string, number[]>;
  logs?: Map<string, string>;
  files?: [string, number][];
  compact?: boolean;
  /** Never answers, as a saved notebook without its kernel. */
  silent?: boolean;
  /** Refuses every command with these words. */
  refuses?: string;
  step?: (scene: Scene, tick: number) => Partial<Delta>;
}

const ANSWER_AFTER_MS = 30;

export class GalleryRecord implements Transport {
  private readonly listeners = new Set<(update: Update) => void>();
  private look: Look = { expanded: [], filter: "", offset: 0, limit: 200, log: null };
  private seq = 0;
  private tick = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly scene: Scene) {}

  compact = () => this.scene.compact ?? false;

  summary = (): Summary => ({
    workspace_id: "gallery",
    run: this.scene.head,
    metrics: Object.fromEntries(
      [...(this.scene.metrics ?? [])].map(([name, values]) => [name, values.at(-1) ?? null]),
    ),
    now_ms: Date.now(),
  });

  onUpdate(listener: (update: Update) => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  onSummary(): void {}

  send(request: Request): void {
    if (!this.scene.silent) setTimeout(() => this.answer(request), ANSWER_AFTER_MS);
  }

  private answer(request: Request): void {
    switch (request.type) {
      case "watch":
        this.look = request.look;
        this.tellSnapshot();
        clearInterval(this.timer);
        if (this.scene.step) this.timer = setInterval(() => this.goOn(), 1000);
        return;
      case "unwatch":
        clearInterval(this.timer);
        return;
      case "look":
        this.look = request.look;
        this.tellDelta({ tree: this.window(), log_text: this.logText() ?? undefined });
        return;
      default:
        this.obey(request);
    }
  }

  private obey(command: Extract<Request, { id: string }>): void {
    const { head, refuses } = this.scene;
    if (refuses) {
      this.tell({ type: "refusal", id: command.id, message: refuses });
      return;
    }
    this.tell({ type: "ack", id: command.id, message: null });
    const found = [...(this.scene.children?.values() ?? [])].flat();
    const runs: (RunHead | TreeRow)[] = [head, ...found];
    for (const run of runs.filter((one) => one.run_id === command.run_id)) {
      const now = Date.now();
      if (command.type === "cancel") {
        run.status = "CancelRequested";
        Object.assign(run, { cancel_requested_ms: now, cancel_forced_ms: now + 5000 });
      } else if (command.type === "set_tag") run.tags[command.key] = command.value;
      else delete run.tags[command.key];
    }
    this.tellDelta({ run: { ...head, tags: { ...head.tags } }, tree: this.window() });
  }

  private goOn(): void {
    this.tick += 1;
    const news = this.scene.step?.(this.scene, this.tick);
    if (news) this.tellDelta(news);
  }

  private tell(update: Update): void {
    for (const listener of this.listeners) listener(update);
  }

  private tellDelta(news: Partial<Delta>): void {
    this.seq += 1;
    this.tell({ type: "delta", seq: this.seq, now_ms: Date.now(), ...news });
  }

  private tellSnapshot(): void {
    this.seq += 1;
    this.tell({
      type: "snapshot",
      seq: this.seq,
      now_ms: Date.now(),
      run: this.scene.head,
      tree: this.window(),
      points: [...(this.scene.metrics ?? [])].map(([name, values]) =>
        pointsOf(this.scene.head.run_id, name, values, 0),
      ),
      logs: [...(this.scene.logs ?? [])].map(([name, text]) => ({ name, size_bytes: text.length })),
      files: (this.scene.files ?? []).map(([name, size_bytes]) => ({ name, size_bytes })),
      log_text: this.logText(),
    });
  }

  private logText() {
    const logs = this.scene.logs ?? new Map<string, string>();
    const name = this.look.log ?? [...logs.keys()].at(-1);
    const text = name === undefined ? undefined : logs.get(name);
    if (name === undefined || text === undefined) return null;
    return { name, start_bytes: 0, end_bytes: text.length, text, replace: true };
  }

  private window() {
    const visible: TreeRow[] = [];
    const expanded = new Set(this.look.expanded);
    const wanted = this.look.filter.toLowerCase();
    const walk = (parent: string) => {
      for (const row of this.scene.children?.get(parent) ?? []) {
        const open = expanded.has(row.run_id);
        const words = `${row.display_name} ${row.status} ${Object.entries(row.tags)}`;
        if (words.toLowerCase().includes(wanted)) visible.push({ ...row, expanded: open });
        if (open) walk(row.run_id);
      }
    };
    walk(this.scene.head.run_id);
    const { offset, limit } = this.look;
    const names = visible.flatMap((row) => Object.keys(row.metrics));
    return {
      offset,
      total: visible.length,
      rows: visible.slice(offset, offset + limit),
      metric_names: [...new Set(names)],
    };
  }
}

export function pointsOf(run_id: string, name: string, values: number[], from: number): Points {
  const news = values.slice(from);
  return {
    run_id,
    name,
    last: values.at(-1) ?? null,
    count: values.length,
    replace: from === 0,
    steps: Float64Array.from(news, (_, i) => from + i),
    values: Float64Array.from(news),
  };
}
