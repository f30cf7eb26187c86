import type { AnyModel } from "@anywidget/types";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Carried, Request, Update } from "./messages";
import { PING_AFTER_MS, STALE_AFTER_MS } from "./state/channel";
import { delta, snapshot, summary } from "./testing/fake-transport";
import { FakeWebSocket } from "./testing/fake-web-socket";
import type { WidgetTraits } from "./transport/comm";
import { notePreferences, OUTPUT_CLASS } from "./view/output-place";

/** The model of a widget, with a kernel that is driven by hand. */
class FakeModel {
  readonly sent: Request[] = [];
  private readonly traits: WidgetTraits = { summary: summary(), compact: false };
  private readonly listeners = new Map<string, (content: Update) => void>();

  get = (name: keyof WidgetTraits) => this.traits[name];
  send = (request: Request) => this.sent.push(request);
  on = (name: string, listener: (content: Update) => void) => this.listeners.set(name, listener);
  off = (name: string) => this.listeners.delete(name);

  receive(update: Update): void {
    const { channel } = this.sent.filter((one) => one.type === "watch").at(-1) ?? {};
    this.listeners.get("msg:custom")?.({ ...update, channel } as Update);
  }
}

interface Shown {
  model: FakeModel;
  el: HTMLElement;
  close: () => void;
}

/** Shows a widget, whose module a page loads for it alone. */
async function show(place: HTMLElement): Promise<Shown> {
  vi.resetModules();
  const { default: define } = await import("./widget");
  const { initialize, render } = (await (define as () => unknown)()) as {
    initialize: (given: object) => () => void;
    render: (given: object) => () => void;
  };
  const model = new FakeModel();
  const el = place.appendChild(document.createElement("div"));
  const given = { model: model as unknown as AnyModel<WidgetTraits>, el };
  const ends = [initialize(given), render(given)];
  return {
    model,
    el,
    close: () => {
      for (const end of ends.reverse()) end();
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.made = [];
  document.body.innerHTML =
    '<script id="jupyter-config-data" type="application/json">{"baseUrl": "/"}</script>';
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("widgets whose kernel is gone share one connection, and say what they look at no more", async () => {
  const shown = [await show(document.body), await show(document.body)];
  expect(FakeWebSocket.made).toHaveLength(0);
  vi.advanceTimersByTime(STALE_AFTER_MS);
  expect(FakeWebSocket.made).toHaveLength(1);
  const socket = FakeWebSocket.made[0] as FakeWebSocket;
  socket.opens();
  const of = (type: Request["type"]) =>
    socket.sent.filter((text) => (JSON.parse(text) as Carried).request.type === type);
  expect(of("watch")).toHaveLength(2);
  shown[0]?.close();
  expect(of("unwatch")).toHaveLength(1);
  expect(socket.closed).toBe(false);
  shown[1]?.close();
  expect(of("unwatch")).toHaveLength(2);
  expect(socket.closed).toBe(true);
  vi.advanceTimersByTime(PING_AFTER_MS);
  expect(FakeWebSocket.made).toHaveLength(1);
});

test("a widget in an output of the extension is brought up to date as seldom as is set", async () => {
  const output = document.body.appendChild(document.createElement("div"));
  output.className = OUTPUT_CLASS;
  notePreferences(output, { defaultTab: null, graceSeconds: null, refreshMs: 500 });
  const { model, el, close } = await show(output);
  model.receive(snapshot());
  model.receive(delta(2, { run: { display_name: "renamed" } }));
  await vi.advanceTimersByTimeAsync(499);
  expect(el.textContent).toContain("train.py");
  await vi.advanceTimersByTimeAsync(100);
  expect(el.textContent).toContain("renamed");
  close();
});
