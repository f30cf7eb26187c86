// The workspaces that the Jupyter server shows, and what goes on in each: for a whole page.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { LiveRun, Overview, Update, WorkspaceHead } from "../messages";
import type { FeedSocket } from "../transport/feed-socket";
import { FIRST_LOOK } from "./channel";
import { newId } from "./ids";

/** After so long a silence the server is asked whether it is there. */
export const PING_AFTER_MS = 20_000;
export const ANSWER_WITHIN_MS = 5_000;
const MOST_FAILURES = 3;

/** A live run, and where it is. */
export interface Live extends LiveRun {
  workspace: WorkspaceHead;
}

/** A number that neither an overview has nor the answer of a server that knows of no channel. */
const NONE_YET = 0;

/** A workspace's channel, and the number of the overview that came last. */
interface Watched {
  workspaceId: string;
  seq: number;
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
  /** Whether the server has not answered at several attempts. */
  readonly unreachable = signal(false);
  private readonly channels = new Map<string, Watched>();
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private clockOffset = 0;
  private failures = 0;

  constructor(private readonly socket: FeedSocket) {
    const { signal: end } = this.abort;
    socket.onUpdate((update) => this.take(update), end);
    socket.onRenewed(() => {
      this.channels.clear(); // the server names the workspaces anew
      this.failures = 0;
    }, end);
    socket.onLost(() => {
      this.failures += 1;
      this.unreachable.value = this.failures >= MOST_FAILURES;
    }, end);
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
    this.unreachable.value = false;
    if (update.type === "workspaces") this.takeWorkspaces(update.workspaces);
    if (!("channel" in update)) return;
    const watched = this.channels.get(update.channel);
    if (watched === undefined) return;
    if (update.type === "overview") {
      watched.seq = update.seq;
      this.clockOffset = update.now_ms - Date.now();
      this.overviews.value = new Map(this.overviews.value).set(watched.workspaceId, update);
    } else if (update.type === "trouble") watched.seq = NONE_YET;
    else if (update.type === "pong" && update.seq !== watched.seq) {
      this.watch(update.channel, watched.workspaceId);
    }
  }

  private takeWorkspaces(workspaces: readonly WorkspaceHead[]): void {
    const ids = new Set(workspaces.map((one) => one.workspace_id));
    this.overviews.value = new Map([...this.overviews.value].filter(([id]) => ids.has(id)));
    for (const [channel, { workspaceId }] of this.channels) {
      if (ids.delete(workspaceId)) continue;
      this.channels.delete(channel);
      this.say(workspaceId, { type: "unwatch", channel });
    }
    for (const workspaceId of ids) this.watch(newId(), workspaceId);
    this.known.value = workspaces;
  }

  private watch(channel: string, workspaceId: string): void {
    this.channels.set(channel, { workspaceId, seq: NONE_YET });
    this.say(workspaceId, { type: "watch", channel, run_id: null, look: FIRST_LOOK });
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
    for (const [channel, { workspaceId }] of this.channels) {
      this.say(workspaceId, { type: "ping", channel });
    }
    const asked = this.channels.size > 0;
    this.timer = setTimeout(() => {
      if (asked) this.socket.doubt();
      this.listen();
    }, ANSWER_WITHIN_MS);
  }
}
