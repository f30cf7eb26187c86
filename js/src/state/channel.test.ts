import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  delta,
  FakeTransport,
  head,
  points,
  row,
  snapshot,
  summary,
  tree,
} from "../testing/fake-transport";
import { ASK_AGAIN_AFTER_MS, type Channel, PING_AFTER_MS, STALE_AFTER_MS } from "./channel";
import { best } from "./series";
import { Session, UNWATCH_AFTER_MS } from "./session";

let transport: FakeTransport;
let session: Session;
let channel: Channel;
let unmount: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  transport = new FakeTransport();
  session = new Session(transport, null);
  channel = session.open(null);
  unmount = channel.mount();
});

afterEach(() => {
  unmount();
  session.close();
  vi.useRealTimers();
});

const series = (name: string, runId = "run-1") => channel.series.value.get(name)?.get(runId);

test("the first view asks for a snapshot, the last one ends it", () => {
  expect(transport.sent.map((request) => request.type)).toEqual(["watch"]);
  const second = channel.mount();
  second();
  expect(transport.of("unwatch")).toHaveLength(0);
  unmount();
  unmount();
  vi.advanceTimersByTime(UNWATCH_AFTER_MS);
  expect(transport.of("unwatch")).toHaveLength(1);
});

test("a view that is drawn anew is not left in between, and a closed one says nothing more", () => {
  unmount();
  const again = channel.mount();
  vi.advanceTimersByTime(UNWATCH_AFTER_MS);
  expect(transport.of("watch").length).toBeGreaterThan(1);
  again();
  session.close();
  vi.advanceTimersByTime(UNWATCH_AFTER_MS);
  expect(transport.of("unwatch")).toHaveLength(0);
});

test("over a connection that stays, a session that closes says which channels it leaves", () => {
  transport.lasting = true;
  const second = session.open("child");
  second.mount();
  unmount();
  session.close();
  expect(
    transport
      .of("unwatch")
      .map((one) => one.channel)
      .sort(),
  ).toEqual([channel.name, second.name].sort());
});

test("a summary is drawn until the record answers", () => {
  transport.sync(summary({ run: head({ status: "Queued" }) }));
  expect(channel.run.value?.status).toBe("Queued");
  transport.receive(snapshot({ run: head({ status: "Running" }) }));
  transport.sync(summary({ run: head({ status: "Queued" }) }));
  expect(channel.run.value?.status).toBe("Running");
});

test("deltas change what they name and nothing else", () => {
  transport.receive(snapshot(tree([row(), row({ run_id: "b", display_name: "b" })])));
  transport.receive(delta(2, { rows: [{ run_id: "b", status: "Completed" }] }));
  expect(channel.tree.value.rows.map((r) => r.status)).toEqual(["Running", "Completed"]);
  expect(channel.tree.value.rows[1]?.display_name).toBe("b");
  transport.receive(delta(3, { run: { status: "Completed" } }));
  expect(channel.run.value).toMatchObject({ status: "Completed", display_name: "train.py" });
  expect(channel.tree.value.total).toBe(2);
});

test("rows come into the window, move, and leave it", () => {
  transport.receive(snapshot(tree([row({ run_id: "a" }), row({ run_id: "b" })])));
  const window = tree([row({ run_id: "c" }), row({ run_id: "a" })], { offset: 4, total: 9 });
  transport.receive(delta(2, { tree: window.tree, rows: [row({ run_id: "c" })] }));
  expect(channel.tree.value.rows.map((r) => r.run_id)).toEqual(["c", "a"]);
  expect(channel.tree.value).toMatchObject({ offset: 4, total: 9 });
});

test("what is of another channel is left alone", () => {
  transport.receive(snapshot());
  const other = session.open("child-1");
  const close = other.mount();
  transport.receive({ ...snapshot({ run: head({ run_id: "child-1" }) }), channel: other.name });
  expect(channel.run.value?.run_id).toBe("run-1");
  expect(other.run.value?.run_id).toBe("child-1");
  close();
  other.close();
  vi.advanceTimersByTime(UNWATCH_AFTER_MS);
  expect(transport.of("unwatch").map((request) => request.channel)).toEqual([other.name]);
});

