// All that the views of one widget share: the way to the record, its channels, commands, questions.

import { effect, type Signal, signal } from "@preact/signals";
import type { Answer, Question, Request, RunHead, Summary, Update } from "../messages";
import { strings } from "../strings";
import type { Carrier, CommandRoute, Transport } from "../transport/transport";
import { Channel } from "./channel";
import { Commands } from "./commands";
import { newId } from "./ids";
import { paced } from "./pace";
import { isLive } from "./status";

export const ANSWER_WITHIN_MS = 20_000;
/** When a question is asked the second way, too. */
export const SPARE_AFTER_MS = 1_000;
/** A cell that runs again takes its view away, and its kernel closes the comm a moment later. */
export const UNWATCH_AFTER_MS = 250;

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;
/** A question before it has its id. */
export type Asked = WithoutId<Question>;
type Told = Exclude<Answer, { type: "refusal" }>;

interface Waiting {
  resolve: (answer: Told) => void;
  reject: (reason: Error) => void;
  timers: ReturnType<typeof setTimeout>[];
}

/** A run whose end is to be told, and its channel, which is held until then. */
interface Awaited {
  channel: Channel;
  tell: (run: RunHead) => void;
  release: () => void;
}

/** What a person may set of a view. */
export interface Preferences {
  /** The tab that a run is opened with; null: one that fits the run. */
  readonly defaultTab: string | null;
  /** How long a cancelled run has to end by itself, in seconds; null: as its submitter said. */
  readonly graceSeconds: number | null;
  /** Views are brought up to date at most so often, in milliseconds; 0: as news come. */
  readonly refreshMs: number;
}

export const NOTHING_SET: Preferences = { defaultTab: null, graceSeconds: null, refreshMs: 0 };

/** What else a session may be given. */
export interface SessionOptions {
  /** Makes the second way for all that a view asks, when the first is silent. */
  spare?: () => Carrier | null;
  /** What is said when nobody answers a command. */
  noAnswer?: () => string;
  /** Whether the view stays as it is when its output is brought up to date. */
  steady?: () => boolean;
  /** What the person has set, as it is now. */
  preferences?: () => Preferences;
}

export class Session {
  readonly commands: Commands;
  readonly compact: boolean;
  /** The small state that was synced last, for before the record has answered. */
  readonly summary: Signal<Summary>;
  readonly preferences: () => Preferences;
  /** What views hand on to those that follow them: the open tab, say. */
  readonly kept = new Map<string, unknown>();
  private readonly channels = new Map<string, Channel>();
  private readonly awaited = signal<ReadonlyMap<string, Awaited>>(new Map());
  private readonly asked = new Map<string, Waiting>();
  private readonly abort = new AbortController();
  private readonly leaving = new Map<string, ReturnType<typeof setTimeout>>();
  /** The way that channels go now. */
  private carrier: Carrier;
  private spare: Carrier | null | undefined;

  constructor(
    private readonly transport: Transport,
    route: CommandRoute | null,
    private readonly options: SessionOptions = {},
  ) {
    this.carrier = transport;
    this.summary = signal(transport.summary());
    this.compact = transport.compact();
    this.preferences = options.preferences ?? (() => NOTHING_SET);
    this.commands = new Commands(transport, route, {
      workspaceId: () => this.summary.value.workspace_id,
      firstInUse: () => this.carrier === transport,
      graceSeconds: () => this.preferences().graceSeconds,
      noAnswer: options.noAnswer ?? (() => strings.noAnswer),
    });
    this.hear(transport);
    transport.onSummary((summary) => {
      this.summary.value = summary;
    }, this.abort.signal);
    this.abort.signal.addEventListener(
      "abort",
      effect(() => this.tellOfEnds()),
    );
  }

  private hear(carrier: Carrier): void {
    const { signal } = this.abort;
    const take = paced(
      (update) => this.take(update, carrier),
      () => this.preferences().refreshMs,
      signal,
    );
    carrier.onUpdate((update) => {
      if (this.concerns(update)) take(update);
    }, signal);
    carrier.onRenewed?.(() => {
      if (carrier === this.carrier) for (const channel of this.channels.values()) channel.renew();
    }, signal);
  }

  /** Whether an update is for this session: a carrier may bring those of a whole page. */
  private concerns(update: Update): boolean {
    if ("channel" in update) return this.channels.has(update.channel);
    return "id" in update && (this.asked.has(update.id) || this.commands.awaits(update.id));
  }

  send(request: Request): void {
    this.carrier.send(request);
  }

  /** The record has answered for the first time, so that the view is on the page. */
  begun(): void {
    if (this.options.steady?.()) this.transport.send({ type: "steady" });
  }

  /** The way that is used now, to tell it from one that is used later. */
  way(): unknown {
    return this.carrier;
  }

