// Commands in flight: shown at once, taken back when they are refused, and undone when asked to.

import { signal } from "@preact/signals";
import type {
  Ack,
  CancelRuns,
  Command,
  Refusal,
  RemoveTag,
  RunHead,
  SetTag,
  SetText,
  TreeRow,
} from "../messages";
import type { CommandRoute, Transport } from "../transport/transport";
import { newId } from "./ids";
import { isLive } from "./status";

export const SERVER_AFTER_MS = 250;
export const GIVE_UP_AFTER_MS = 10_000;
/** How long an acknowledged command stays in the picture if no delta brings what it did. */
export const SETTLED_AFTER_MS = 3_000;

export interface Notice {
  id: string;
  kind: "alert" | "note";
  text: string;
}

interface Pending {
  command: Command;
  acknowledged: boolean;
  /** Why the second way refused it: that is told if the first one does not answer in time. */
  refusedElsewhere: string | null;
  timers: ReturnType<typeof setTimeout>[];
  abort: AbortController;
}

/** What takes a change back, and the id of the command that made it. */
interface Undo {
  id: string;
  orders: Order[];
}

/** What a command depends on, as it is when it is given or answered. */
interface Circumstances {
  workspaceId: () => string;
  /** Whether views go by the first way now: the second one may not know of the run then. */
  firstInUse: () => boolean;
  /** How long a cancelled run has to end by itself; null: as its submitter said. */
  graceSeconds: () => number | null;
  /** What is said when nobody answers. */
  noAnswer: () => string;
}

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;
/** A command before it has its id. */
export type Order = WithoutId<CancelRuns | SetTag | RemoveTag | SetText>;

/** Returns the order to give a run another name or description. */
export function textOrder(run: RunHead, field: SetText["field"], value: string): Order {
  return { type: "set_text", run_ids: [run.run_id], field, value };
}

/** Returns a cancel with the grace that the person has set, if one is set; another order as it is. */
export function withGrace(order: Order, graceSeconds: number | null): Order {
  return order.type === "cancel" && graceSeconds !== null
    ? { ...order, grace_s: graceSeconds }
    : order;
}

export class Commands {
  /** Commands whose effect is shown before the record has told of it. */
  readonly shown = signal<readonly Command[]>([]);
  readonly notices = signal<readonly Notice[]>([]);
  /** What takes the last changes back, the newest last. */
  readonly undoable = signal<readonly Undo[]>([]);
  private readonly pending = new Map<string, Pending>();

  constructor(
    private readonly transport: Transport,
    private readonly route: CommandRoute | null,
    private readonly now: Circumstances,
  ) {}

  /** Gives a command; `undo` is what would take it back. */
  give(order: Order, undo: Order[] = []): void {
    const command = { ...withGrace(order, this.now.graceSeconds()), id: newId() } as Command;
    if (undo.length > 0) {
      const { id } = command;
      this.undoable.value = [...this.undoable.value.slice(-19), { id, orders: undo }];
    }
    const entry: Pending = {
      command,
      acknowledged: false,
      refusedElsewhere: null,
      timers: [],
      abort: new AbortController(),
    };
    this.pending.set(command.id, entry);
    this.publish();
    this.transport.send(command);
    if (this.route) {
      entry.timers.push(setTimeout(() => this.sendByServer(entry), SERVER_AFTER_MS));
    }
    entry.timers.push(setTimeout(() => this.giveUp(entry), GIVE_UP_AFTER_MS));
  }

  /** Takes the last change back. */
  undo(): void {
    const last = this.undoable.value.at(-1);
    if (!last) return;
    this.undoable.value = this.undoable.value.slice(0, -1);
    for (const order of last.orders) this.give(order);
  }

  /** Whether an answer to the command with this id is waited for. */
  awaits(id: string): boolean {
    return this.pending.has(id);
  }

  answered(answer: Ack | Refusal): void {
    const entry = this.pending.get(answer.id);
    if (!entry || entry.acknowledged) return; // the other way was quicker
    if (answer.type === "refusal") {
      this.refuse(answer.id, answer.message);
      return;
    }
    entry.acknowledged = true;
    clear(entry);
    entry.timers.push(setTimeout(() => this.drop(answer.id), SETTLED_AFTER_MS));
    if (answer.message) this.notify("note", answer.message);
  }

  /** The record has told of changes: what was acknowledged is among them. */
  recordCaughtUp(): void {
    for (const [id, entry] of this.pending) if (entry.acknowledged) this.drop(id);
  }

  notify(kind: Notice["kind"], text: string): void {
    this.notices.value = [...this.notices.value.slice(-3), { id: newId(), kind, text }];
  }

  dismiss(id: string): void {
    this.notices.value = this.notices.value.filter((notice) => notice.id !== id);
  }

  close(): void {
    for (const entry of this.pending.values()) clear(entry);
    this.pending.clear();
  }

  private async sendByServer(entry: Pending): Promise<void> {
    try {
      const { command, abort } = entry;
      const answer = await this.route?.(this.now.workspaceId(), command, abort.signal);
      if (answer?.type === "refusal" && this.now.firstInUse()) {
        entry.refusedElsewhere = answer.message;
      } else if (answer) this.answered(answer);
    } catch (error) {
      // No such server extension, or no network: the comm may still answer.
      if (!entry.abort.signal.aborted) console.warn("runwatch: the server did not answer", error);
    }
  }

  private giveUp({ command, refusedElsewhere }: Pending): void {
    this.refuse(command.id, refusedElsewhere ?? this.now.noAnswer());
  }

  private refuse(id: string, message: string): void {
    if (!this.pending.has(id)) return;
    this.drop(id);
    this.undoable.value = this.undoable.value.filter((undo) => undo.id !== id);
    this.notify("alert", message);
  }

  private drop(id: string): void {
    const entry = this.pending.get(id);
    if (!entry) return;
    clear(entry);
    this.pending.delete(id);
    this.publish();
  }

  private publish(): void {
    this.shown.value = [...this.pending.values()].map((entry) => entry.command);
  }
}

function clear(entry: Pending): void {
  for (const timer of entry.timers) clearTimeout(timer);
  entry.timers = [];
  entry.abort.abort();
}

/** Returns a run or a row as it will be when the command has been carried out. */
export function withOrder<T extends RunHead | TreeRow>(run: T, order: Command): T {
  if (!order.run_ids.includes(run.run_id)) return run;
  switch (order.type) {
    case "cancel":
      return isLive(run.status) ? { ...run, status: "CancelRequested" } : run;
    case "set_text":
      return { ...run, [order.field]: order.value };
    case "set_tag":
      return { ...run, tags: { ...run.tags, [order.key]: order.value } };
    case "remove_tag": {
      const { [order.key]: _, ...others } = run.tags;
      return { ...run, tags: others };
    }
  }
}