test("a gap in the sequence is noticed, and a snapshot asked for once", () => {
  transport.receive(snapshot({ seq: 5 }));
  transport.receive(delta(7, { run: { status: "Failed" } }));
  transport.receive(delta(8, { run: { status: "Failed" } }));
  expect(channel.run.value?.status).toBe("Running");
  expect(transport.of("watch")).toHaveLength(2);
  transport.receive(snapshot({ seq: 9, run: head({ status: "Completed" }) }));
  expect(channel.run.value?.status).toBe("Completed");
});

test("it asks again until the snapshot comes, and says since when it knows nothing new", () => {
  vi.advanceTimersByTime(ASK_AGAIN_AFTER_MS[1] as number);
  expect(transport.of("watch")).toHaveLength(3);
  vi.advanceTimersByTime(STALE_AFTER_MS);
  expect(channel.staleSince.value).toBe(session.summary.value.now_ms);
  transport.receive(snapshot());
  expect(channel.staleSince.value).toBeNull();
  const asked = transport.of("watch").length;
  vi.advanceTimersByTime(60_000);
  expect(transport.of("watch")).toHaveLength(asked);
});

test("after a silence it asks for a sign of life, and goes live again by itself", () => {
  transport.receive(snapshot());
  const since = Date.now();
  vi.advanceTimersByTime(PING_AFTER_MS);
  expect(transport.of("ping")).toHaveLength(1);
  vi.advanceTimersByTime(STALE_AFTER_MS);
  expect(channel.staleSince.value).toBe(since);
  vi.advanceTimersByTime(PING_AFTER_MS);
  transport.receive({ type: "pong", channel: "", seq: 1, now_ms: Date.now() });
  expect(channel.staleSince.value).toBeNull();
});

test("a sign of life with another number shows that deltas were lost", () => {
  transport.receive(snapshot());
  transport.receive({ type: "pong", channel: "", seq: 3, now_ms: Date.now() });
  expect(transport.of("watch")).toHaveLength(2);
  transport.receive({ type: "pong", channel: "", seq: -1, now_ms: Date.now() });
  expect(transport.of("watch")).toHaveLength(3);
});

test("trouble is told until the record can be read again", () => {
  transport.receive(snapshot());
  transport.receive({ type: "trouble", channel: "", message: "The disk is full." });
  expect(channel.trouble.value).toBe("The disk is full.");
  transport.receive(snapshot({ seq: 2 }));
  expect(channel.trouble.value).toBeNull();
});

test("points are appended or replaced, and what can't be drawn is a gap", () => {
  transport.receive(snapshot({ points: [points("loss", [0, 1], [1, Number.NaN])] }));
  transport.receive(delta(2, { points: [points("loss", [2], [0.5], { replace: false })] }));
  expect(series("loss")?.values).toEqual([1, null, 0.5]);
  expect(series("loss")?.times).toEqual([1_000, 2_000, 1_000]);
  transport.receive(delta(3, { points: [points("loss", [9], [0.1])] }));
  expect(series("loss")?.steps).toEqual([9]);
});

test("numbers travel as ranges and as 32 bits, aligned or not", () => {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setUint32(1, 7, true);
  new DataView(bytes.buffer).setUint32(5, 9, true);
  const odd = points("loss", [0, 1], [1, 2], {
    steps: { kind: "range", start: 10, step: 5, count: 2 },
    times: { kind: "u4", data: bytes.subarray(1) },
  });
  transport.receive(snapshot({ points: [odd] }));
  expect(series("loss")?.steps).toEqual([10, 15]);
  expect(series("loss")?.times).toEqual([1_007, 1_009]);
});

test("the best of a loss is its lowest, of an accuracy its highest", () => {
  const both = [points("val_loss", [0, 1, 2], [3, 1, 2]), points("accuracy", [0, 1], [0.9, 0.8])];
  transport.receive(snapshot({ points: both }));
  expect(best(series("val_loss") as never)).toEqual({ value: 1, step: 1 });
  expect(best(series("accuracy") as never)).toEqual({ value: 0.9, step: 0 });
});

test("a look is sent when the record listens", () => {
  channel.changeLook({ filter: "early" });
  expect(transport.of("look")).toHaveLength(0);
  transport.receive(snapshot());
  channel.toggle("child-1", true);
  expect(transport.of("look").at(-1)?.look).toMatchObject({
    expanded: ["child-1"],
    filter: "early",
  });
});

