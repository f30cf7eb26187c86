import { afterEach, expect, test, vi } from "vitest";
import type { Command } from "../messages";
import { withBuffers } from "./comm";
import { serverRoute } from "./server";

const command: Command = { type: "cancel", id: "1", run_id: "r" };

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

test("numbers come out of buffers, aligned or not", () => {
  const bytes = new Uint8Array(8 * 2 + 3);
  const view = new DataView(bytes.buffer, 3);
  view.setFloat64(0, 1.5, true);
  view.setFloat64(8, Number.NaN, true);
  const signs = { steps: { $buffer: 0 }, values: { $buffer: 0 } };
  const content = { points: [{ name: "loss", ...signs }], seq: 2 };
  const decoded = withBuffers(content, [view]) as {
    points: { name: string; values: Float64Array }[];
    seq: number;
  };
  expect(Array.from(decoded.points[0]?.values as Float64Array)).toEqual([1.5, Number.NaN]);
  expect(decoded.points[0]?.name).toBe("loss");
  expect(decoded.seq).toBe(2);
});

test("a tag or metric that is called like the buffer's sign is left alone", () => {
  const content = { run: { tags: { $buffer: "x" } }, rows: [{ metrics: { $buffer: 3 } }] };
  expect(withBuffers(content, [])).toEqual(content);
});

test("where there is no Jupyter page there is no way through a server", () => {
  page(null);
  expect(serverRoute()).toBeNull();
});

test("a command is posted with the page's token and XSRF cookie, below its base URL", async () => {
  page({ baseUrl: "/user/ada/", token: "secret" });
  vi.spyOn(document, "cookie", "get").mockReturnValue("other=1; _xsrf=2|abc");
  const fetched = vi.fn(async (..._: unknown[]) => Response.json({ type: "ack", id: "1" }));
  vi.stubGlobal("fetch", fetched);
  const answer = await serverRoute()?.("w", command, new AbortController().signal);
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
  const asked = serverRoute()?.("w", command, new AbortController().signal);
  await expect(asked).rejects.toThrow("403 Forbidden");
});
