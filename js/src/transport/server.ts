// The second carrier: the Jupyter server, which answers while the kernel is busy or gone.

import type { Ack, Carried, Refusal, Request, Update } from "../messages";
import type { FeedSocket } from "./feed-socket";
import { headers, type PageServer } from "./page";
import type { Carrier, CommandRoute } from "./transport";

/** What a view is made for. */
export type Subject = Omit<Carried, "request">;

/** Returns the way of commands to a Jupyter server. */
export function serverRoute(server: PageServer): CommandRoute {
  return async (workspaceId, command, signal) => {
    const response = await fetch(`${server.baseUrl}runwatch/api/commands`, {
      method: "POST",
      credentials: "same-origin",
      headers: headers(server),
      body: JSON.stringify({ workspace_id: workspaceId, command }),
      signal,
    });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return (await response.json()) as Ack | Refusal;
  };
}

/** Carries what one view says over the page's socket. */
export class ServerCarrier implements Carrier {
  readonly lasting = true;

  /**
   * @param pace_ms How often updates are handed on at the most; 0: as they come.
   */
  constructor(
    private readonly socket: FeedSocket,
    private readonly subject: () => Subject,
    private readonly pace_ms: () => number = () => 0,
  ) {}

  send(request: Request): void {
    this.socket.send({ ...this.subject(), request });
  }

  onUpdate(listener: (update: Update) => void, signal: AbortSignal): void {
    let waiting: Update[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const handOn = () => {
      timer = undefined;
      for (const update of waiting.splice(0)) listener(update);
    };
    const take = (update: Update) => {
      waiting.push(update);
      const pace = update.type === "delta" ? this.pace_ms() : 0;
      if (pace > 0) {
        timer ??= setTimeout(handOn, pace);
        return;
      }
      clearTimeout(timer); // an answer waits for nothing, and keeps its place in the order
      handOn();
    };
    this.socket.onUpdate(take, signal);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      waiting = [];
    });
  }

  onRenewed(listener: () => void, signal: AbortSignal): void {
    this.socket.onRenewed(listener, signal);
  }

  doubt(): void {
    this.socket.doubt();
  }
}
