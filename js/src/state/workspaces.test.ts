import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Carried, Overview, Update, WorkspaceHead } from "../messages";
import type { FeedSocket } from "../transport/feed-socket";
import { ANSWER_WITHIN_MS, PING_AFTER_MS, Workspaces } from "./workspaces";

/** A socket that the test drives by hand. */
class FakeSocket {
  readonly sent: Carried[] = [];
  doubted = 0;
  private listener: (update: Update) => void = () => undefined;
  private renewed: () => void = () => undefined;

  send = (carried: Carried) => this.sent.push(carried);
  onUpdate = (listener: (update: Update) => void) => {
    this.listener = listener;
  };
  onRenewed = (listener: () => void) => {
    this.renewed = listener;
  };
  onLost = (listener: () => void) => {
    this.lose = listener;
  };
  lose: () => void = () => undefined;
  doubt = () => {
    this.doubted += 1;
  };
  hear = (update: Update) => this.listener(update);
  reconnect = () => this.renewed();
}

let socket: FakeSocket;
let workspaces: Workspaces;

beforeEach(() => {
  vi.useFakeTimers();
  socket = new FakeSocket();
  workspaces = new Workspaces(socket as unknown as FeedSocket);
});

afterEach(() => {
  workspaces.close();
  vi.useRealTimers();
});

const head = (id: string): WorkspaceHead => ({ workspace_id: id, name: id, folder: id });
const watched = () => socket.sent.filter((one) => one.request.type === "watch");
const channelOf = (id: string) => {
  const request = watched()
    .filter((one) => one.workspace_id === id)
    .at(-1)?.request;
  return request?.type === "watch" ? request.channel : "";
};

function overview(id: string, change: Partial<Overview> = {}): Overview {
  return {
    type: "overview",
    channel: channelOf(id),
    seq: 1,
    now_ms: Date.now(),
    experiments: [],
    live: [],
    live_count: 0,
    ...change,
  };
}

const run = {
  run_id: "r",
  experiment: "digits",
  display_name: "train.py",
  number: 1,
  status: "Running",
  created_ms: 1,
  started_ms: 1,
};

test("each workspace that the server names is watched once, and its live runs are known", () => {
  expect(workspaces.known.value).toBeNull();
  socket.hear({ type: "workspaces", workspaces: [head("a"), head("b")] });
  socket.hear({ type: "workspaces", workspaces: [head("a"), head("b"), head("c")] });
  expect(watched().map((one) => one.workspace_id)).toEqual(["a", "b", "c"]);
  socket.hear(overview("b", { live: [run], live_count: 201 }));
  socket.hear(overview("c", { live_count: 1 }));
  expect(workspaces.live.value.map((one) => [one.run_id, one.workspace.name])).toEqual([
    ["r", "b"],
  ]);
  expect(workspaces.liveCount.value).toBe(202);
});

test("a workspace that is gone is left, with its runs", () => {
  socket.hear({ type: "workspaces", workspaces: [head("a")] });
  socket.hear(overview("a", { live: [run], live_count: 1 }));
  socket.hear({ type: "workspaces", workspaces: [] });
  expect(workspaces.live.value).toEqual([]);
  expect(workspaces.liveCount.value).toBe(0);
  expect(socket.sent.at(-1)?.request.type).toBe("unwatch");
});

test("after a new connection all are watched again, and the old channels are not heard", () => {
  socket.hear({ type: "workspaces", workspaces: [head("a")] });
  const old = overview("a", { live_count: 5 });
  socket.reconnect();
  socket.hear({ type: "workspaces", workspaces: [head("a")] });
  expect(watched()).toHaveLength(2);
  socket.hear(old);
  expect(workspaces.liveCount.value).toBe(0);
  socket.hear(overview("a", { live_count: 2 }));
  expect(workspaces.liveCount.value).toBe(2);
});

test("a workspace that went while there was no connection is not counted any more", () => {
  socket.hear({ type: "workspaces", workspaces: [head("a"), head("b")] });
  socket.hear(overview("a", { live_count: 2 }));
  socket.reconnect();
  socket.hear({ type: "workspaces", workspaces: [head("b")] });
  expect(workspaces.liveCount.value).toBe(0);
});

test("an overview that was missed is asked for anew", () => {
  socket.hear({ type: "workspaces", workspaces: [head("a")] });
  const channel = channelOf("a");
  socket.hear({ type: "trouble", channel, message: "away" });
  socket.hear({ type: "pong", channel, seq: 7, now_ms: Date.now() });
  expect(watched()).toHaveLength(2);
  socket.hear(overview("a", { seq: 8 }));
  socket.hear({ type: "pong", channel, seq: 8, now_ms: Date.now() });
  expect(watched()).toHaveLength(2);
});

test("a server that does not answer is told of after some attempts", () => {
  for (let attempt = 0; attempt < 3; attempt++) socket.lose();
  expect(workspaces.unreachable.value).toBe(true);
  socket.hear({ type: "workspaces", workspaces: [] });
  expect(workspaces.unreachable.value).toBe(false);
});

test("a connection on which nobody answers is put in doubt, one that answers is not", () => {
  socket.hear({ type: "workspaces", workspaces: [head("a")] });
  vi.advanceTimersByTime(PING_AFTER_MS);
  expect(socket.sent.at(-1)?.request.type).toBe("ping");
  socket.hear({ type: "pong", channel: channelOf("a"), seq: 1, now_ms: Date.now() });
  vi.advanceTimersByTime(ANSWER_WITHIN_MS);
  expect(socket.doubted).toBe(0);
  vi.advanceTimersByTime(PING_AFTER_MS + ANSWER_WITHIN_MS);
  expect(socket.doubted).toBe(1);
});

test("a workspace that could not be opened is watched again when the server knows no such channel", () => {
  socket.hear({ type: "workspaces", workspaces: [head("a")] });
  const channel = channelOf("a");
  socket.hear({ type: "trouble", channel, message: "the disk is full" });
  vi.advanceTimersByTime(PING_AFTER_MS);
  expect(socket.sent.at(-1)?.request.type).toBe("ping");
  socket.hear({ type: "pong", channel, seq: -1, now_ms: Date.now() });
  expect(watched()).toHaveLength(2);
  socket.hear(overview("a", { live_count: 2 }));
  expect(workspaces.liveCount.value).toBe(2);
});
