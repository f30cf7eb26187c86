import { afterEach, expect, test, vi } from "vitest";
import type { Command } from "../messages";
import { withBase64, withBuffers } from "./buffers";
import { feedUrl, pageServer } from "./page";
import { serverRoute } from "./server";

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
