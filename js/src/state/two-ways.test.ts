import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Refusal } from "../messages";
import { delta, FakeTransport, head, snapshot } from "../testing/fake-transport";
import type { CommandRoute } from "../transport/transport";
import { type Channel, PING_AFTER_MS, STALE_AFTER_MS } from "./channel";
import { SERVER_AFTER_MS } from "./commands";
import { Session, SPARE_AFTER_MS } from "./session";

let kernel: FakeTransport;
let server: FakeTransport;
let route: ReturnType<typeof vi.fn<CommandRoute>>;
let session: Session;
let channel: Channel;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeTransport();
  server = new FakeTransport();
  route = vi.fn<CommandRoute>();
  session = new Session(kernel, route, { spare: () => server });
  channel = session.open(null);
  channel.mount();
});

afterEach(() => {
  session.close();
  vi.useRealTimers();
});

test("a kernel that answers is all that is asked", () => {
  kernel.receive(snapshot());
  vi.advanceTimersByTime(PING_AFTER_MS - 1);
  kernel.receive(delta(2));
  expect(server.sent).toEqual([]);
});

test("when the kernel is silent the server is watched, and what the kernel says late is not taken", () => {
  kernel.receive(snapshot());
  vi.advanceTimersByTime(PING_AFTER_MS + STALE_AFTER_MS);
  expect(kernel.of("unwatch").map((one) => one.channel)).toEqual([channel.name]);
  expect(server.of("watch").map((one) => one.channel)).toEqual([channel.name]);
  server.receive(snapshot({ seq: 40, run: head({ status: "Completed" }) }));
  kernel.receive(delta(2, { channel: channel.name, run: { status: "Failed" } }));
  expect(channel.run.value?.status).toBe("Completed");
  expect(channel.staleSince.value).toBeNull();
});

test("when the server is silent too the kernel is asked again", () => {
  vi.advanceTimersByTime(STALE_AFTER_MS);
  expect(server.of("watch").length).toBeGreaterThan(0);
  const asked = kernel.of("watch").length;
  vi.advanceTimersByTime(STALE_AFTER_MS);
  expect(kernel.of("watch").length).toBeGreaterThan(asked);
  expect(channel.staleSince.value).not.toBeNull();
  kernel.receive(snapshot({ channel: channel.name, run: head({ status: "Completed" }) }));
  expect(channel.run.value?.status).toBe("Completed");
});

test("a server that can't read the record leaves all to the kernel", () => {
  kernel.receive(snapshot());
  vi.advanceTimersByTime(PING_AFTER_MS + STALE_AFTER_MS);
  const asked = kernel.of("watch").length;
  server.receive({ type: "trouble", channel: channel.name, message: "Which workspace?" });
  expect(channel.trouble.value).toBeNull();
  expect(kernel.of("watch").length).toBeGreaterThan(asked);
});

test("a question that the kernel leaves open is answered by the server, whose refusal is no answer", async () => {
  kernel.receive(snapshot());
  const first = session.ask<"tags_found">({ type: "suggest_tags", run_id: "run-1" });
  vi.advanceTimersByTime(SPARE_AFTER_MS);
  const id = server.of("suggest_tags")[0]?.id ?? "";
  server.receive({ type: "refusal", id, message: "Who?" } satisfies Refusal);
  kernel.receive({ type: "tags_found", id, tags: { a: [] } });
  expect((await first).tags).toEqual({ a: [] });

  const second = session.ask<"tags_found">({ type: "suggest_tags", run_id: "run-1" });
  vi.advanceTimersByTime(SPARE_AFTER_MS);
  server.receive({
    type: "tags_found",
    id: server.of("suggest_tags")[1]?.id ?? "",
    tags: { b: [] },
  });
  expect((await second).tags).toEqual({ b: [] });
});

test("trouble leaves the page's connection alone, and that of another view is not taken", () => {
  const doubt = vi.fn();
  Object.assign(server, { doubt });
  kernel.receive(snapshot());
  vi.advanceTimersByTime(PING_AFTER_MS + STALE_AFTER_MS);
  const asked = kernel.of("watch").length;
  server.receive({ type: "trouble", channel: "another view's", message: "Which workspace?" });
  expect(kernel.of("watch")).toHaveLength(asked);
  server.receive({ type: "trouble", channel: channel.name, message: "Which workspace?" });
  expect(kernel.of("watch").length).toBeGreaterThan(asked);
  expect(doubt).not.toHaveBeenCalled();
});

test("the server's refusal of a command is final once the view goes by it", async () => {
  route.mockImplementation(async (_, { id }) => ({ type: "refusal", id, message: "No." }));
  const told = () => session.commands.notices.value.map((n) => n.text);
  kernel.receive(snapshot());
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  await vi.advanceTimersByTimeAsync(SERVER_AFTER_MS);
  expect(told()).toEqual([]);
  kernel.receive({ type: "ack", id: route.mock.calls[0]?.[1].id ?? "", message: null });
  await vi.advanceTimersByTimeAsync(PING_AFTER_MS + STALE_AFTER_MS);
  server.receive(snapshot());
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  await vi.advanceTimersByTimeAsync(SERVER_AFTER_MS);
  expect(told()).toEqual(["No."]);
});

test("a connection that forgot its channels has them opened again", () => {
  kernel.receive(snapshot());
  vi.advanceTimersByTime(PING_AFTER_MS + STALE_AFTER_MS);
  server.receive(snapshot());
  server.renew();
  expect(server.of("watch")).toHaveLength(2);
});
