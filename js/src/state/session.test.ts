import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { delta, FakeTransport, head, row, snapshot, summary } from "../testing/fake-transport";
import { ASK_AGAIN_AFTER_MS, Session, STALE_AFTER_MS } from "./session";

let transport: FakeTransport;
let session: Session;
let unmount: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  transport = new FakeTransport();
  session = new Session(transport, null);
  unmount = session.mount();
});

afterEach(() => {
  unmount();
  session.close();
  vi.useRealTimers();
});

const points = (name: string, steps: number[], values: number[], replace = false) => ({
  run_id: "run-1",
  name,
  last: values.at(-1) ?? null,
  count: steps.length,
  replace,
  steps: Float64Array.from(steps),
  values: Float64Array.from(values),
});

test("the first view asks for a snapshot, the last one ends it", () => {
  expect(transport.sent.map((request) => request.type)).toEqual(["watch"]);
  const second = session.mount();
  second();
  expect(transport.of("unwatch")).toHaveLength(0);
  unmount();
  unmount();
  expect(transport.of("unwatch")).toHaveLength(1);
});

test("a summary is drawn until the record answers", () => {
  transport.sync(summary({ run: head({ status: "Queued" }) }));
  expect(session.run.value.status).toBe("Queued");
  transport.receive(snapshot({ run: head({ status: "Running" }) }));
  transport.sync(summary({ run: head({ status: "Queued" }) }));
  expect(session.run.value.status).toBe("Running");
});

test("deltas change what they name and nothing else", () => {
  transport.receive(
    snapshot({
      tree: { offset: 0, total: 2, rows: [row(), row({ run_id: "b" })], metric_names: [] },
    }),
  );
  transport.receive(delta(2, { rows: [row({ run_id: "b", status: "Completed" })] }));
  expect(session.tree.value.rows.map((r) => r.status)).toEqual(["Running", "Completed"]);
  transport.receive(delta(3, { run: head({ status: "Completed" }) }));
  expect(session.run.value.status).toBe("Completed");
  expect(session.tree.value.total).toBe(2);
});

test("a gap in the sequence is noticed, and a snapshot asked for once", () => {
  transport.receive(snapshot({ seq: 5 }));
  transport.receive(delta(7, { run: head({ status: "Failed" }) }));
  transport.receive(delta(8, { run: head({ status: "Failed" }) }));
  expect(session.run.value.status).toBe("Running");
  expect(transport.of("watch")).toHaveLength(2);
  transport.receive(snapshot({ seq: 9, run: head({ status: "Completed" }) }));
  expect(session.run.value.status).toBe("Completed");
});

test("it asks again until the snapshot comes, and says since when it knows nothing new", () => {
  vi.advanceTimersByTime(ASK_AGAIN_AFTER_MS[1] as number);
  expect(transport.of("watch")).toHaveLength(3);
  vi.advanceTimersByTime(STALE_AFTER_MS);
  expect(session.staleSince.value).toBe(session.known.now_ms);
  transport.receive(snapshot());
  expect(session.staleSince.value).toBeNull();
  const asked = transport.of("watch").length;
  vi.advanceTimersByTime(60_000);
  expect(transport.of("watch")).toHaveLength(asked);
});

test("points are appended or replaced, and what can't be drawn is a gap", () => {
  transport.receive(snapshot({ points: [points("loss", [0, 1], [1, Number.NaN], true)] }));
  transport.receive(delta(2, { points: [points("loss", [2], [0.5])] }));
  expect(session.series.value.get("loss")?.values).toEqual([1, null, 0.5]);
  transport.receive(delta(3, { points: [points("loss", [9], [0.1], true)] }));
  expect(session.series.value.get("loss")?.steps).toEqual([9]);
});

test("points whose steps go back are drawn in order", () => {
  transport.receive(snapshot({ points: [points("loss", [0, 5, 2], [1, 5, 2], true)] }));
  expect(session.series.value.get("loss")?.values).toEqual([1, 2, 5]);
});

test("the open log grows, and another one replaces it", () => {
  const text = (name: string, start: number, part: string, replace: boolean) => ({
    name,
    start_bytes: start,
    end_bytes: start + part.length,
    text: part,
    replace,
  });
  transport.receive(snapshot({ log_text: text("a.txt", 0, "one\n", true) }));
  transport.receive(delta(2, { log_text: text("a.txt", 4, "two\n", false) }));
  expect(session.log.value?.chunks.map((chunk) => chunk.text).join("")).toBe("one\ntwo\n");
  transport.receive(delta(3, { log_text: text("b.txt", 90, "other\n", true) }));
  expect(session.log.value).toMatchObject({ name: "b.txt", cut: true });
});

test("a look is sent when the record listens", () => {
  session.changeLook({ filter: "early" });
  expect(transport.of("look")).toHaveLength(0);
  transport.receive(snapshot());
  session.toggle("child-1", true);
  expect(transport.of("look").at(-1)?.look).toMatchObject({
    expanded: ["child-1"],
    filter: "early",
  });
});

test("closing leaves no listener and no timer", () => {
  unmount();
  session.close();
  expect(transport.listeners).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
