import { afterEach, expect, test, vi } from "vitest";
import type { Command, Update } from "../messages";
import { withBase64, withBuffers } from "./buffers";
import type { FeedSocket } from "./feed-socket";
import { feedUrl, pageServer } from "./page";
import { ServerCarrier, serverRoute } from "./server";

const command: Command = { type: "cancel", id: "1", run_ids: ["r"] };

afterEach(() => {
  document.head.innerHTML = "";
  vi.unstubAllGlobals();
});

function page(config: object | null): void {
  if (!config) return;
  const element = document.createElement("script");
  element.id = "jupyter-config-data";
  element.type = "application/json";
  element.textContent = JSON.stringify(config);
  document.head.append(element);
}

function route() {
  const server = pageServer();
  return server && serverRoute(server);
}

test("bytes come out of buffers: those of points, and those of a file", () => {
  const buffer = new DataView(Uint8Array.of(0, 0, 0, 1, 2).buffer, 3);
  const sign = { kind: "u4", data: { $buffer: 0 } };
  const content = { points: [{ name: "loss", steps: sign, times: sign, values: sign }], seq: 2 };
  const decoded = withBuffers(content, [buffer]) as {
    points: { name: string; values: { data: Uint8Array } }[];
    seq: number;
  };
  expect([...(decoded.points[0]?.values.data ?? [])]).toEqual([1, 2]);
  expect(decoded.seq).toBe(2);
  const file = withBuffers({ type: "file_read", data: { $buffer: 0 } }, [buffer]);
  expect([...(file as { data: Uint8Array }).data]).toEqual([1, 2]);
});

test("a tag or metric that is called like the buffer's sign is left alone", () => {
  const content = { run: { tags: { $buffer: "x" } }, rows: [{ metrics: { $buffer: 3 } }] };
  expect(withBuffers(content, [])).toEqual(content);
});

test("where there is no Jupyter page there is no way through a server", () => {
  page(null);
  expect(pageServer()).toBeNull();
});

test("a command is posted with the page's token and XSRF cookie, below its base URL", async () => {
  page({ baseUrl: "/user/ada/", token: "secret" });
  vi.spyOn(document, "cookie", "get").mockReturnValue("other=1; _xsrf=2|abc");
  const fetched = vi.fn(async (..._: unknown[]) => Response.json({ type: "ack", id: "1" }));
  vi.stubGlobal("fetch", fetched);
  const answer = await route()?.("w", command, new AbortController().signal);
  expect(answer).toMatchObject({ type: "ack" });
  const [url, options] = fetched.mock.calls[0] as [string, RequestInit];
  expect(url).toBe("/user/ada/runwatch/api/commands");
  expect(options.headers).toMatchObject({
    Authorization: "token secret",
    "X-XSRFToken": "2|abc",
  });
  expect(JSON.parse(options.body as string)).toEqual({ workspace_id: "w", command });
});

test("a refusal by HTTP is an error", async () => {
  page({ baseUrl: "/" });
  vi.stubGlobal("fetch", async () => new Response("", { status: 403, statusText: "Forbidden" }));
  const asked = route()?.("w", command, new AbortController().signal);
  await expect(asked).rejects.toThrow("403 Forbidden");
});

test("the feed's address keeps the page's host, prefix and token, and is secure where the page is", () => {
  const ada = { baseURI: "https://hub.example/user/ada/lab/tree/a.ipynb" } as Document;
  const server = { baseUrl: "/user/ada/", token: "a b" };
  expect(feedUrl(server, ada)).toBe("wss://hub.example/user/ada/runwatch/api/feed?token=a+b");
  const plain = { baseURI: "http://localhost:8888/lab" } as Document;
  expect(feedUrl({ baseUrl: "/", token: "" }, plain)).toBe("ws://localhost:8888/runwatch/api/feed");
});

test("what a notebook keeps has its bytes as base64", () => {
  const sign = { kind: "u4", data: "AQI=" };
  const content = { points: [{ name: "loss", steps: sign, times: sign, values: sign }] };
  const kept = withBase64(content) as { points: { values: { data: Uint8Array } }[] };
  expect([...(kept.points[0]?.values.data ?? [])]).toEqual([1, 2]);
});

test("updates are handed on together where a person wants them seldom, and in their order", () => {
  vi.useFakeTimers();
  const listeners: ((update: Update) => void)[] = [];
  const socket = {
    onUpdate: (listener: (update: Update) => void) => listeners.push(listener),
  } as unknown as FeedSocket;
  let pace = 200;
  const subject = { workspace_id: "w", run_id: "r", experiment: null };
  const carrier = new ServerCarrier(
    socket,
    () => subject,
    () => pace,
  );
  const heard: string[] = [];
  const abort = new AbortController();
  carrier.onUpdate((update) => heard.push(update.type), abort.signal);
  const say = (type: "delta" | "ack" | "pong") => listeners[0]?.({ type } as Update);
  say("ack");
  expect(heard).toEqual(["ack"]);
  say("delta");
  say("delta");
  expect(heard).toEqual(["ack"]);
  vi.advanceTimersByTime(200);
  expect(heard).toEqual(["ack", "delta", "delta"]);
  say("delta");
  say("pong");
  expect(heard.slice(3)).toEqual(["delta", "pong"]);
  vi.advanceTimersByTime(200);
  pace = 0;
  say("delta");
  expect(heard).toHaveLength(6);
  pace = 200;
  say("delta");
  abort.abort();
  vi.advanceTimersByTime(1_000);
  expect(heard).toHaveLength(6);
  vi.useRealTimers();
});
