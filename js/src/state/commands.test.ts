import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Ack, Command, Refusal } from "../messages";
import { delta, FakeTransport, head, row, snapshot, tree } from "../testing/fake-transport";
import type { CommandRoute } from "../transport/transport";
import type { Channel } from "./channel";
import { GIVE_UP_AFTER_MS, SERVER_AFTER_MS, SETTLED_AFTER_MS } from "./commands";
import { NOTHING_SET, Session } from "./session";

let transport: FakeTransport;
let session: Session;
let channel: Channel;

function begin(route: CommandRoute | null = null): void {
  transport = new FakeTransport();
  session = new Session(transport, route);
  channel = session.open(null);
  channel.mount();
  transport.receive(snapshot({ run: head({ tags: { data: "digits" } }), ...tree([row()]) }));
}

const sentCommand = (): Command => transport.sent.at(-1) as Command;
const alerts = () => session.commands.notices.value.filter((n) => n.kind === "alert");

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  session.close();
  vi.useRealTimers();
});

test("a cancel is shown at once and stays until the record tells of it", () => {
  begin();
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  expect(channel.run.value?.status).toBe("CancelRequested");
  transport.receive({ type: "ack", id: sentCommand().id, message: null });
  expect(channel.run.value?.status).toBe("CancelRequested");
  transport.receive(delta(2, { run: { status: "Canceled" } }));
  expect(channel.run.value?.status).toBe("Canceled");
});

test("a row's cancel is shown in the row alone", () => {
  begin();
  session.commands.give({ type: "cancel", run_ids: ["child-1"] });
  expect(channel.tree.value.rows[0]?.status).toBe("CancelRequested");
  expect(channel.run.value?.status).toBe("Running");
});

test("what is refused is taken back and told", () => {
  begin();
  session.commands.give({ type: "set_tag", run_ids: ["run-1"], key: "quality", value: "good" });
  session.commands.give({ type: "remove_tag", run_ids: ["run-1"], key: "data" });
  expect(channel.run.value?.tags).toEqual({ quality: "good" });
  const [first, second] = transport.sent.slice(-2) as [Command, Command];
  transport.receive({ type: "refusal", id: first.id, message: "No." });
  transport.receive({ type: "refusal", id: second.id, message: "Never." });
  expect(channel.run.value?.tags).toEqual({ data: "digits" });
  expect(alerts().map((n) => n.text)).toEqual(["No.", "Never."]);
});

test("without an answer it goes through the server, with the same id, and acts once", async () => {
  const route = vi.fn(
    async (_: string, command: Command): Promise<Ack | Refusal> => ({
      type: "ack",
      id: command.id,
      message: "Done.",
    }),
  );
  begin(route);
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  await vi.advanceTimersByTimeAsync(SERVER_AFTER_MS - 1);
  expect(route).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(route).toHaveBeenCalledOnce();
  expect(route.mock.calls[0]?.slice(0, 2)).toEqual(["w", sentCommand()]);
  transport.receive({ type: "ack", id: sentCommand().id, message: "Done." });
  expect(session.commands.notices.value.map((n) => n.text)).toEqual(["Done."]);
});

test("an answer in time spares the server", async () => {
  const route = vi.fn();
  begin(route);
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  transport.receive({ type: "ack", id: sentCommand().id, message: null });
  await vi.advanceTimersByTimeAsync(SERVER_AFTER_MS * 2);
  expect(route).not.toHaveBeenCalled();
});

test("a server that is not there leaves the comm its time; then nobody answers, and it is told", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  begin(async () => {
    throw new Error("404 Not Found");
  });
  session.commands.give({ type: "set_tag", run_ids: ["run-1"], key: "a", value: null });
  await vi.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS - 1);
  expect(channel.run.value?.tags).toHaveProperty("a");
  await vi.advanceTimersByTimeAsync(1);
  expect(channel.run.value?.tags).not.toHaveProperty("a");
  expect(alerts()).toHaveLength(1);
});

/** A server that does not know the workspace, as where the kernel runs elsewhere. */
const unknown: CommandRoute = async (_, { id }) => ({ type: "refusal", id, message: "Who?" });

