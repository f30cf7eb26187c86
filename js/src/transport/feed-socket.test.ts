import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Carried, Update } from "../messages";
import { FakeWebSocket } from "../testing/fake-web-socket";
import { decoded, FeedSocket, WAITS_MS } from "./feed-socket";

const last = () => FakeWebSocket.made.at(-1) as FakeWebSocket;
const ping: Carried = {
  workspace_id: "w",
  run_id: "r",
  experiment: null,
  request: { type: "ping", channel: "c" },
};
const question: Carried = {
  ...ping,
  request: { type: "suggest_tags", id: "1", run_id: "r" },
};

let socket: FeedSocket;
let abort: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.made = [];
  abort = new AbortController();
  socket = new FeedSocket(() => "ws://here/feed");
});

afterEach(() => {
  socket.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("a question waits for the connection; what is of a channel is asked anew when it is there", () => {
  const renewed = vi.fn();
  socket.onRenewed(renewed, abort.signal);
  socket.send(ping);
  socket.send(question);
  expect(last().sent).toEqual([]);
  last().opens();
  expect(renewed).toHaveBeenCalledOnce();
  expect(last().sent).toEqual([JSON.stringify(question)]);
  socket.send(ping);
  expect(last().sent).toHaveLength(2);
});

test("a connection that is lost is made again, ever less often, and at once when the network is back", () => {
  last().opens();
  last().breaks();
  vi.advanceTimersByTime(500);
  expect(FakeWebSocket.made).toHaveLength(2);
  last().breaks();
  vi.advanceTimersByTime(500);
  expect(FakeWebSocket.made).toHaveLength(2);
  vi.advanceTimersByTime(500);
  expect(FakeWebSocket.made).toHaveLength(3);
  last().breaks();
  globalThis.dispatchEvent(new Event("online"));
  expect(FakeWebSocket.made).toHaveLength(4);
});

test("a connection in doubt is replaced, and what comes on the old one is not heard", () => {
  const heard: Update[] = [];
  socket.onUpdate((update) => heard.push(update), abort.signal);
  const old = last();
  old.opens();
  socket.doubt();
  expect(FakeWebSocket.made).toHaveLength(2);
  old.onmessage?.({ data: '{"type":"pong"}' });
  old.breaks();
  expect(heard).toEqual([]);
  expect(FakeWebSocket.made).toHaveLength(2);
});

test("what waits too long for a connection is never sent: it was told as not done", () => {
  socket.send(question);
  vi.advanceTimersByTime(WAITS_MS);
  last().opens();
  expect(last().sent).toEqual([]);
});

test("a closed socket stays closed, and frees its listeners", () => {
  socket.close();
  vi.advanceTimersByTime(60_000);
  globalThis.dispatchEvent(new Event("online"));
  expect(FakeWebSocket.made).toHaveLength(1);
});

test("a frame with buffers is read as it was written", () => {
  const json = new TextEncoder().encode(
    '{"type":"file_read","id":"1","name":"a","start_bytes":0,"size_bytes":2,"data":{"$buffer":0}}',
  );
  const frame = new Uint8Array(4 + json.length + 4 + 2);
  const view = new DataView(frame.buffer);
  view.setUint32(0, json.length, true);
  frame.set(json, 4);
  view.setUint32(4 + json.length, 2, true);
  frame.set([7, 8], 8 + json.length);
  const update = decoded(frame.buffer);
  expect(update.type).toBe("file_read");
  expect([...(update as { data: Uint8Array }).data]).toEqual([7, 8]);
});
