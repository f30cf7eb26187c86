// All that the views of one widget share: the way to the record, its channels, commands, questions.

import { type Signal, signal } from "@preact/signals";
import type { Answer, Question, Request, Summary, Update } from "../messages";
import type { CommandRoute, Transport } from "../transport/transport";
import { strings } from "../view/strings";
import { Channel } from "./channel";
import { Commands } from "./commands";
import { newId } from "./ids";

export const ANSWER_WITHIN_MS = 20_000;
/** A cell that runs again takes its view away, and its kernel closes the comm a moment later. */
export const UNWATCH_AFTER_MS = 250;

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;
/** A question before it has its id. */
export type Asked = WithoutId<Question>;
type Told = Exclude<Answer, { type: "refusal" }>;

interface Waiting {
  resolve: (answer: Told) => void;
  reject: (reason: Error) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class Session {
  readonly commands: Commands;
  readonly compact: boolean;
  /** The small state that was synced last, for before the record has answered. */
  readonly summary: Signal<Summary>;
  /** Whether the browser is to tell of the end of a run. */
  readonly notifying = signal(false);
  /** What views hand on to those that follow them: the open tab, say. */
  readonly kept = new Map<string, unknown>();
  private readonly channels = new Map<string, Channel>();
  private readonly asked = new Map<string, Waiting>();
  private readonly abort = new AbortController();
  private readonly leaving = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly transport: Transport,
    route: CommandRoute | null,
  ) {
    this.summary = signal(transport.summary());
    this.compact = transport.compact();
    this.commands = new Commands(transport, route, () => this.summary.value.workspace_id);
    transport.onUpdate((update) => this.take(update), this.abort.signal);
    transport.onSummary((summary) => {
      this.summary.value = summary;
    }, this.abort.signal);
  }

  send(request: Request): void {
    this.transport.send(request);
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

  /** Asks, and returns the answer. An error says why there is none, in words for a person. */
  ask<T extends Told["type"]>(asked: Asked): Promise<Extract<Told, { type: T }>> {
    const id = newId();
    return new Promise<Told>((resolve, reject) => {
      const timer = setTimeout(
        () => this.settle(id)?.reject(new Error(strings.noAnswerYet)),
        ANSWER_WITHIN_MS,
      );
      this.asked.set(id, { resolve, reject, timer });
      this.transport.send({ ...asked, id } as Question);
    }) as Promise<Extract<Told, { type: T }>>;
  }

  close(): void {
    for (const channel of [...this.channels.values()]) channel.close();
    for (const id of [...this.asked.keys()])
      this.settle(id)?.reject(new Error(strings.noAnswerYet));
    for (const channel of [...this.leaving.keys()]) this.stay(channel);
    this.commands.close();
    this.abort.abort();
  }

  private take(update: Update): void {
    if ("channel" in update) this.channels.get(update.channel)?.take(update);
    else if (update.type === "ack") this.commands.answered(update);
    else if (update.type === "refusal") {
      const waiting = this.settle(update.id);
      if (waiting) waiting.reject(new Error(update.message));
      else this.commands.answered(update);
    } else this.settle(update.id)?.resolve(update);
  }

  private settle(id: string): Waiting | undefined {
    const waiting = this.asked.get(id);
    clearTimeout(waiting?.timer);
    this.asked.delete(id);
    return waiting;
  }
}
