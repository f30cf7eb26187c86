// The workspaces that the Jupyter server shows, and what goes on in each: for a whole page.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { LiveRun, Overview, Update, WorkspaceHead } from "../messages";
import type { FeedSocket } from "../transport/feed-socket";
import { FIRST_LOOK } from "./channel";
import { newId } from "./ids";

/** After so long a silence the server is asked whether it is there. */
export const PING_AFTER_MS = 20_000;
export const ANSWER_WITHIN_MS = 5_000;

/** A live run, and where it is. */
export interface Live extends LiveRun {
  workspace: WorkspaceHead;
}

export class Workspaces {
  /** Null until the server has answered. */
  readonly known = signal<readonly WorkspaceHead[] | null>(null);
  readonly overviews = signal<ReadonlyMap<string, Overview>>(new Map());
  readonly live: ReadonlySignal<readonly Live[]> = computed(() =>
    (this.known.value ?? []).flatMap((workspace) =>
      (this.overviews.value.get(workspace.workspace_id)?.live ?? []).map((run) => ({
        ...run,
        workspace,
      })),
    ),
  );
  /** Of all workspaces, also those runs that `live` has no room for. */
  readonly liveCount = computed(() =>
    [...this.overviews.value.values()].reduce((sum, one) => sum + one.live_count, 0),
  );
  /** Workspace by channel. */
  private readonly channels = new Map<string, string>();
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private clockOffset = 0;

  constructor(private readonly socket: FeedSocket) {
    socket.onUpdate((update) => this.take(update), this.abort.signal);
    socket.onRenewed(() => this.channels.clear(), this.abort.signal);
    this.listen();
  }

  /** The record's time now. */
  now(): number {
    return Date.now() + this.clockOffset;
  }

  close(): void {
    clearTimeout(this.timer);
    this.abort.abort();
  }

  private take(update: Update): void {
    this.listen();
    if (update.type === "workspaces") this.takeWorkspaces(update.workspaces);
    else if (update.type === "overview") {
      const workspaceId = this.channels.get(update.channel);
      if (workspaceId === undefined) return;
      this.clockOffset = update.now_ms - Date.now();
      this.overviews.value = new Map(this.overviews.value).set(workspaceId, update);
    }
  }

  private takeWorkspaces(workspaces: readonly WorkspaceHead[]): void {
    const ids = new Set(workspaces.map((one) => one.workspace_id));
    for (const [channel, workspaceId] of this.channels) {
      if (ids.has(workspaceId)) ids.delete(workspaceId);
      else this.leave(channel, workspaceId);
    }
    for (const workspaceId of ids) {
      const channel = newId();
      this.channels.set(channel, workspaceId);
      this.say(workspaceId, { type: "watch", channel, run_id: null, look: FIRST_LOOK });
    }
    this.known.value = workspaces;
  }

  private leave(channel: string, workspaceId: string): void {
    this.channels.delete(channel);
    this.say(workspaceId, { type: "unwatch", channel });
    const overviews = new Map(this.overviews.value);
    overviews.delete(workspaceId);
    this.overviews.value = overviews;
  }

  private say(workspaceId: string, request: Parameters<FeedSocket["send"]>[0]["request"]): void {
    this.socket.send({ workspace_id: workspaceId, run_id: null, experiment: null, request });
  }

  /** Something was heard; if nothing is for long, a dead connection is found out. */
  private listen(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PING_AFTER_MS);
  }

  private ask(): void {
    const [first] = this.channels;
    if (first) this.say(first[1], { type: "ping", channel: first[0] });
    this.timer = setTimeout(() => {
      if (first) this.socket.doubt();
      this.listen();
    }, ANSWER_WITHIN_MS);
  }
}
