import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeWebSocket } from "../testing/fake-web-socket";

const open = () => FakeWebSocket.made.filter((one) => !one.closed).map((one) => one.url);

/** Loads the module anew, as a page does for each widget. */
async function loaded() {
  vi.resetModules();
  return (await import("./page-socket")).sharedSocket;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.made = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("all copies of the module share a connection, which closes with its last user", async () => {
  const users = [new AbortController(), new AbortController(), new AbortController()];
  const sockets = new Set();
  for (const { signal } of users) {
    const sharedSocket = await loaded();
    sockets.add(sharedSocket(() => "ws://here/feed?token=a", signal));
  }
  expect(sockets.size).toBe(1);
  users[0]?.abort();
  users[1]?.abort();
  expect(open()).toEqual(["ws://here/feed?token=a"]);
  users[2]?.abort();
  vi.advanceTimersByTime(60_000);
  expect(open()).toEqual([]);
  const next = new AbortController();
  const sharedSocket = await loaded();
  sharedSocket(() => "ws://here/feed?token=b", next.signal);
  expect(open()).toEqual(["ws://here/feed?token=b"]);
  next.abort();
});

test("one connection a server, whatever the token; the extension keeps its own open", async () => {
  const sharedSocket = await loaded();
  const first = sharedSocket(() => "ws://here/ada/feed");
  const user = new AbortController();
  expect(sharedSocket(() => "ws://here/ada/feed?token=a", user.signal)).toBe(first);
  expect(sharedSocket(() => "ws://here/bob/feed", user.signal)).not.toBe(first);
  user.abort();
  expect(open()).toEqual(["ws://here/ada/feed"]);
});