test("what the server refuses the kernel may still do: nothing is told or taken back", async () => {
  begin(unknown);
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  await vi.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS - 1);
  expect(channel.run.value?.status).toBe("CancelRequested");
  transport.receive({ type: "ack", id: sentCommand().id, message: "Done." });
  await vi.advanceTimersByTimeAsync(1);
  expect(channel.run.value?.status).toBe("CancelRequested");
  expect(session.commands.notices.value.map((n) => n.text)).toEqual(["Done."]);
});

test("where the kernel refuses too its words are told, and where it is silent the server's", async () => {
  begin(unknown);
  const run_ids = ["run-1"];
  session.commands.give({ type: "set_tag", run_ids, key: "a", value: null });
  const { id } = sentCommand();
  session.commands.give({ type: "set_tag", run_ids, key: "b", value: null });
  await vi.advanceTimersByTimeAsync(SERVER_AFTER_MS);
  transport.receive({ type: "refusal", id, message: "No." });
  expect(alerts().map((n) => n.text)).toEqual(["No."]);
  await vi.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS - SERVER_AFTER_MS);
  expect(channel.run.value?.tags).toEqual({ data: "digits" });
  expect(alerts().map((n) => n.text)).toEqual(["No.", "Who?"]);
});

test("an acknowledged command that no delta follows leaves the picture in the end", () => {
  begin();
  session.commands.give({ type: "set_tag", run_ids: ["run-1"], key: "data", value: "digits" });
  transport.receive({ type: "ack", id: sentCommand().id, message: null });
  vi.advanceTimersByTime(SETTLED_AFTER_MS);
  expect(session.commands.shown.value).toEqual([]);
});

test("a run that has ended is not shown as asked to cancel", () => {
  begin();
  transport.receive(delta(2, { run: { status: "Completed" } }));
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  expect(channel.run.value?.status).toBe("Completed");
});

test("changes are undone, the last one first", () => {
  begin();
  const run_ids = ["run-1", "child-1"];
  session.commands.give({ type: "set_tag", run_ids, key: "a", value: "1" }, [
    { type: "remove_tag", run_ids, key: "a" },
  ]);
  expect(channel.tree.value.rows[0]?.tags).toEqual({ a: "1" });
  session.commands.undo();
  expect(transport.sent.at(-1)).toMatchObject({ type: "remove_tag", run_ids, key: "a" });
  expect(channel.tree.value.rows[0]?.tags).toEqual({});
  const sent = transport.sent.length;
  session.commands.undo();
  expect(transport.sent).toHaveLength(sent);
});

test("what was refused is not undone, but the change before it", () => {
  begin();
  const run_ids = ["run-1"];
  session.commands.give({ type: "set_tag", run_ids, key: "a", value: "1" }, [
    { type: "remove_tag", run_ids, key: "a" },
  ]);
  session.commands.give({ type: "set_tag", run_ids, key: "b", value: "2" }, [
    { type: "remove_tag", run_ids, key: "b" },
  ]);
  transport.receive({ type: "refusal", id: sentCommand().id, message: "No." });
  session.commands.undo();
  expect(sentCommand()).toMatchObject({ type: "remove_tag", key: "a" });
  expect(session.commands.undoable.value).toEqual([]);
});

test("another name is shown at once", () => {
  begin();
  session.commands.give({
    type: "set_text",
    run_ids: ["child-1"],
    field: "display_name",
    value: "the best",
  });
  expect(channel.tree.value.rows[0]?.display_name).toBe("the best");
});

test("a cancel has the grace that the person has set by then", () => {
  begin();
  session.close();
  const set = { ...NOTHING_SET, graceSeconds: null as number | null };
  session = new Session(transport, null, { preferences: () => set });
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  expect("grace_s" in sentCommand()).toBe(false);
  set.graceSeconds = 1.5;
  session.commands.give({ type: "cancel", run_ids: ["run-1"] });
  expect(sentCommand()).toMatchObject({ type: "cancel", grace_s: 1.5 });
  session.commands.give({ type: "set_tag", run_ids: ["run-1"], key: "a", value: null });
  expect("grace_s" in sentCommand()).toBe(false);
});