test("a look that changes before the record answers is asked for, and not lost", () => {
  channel.changeLook({ filter: "early" });
  vi.advanceTimersByTime(ASK_AGAIN_AFTER_MS[0] as number);
  expect(transport.of("watch").map((one) => one.look.filter)).toEqual(["", "early"]);
  transport.receive(snapshot()); // perhaps of the first request
  expect(transport.of("look").map((one) => one.look.filter)).toEqual(["early"]);
});

test("a snapshot that comes late, of a look of before, is followed by the look of now", () => {
  transport.receive(snapshot());
  channel.changeLook({ charts: true });
  transport.receive(snapshot());
  expect(transport.of("look").map((one) => one.look.charts)).toEqual([true, true]);
});

test("a record that gives less than was asked for is not asked again", () => {
  unmount();
  const other = session.open(null);
  other.changeLook({ offset: 900 });
  unmount = other.mount();
  expect(transport.of("watch").at(-1)?.look.offset).toBe(900);
  transport.receive(snapshot(tree([row()], { offset: 1, total: 1 })));
  transport.receive(snapshot(tree([row()], { offset: 1, total: 1 })));
  expect(transport.of("look")).toHaveLength(0);
});

test("the end of a run is told once, also when its page has been left", () => {
  transport.receive(snapshot());
  const child = session.open("child-1");
  const leave = child.mount();
  transport.receive(snapshot({ run: head({ run_id: "child-1" }) }));
  const told = vi.fn();
  session.awaitEnd("child-1", told);
  session.awaitEnd("child-1", told);
  leave();
  child.close();
  vi.advanceTimersByTime(UNWATCH_AFTER_MS);
  expect(transport.of("unwatch")).toHaveLength(0);
  transport.receive(delta(2, { run: { status: "Completed" } }));
  expect(told.mock.calls).toMatchObject([[{ run_id: "child-1", status: "Completed" }]]);
  vi.advanceTimersByTime(UNWATCH_AFTER_MS);
  expect(transport.of("unwatch").map((one) => one.channel)).toEqual([child.name]);
});

test("a run that ended while the browser asked the person is told of at once", () => {
  transport.receive(snapshot({ run: head({ status: "Failed" }) }));
  const told = vi.fn();
  session.awaitEnd("run-1", told);
  expect(told).toHaveBeenCalledOnce();
  expect(session.awaits("run-1")).toBe(false);
});

test("what is awaited no more is let go, and a session that closes awaits nothing", () => {
  transport.receive(snapshot());
  const told = vi.fn();
  session.awaitEnd("run-1", told);
  session.forgetEnd("run-1");
  transport.receive(delta(2, { run: { status: "Completed" } }));
  session.awaitEnd("run-2", told);
  expect(session.awaits("run-2")).toBe(false);
  expect(told).not.toHaveBeenCalled();
  session.close();
  session.awaitEnd("run-1", told);
  expect(told).not.toHaveBeenCalled();
});

test("a question has its answer, or says why there is none", async () => {
  transport.answer = (request) =>
    request.type === "suggest_tags"
      ? { type: "tags_found", tags: { quality: ["good"] } }
      : undefined;
  const found = await session.ask<"tags_found">({ type: "suggest_tags", run_id: "run-1" });
  expect(found.tags).toEqual({ quality: ["good"] });
  transport.answer = () => ({ type: "refusal", message: "There is no such file." });
  const refused = session.ask<"file_read">({
    type: "read_file",
    run_id: "run-1",
    name: "a",
    start_bytes: 0,
    limit_bytes: 1,
  });
  await expect(refused).rejects.toThrow("There is no such file.");
});

test("a question that nobody answers says so", async () => {
  const asked = session.ask<"tags_found">({ type: "suggest_tags", run_id: "run-1" });
  const checked = expect(asked).rejects.toThrow("Nobody answered");
  vi.advanceTimersByTime(60_000);
  await checked;
});

test("closing leaves no listener and no timer", () => {
  transport.receive(snapshot());
  session.awaitEnd("run-1", () => undefined);
  session.close();
  unmount();
  expect(transport.listeners).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