  /** Nothing was heard on that way for too long: the other one is gone, if there is one. */
  silent(way: unknown): void {
    if (way !== this.carrier) return;
    this.carrier.doubt?.();
    this.turnFrom(way);
  }

  private turnFrom(way: unknown): void {
    if (way !== this.carrier) return;
    const other = this.carrier === this.transport ? this.spareCarrier() : this.transport;
    if (!other) return;
    for (const channel of this.channels.values()) {
      this.carrier.send({ type: "unwatch", channel: channel.name });
    }
    this.carrier = other;
    for (const channel of this.channels.values()) channel.renew();
  }

  private spareCarrier(): Carrier | null {
    if (this.spare === undefined) {
      this.spare = this.options.spare?.() ?? null;
      if (this.spare) this.hear(this.spare);
    }
    return this.spare;
  }

  /** Says that a channel is looked at no more, unless it is again by then, or all is closed. */
  leave(channel: string): void {
    this.stay(channel);
    const say = () => {
      this.leaving.delete(channel);
      this.send({ type: "unwatch", channel });
    };
    this.leaving.set(channel, setTimeout(say, UNWATCH_AFTER_MS));
  }

  stay(channel: string): void {
    clearTimeout(this.leaving.get(channel));
    this.leaving.delete(channel);
  }

  /** Opens a channel to a run, or to what the widget was made for; close it when it is not needed. */
  open(runId: string | null): Channel {
    const channel = new Channel(this, newId(), runId);
    this.channels.set(channel.name, channel);
    return channel;
  }

  closed(channel: Channel): void {
    this.channels.delete(channel.name);
  }

  /** Whether the end of a run is to be told. */
  awaits(runId: string): boolean {
    return this.awaited.value.has(runId);
  }

  /** Calls `tell` when a run that is shown now has ended, whatever is shown by then. */
  awaitEnd(runId: string, tell: (run: RunHead) => void): void {
    const channel = [...this.channels.values()].find((one) => one.run.peek()?.run_id === runId);
    if (!channel || this.awaited.peek().has(runId)) return;
    const one = { channel, tell, release: channel.mount() };
    this.awaited.value = new Map(this.awaited.peek()).set(runId, one);
  }

  forgetEnd(runId: string): void {
    const others = new Map(this.awaited.peek());
    others.get(runId)?.release();
    others.delete(runId);
    this.awaited.value = others;
  }

  private tellOfEnds(): void {
    for (const [runId, { channel, tell }] of this.awaited.value) {
      const run = channel.run.value;
      if (!run || isLive(run.status)) continue;
      this.forgetEnd(runId);
      tell(run);
    }
  }

  /** Asks, and returns the answer. An error says why there is none, in words for a person. */
  ask<T extends Told["type"]>(asked: Asked): Promise<Extract<Told, { type: T }>> {
    const id = newId();
    const question = { ...asked, id } as Question;
    return new Promise<Told>((resolve, reject) => {
      const giveUp = () => this.settle(id)?.reject(new Error(strings.noAnswerYet));
      const timers = [
        setTimeout(() => this.askElsewhere(question), SPARE_AFTER_MS),
        setTimeout(giveUp, ANSWER_WITHIN_MS),
      ];
      this.asked.set(id, { resolve, reject, timers });
      this.carrier.send(question);
    }) as Promise<Extract<Told, { type: T }>>;
  }

  private askElsewhere(question: Question): void {
    const other = this.carrier === this.transport ? this.spareCarrier() : this.transport;
    other?.send(question);
  }

  close(): void {
    for (const channel of [...this.channels.values()]) channel.stop();
    if (this.carrier.lasting) {
      for (const channel of this.leaving.keys()) this.carrier.send({ type: "unwatch", channel });
    }
    for (const id of [...this.asked.keys()])
      this.settle(id)?.reject(new Error(strings.noAnswerYet));
    for (const channel of [...this.leaving.keys()]) this.stay(channel);
    this.commands.close();
    this.abort.abort();
  }

  private take(update: Update, from: Carrier): void {
    if ("channel" in update) {
      // The second way may lead where the record is not known: that is no trouble of the record.
      if (update.type === "trouble" && from !== this.transport) this.turnFrom(from);
      else if (from === this.carrier) this.channels.get(update.channel)?.take(update);
    } else if (update.type === "ack") this.commands.answered(update);
    else if (update.type === "refusal") {
      if (this.asked.has(update.id)) {
        // The other way may not know of the run; the one in use does.
        if (from === this.carrier) this.settle(update.id)?.reject(new Error(update.message));
      } else this.commands.answered(update);
    } else if (update.type !== "workspaces") this.settle(update.id)?.resolve(update);
  }

  private settle(id: string): Waiting | undefined {
    const waiting = this.asked.get(id);
    for (const timer of waiting?.timers ?? []) clearTimeout(timer);
    this.asked.delete(id);
    return waiting;
  }
}
