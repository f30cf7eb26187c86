// One WebSocket of a page, which carries what all of its views say to the Jupyter server and hear.

import type { Carried, Request, Update } from "../messages";
import { withBuffers } from "./buffers";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** For so long a command or a question waits for a connection: no longer than for its answer. */
export const WAITS_MS = 10_000;
/** Of the channel that is opened again when the connection is there: not worth keeping till then. */
const OF_CHANNELS: ReadonlySet<Request["type"]> = new Set(["watch", "unwatch", "look", "ping"]);

type Listener = (update: Update) => void;

export class FeedSocket {
  private socket: WebSocket | null = null;
  private readonly listeners = new Set<Listener>();
  private readonly renewals = new Set<() => void>();
  private readonly losses = new Set<() => void>();
  private waiting: { carried: Carried; at: number }[] = [];
  private retryMs = FIRST_RETRY_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  /** Opens the connection, and again whenever it is lost, until it is closed. */
  constructor(private readonly url: () => string) {
    this.open();
    globalThis.addEventListener?.("online", this.hurry);
  }

  send(carried: Carried): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(carried));
    else if (!OF_CHANNELS.has(carried.request.type)) {
      this.waiting = [...this.recent(), { carried, at: Date.now() }];
    }
  }

  onUpdate(listener: Listener, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  /** Tells when there is a new connection: its other side knows of no channel. */
  onRenewed(listener: () => void, signal: AbortSignal): void {
    this.renewals.add(listener);
    signal.addEventListener("abort", () => this.renewals.delete(listener));
  }

  /** Tells when there is no connection, at each attempt that fails. */
  onLost(listener: () => void, signal: AbortSignal): void {
    this.losses.add(listener);
    signal.addEventListener("abort", () => this.losses.delete(listener));
  }

  /** Nothing came where something should: the connection may be dead, as after a sleep. */
  doubt(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.lose();
    this.open();
  }

  close(): void {
    this.closed = true;
    globalThis.removeEventListener?.("online", this.hurry);
    this.lose();
  }

  /** What has been told to the person as not done must not be done later. */
  private recent() {
    return this.waiting.filter(({ at }) => Date.now() - at < WAITS_MS);
  }

  private readonly hurry = () => {
    if (this.socket === null && !this.closed) this.open();
  };

  private open(): void {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url());
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const mine = () => this.socket === socket;
    socket.onopen = () => {
      if (!mine()) return;
      this.retryMs = FIRST_RETRY_MS;
      for (const renewed of [...this.renewals]) renewed();
      const waiting = this.recent();
      this.waiting = [];
      for (const { carried } of waiting) this.send(carried);
    };
    socket.onmessage = ({ data }) => {
      if (!mine()) return;
      const update = decoded(data as string | ArrayBuffer);
      for (const listener of [...this.listeners]) listener(update);
    };
    socket.onclose = () => {
      if (!mine()) return;
      this.socket = null;
      if (this.closed) return;
      for (const lost of [...this.losses]) lost();
      this.timer = setTimeout(this.hurry, this.retryMs);
      this.retryMs = Math.min(2 * this.retryMs, LONGEST_RETRY_MS);
    };
  }

  private lose(): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}

/** Reads a frame as `runwatch.feed.wire.frame` writes it. */
export function decoded(frame: string | ArrayBuffer): Update {
  if (typeof frame === "string") return JSON.parse(frame) as Update;
  const view = new DataView(frame);
  const parts: DataView[] = [];
  for (let at = 0; at < frame.byteLength; ) {
    const length = view.getUint32(at, true);
    parts.push(new DataView(frame, at + 4, length));
    at += 4 + length;
  }
  const [text, ...buffers] = parts;
  return withBuffers(JSON.parse(new TextDecoder().decode(text)), buffers) as Update;
}
