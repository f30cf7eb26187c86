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

  constructor(
    private readonly socket: FeedSocket,
    private readonly subject: () => Subject,
  ) {}

  send(request: Request): void {
    this.socket.send({ ...this.subject(), request });
  }

  onUpdate(listener: (update: Update) => void, signal: AbortSignal): void {
    this.socket.onUpdate(listener, signal);
  }

  onRenewed(listener: () => void, signal: AbortSignal): void {
    this.socket.onRenewed(listener, signal);
  }

  doubt(): void {
    this.socket.doubt();
  }
}
