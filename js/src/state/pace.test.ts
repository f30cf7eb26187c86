import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { delta, FakeTransport, snapshot } from "../testing/fake-transport";
import { type Channel, PING_AFTER_MS, STALE_AFTER_MS } from "./channel";
import { NOTHING_SET, Session } from "./session";

let kernel: FakeTransport;
let server: FakeTransport;
let set: { refreshMs: number };
let session: Session;
let channel: Channel;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeTransport();
  server = new FakeTransport();
  set = { refreshMs: 200 };
  session = new Session(kernel, null, {
    spare: () => server,
    preferences: () => ({ ...NOTHING_SET, ...set }),
  });
  channel = session.open(null);
  channel.mount();
  kernel.receive(snapshot({ seq: 1 }));
});

afterEach(() => {
  session.close();
  vi.useRealTimers();
});

const renamed = (seq: number, name: string) => delta(seq, { run: { display_name: name } });
const shown = () => channel.run.value?.display_name;

test("news are shown together where a person wants them seldom", () => {
  kernel.receive(renamed(2, "a"));
  vi.advanceTimersByTime(199);
  kernel.receive(renamed(3, "b"));
  expect(shown()).toBe("train.py");
  vi.advanceTimersByTime(1);
  expect(shown()).toBe("b");
  set.refreshMs = 0;
  kernel.receive(renamed(4, "c"));
  expect(shown()).toBe("c");
});

test("an answer does not wait, and keeps its place behind the news", () => {
  kernel.receive(renamed(2, "a"));
  const watched = kernel.of("watch").length;
  kernel.receive({ type: "pong", channel: "", seq: 2, now_ms: Date.now() });
  expect(shown()).toBe("a");
  expect(kernel.of("watch")).toHaveLength(watched);
});

test("what a carrier brings for other views hastens nothing", () => {
  kernel.receive(renamed(2, "a"));
  kernel.receive(snapshot({ channel: "another view's" }));
  kernel.receive({ type: "ack", id: "another view's", message: null });
  kernel.receive({ type: "workspaces", workspaces: [] });
  expect(shown()).toBe("train.py");
  vi.advanceTimersByTime(200);
  expect(shown()).toBe("a");
});

test("the second way has the same pace", () => {
  vi.advanceTimersByTime(PING_AFTER_MS + STALE_AFTER_MS);
  server.receive(snapshot({ seq: 7 }));
  server.receive(renamed(8, "a"));
  expect(shown()).toBe("train.py");
  vi.advanceTimersByTime(200);
  expect(shown()).toBe("a");
});

test("what waits when the view is closed is shown no more", () => {
  kernel.receive(renamed(2, "a"));
  session.close();
  vi.advanceTimersByTime(1_000);
  expect(shown()).toBe("train.py");
});
