import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Channel } from "../state/channel";
import { Session } from "../state/session";
import { delta, FakeTransport, head, snapshot } from "../testing/fake-transport";
import { LogView } from "./log-view";

const LINE_PX = 17;
const HEIGHT_PX = 10 * LINE_PX;

let transport: FakeTransport;
let session: Session;
let channel: Channel;
let place: HTMLElement;
let file: string;
let seq: number;

/** Numbered lines of ten characters. */
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${String(from + i).padStart(4, "0")}\n`).join(
    "",
  );

const news = (start_bytes: number, replace: boolean) => ({
  name: "log.txt",
  start_bytes,
  end_bytes: file.length,
  text: file.slice(start_bytes),
  replace,
});

/** Gives elements the heights that a browser would give them, and lets them be scrolled. */
function layOut(): void {
  const tops = new WeakMap<Element, number>();
  const heightOf = (element: Element) =>
    [...element.children]
      .map((child) => (child as HTMLElement).style.height)
      .reduce((all, height) => all + (height === "" ? LINE_PX : Number.parseFloat(height)), 0);
  const within = (element: Element, top: number) =>
    Math.max(0, Math.min(top, heightOf(element) - HEIGHT_PX));
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(HEIGHT_PX);
  vi.spyOn(Element.prototype, "scrollHeight", "get").mockImplementation(function (this: Element) {
    return heightOf(this);
  });
  vi.spyOn(Element.prototype, "scrollTop", "get").mockImplementation(function (this: Element) {
    return within(this, tops.get(this) ?? 0);
  });
  vi.spyOn(Element.prototype, "scrollTop", "set").mockImplementation(function (this: Element, top) {
    tops.set(this, within(this, top));
  });
}

beforeEach(async () => {
  layOut();
  document.body.innerHTML = "";
  place = document.createElement("div");
  document.body.append(place);
  transport = new FakeTransport();
  transport.answer = (request) => {
    if (request.type !== "read_file") return undefined;
    const { name, start_bytes, limit_bytes } = request;
    const data = new TextEncoder().encode(file.slice(start_bytes, start_bytes + limit_bytes));
    return { type: "file_read", name, start_bytes, size_bytes: file.length, data };
  };
  session = new Session(transport, null);
  channel = session.open(null);
  channel.mount();
  seq = 1;
});

afterEach(async () => {
  await act(() => render(null, place));
  session.close();
});

/** Shows a log from a place on. */
async function show(text: string, startBytes = 0): Promise<void> {
  file = text;
  transport.receive(snapshot({ seq, log_text: news(startBytes, true) }));
  await act(() => {
    render(<LogView session={session} channel={channel} run={head()} />, place);
  });
}

/** The log grows; so much that the view gets its tail alone, if that is said to begin somewhere. */
const grow = (text: string, tailFrom?: number) =>
  act(() => {
    const before = file.length;
    file += text;
    seq += 1;
    const log_text = news(tailFrom ?? before, tailFrom !== undefined);
    transport.receive(delta(seq, { log_text }));
  });

const element = <T extends HTMLElement>(selector: string): T => {
  const found = place.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
};
const log = () => element(".rw-log");
const follows = () => element<HTMLInputElement>("[type=checkbox]").checked;
const button = (text: string) =>
  [...place.querySelectorAll("button")].find((one) => one.textContent === text);

/** The box has been scrolled, and what was asked for then has come. */
const scrolled = () =>
  act(async () => {
    log().dispatchEvent(new Event("scroll"));
    await new Promise((answered) => setTimeout(answered));
  });
const scrollTo = (top: number) => {
  log().scrollTop = top;
  return scrolled();
};

/** The first line in sight. */
function inSight(): string {
  let top = -log().scrollTop;
  for (const child of log().children) {
    if (top >= 0 && child.matches(".rw-log-line")) return child.textContent ?? "";
    const { height } = (child as HTMLElement).style;
    top += height === "" ? LINE_PX : Number.parseFloat(height);
  }
  return "";
}

test("who has scrolled up goes on reading, however much is written meanwhile", async () => {
  await show(lines(0, 2_000));
  expect(inSight()).toBe("line 1990");
  await scrollTo(1_000 * LINE_PX);
  expect(follows()).toBe(false);
  expect(inSight()).toBe("line 1000");
  await grow(lines(2_000, 2_003));
  expect(button("3 new lines")).toBeDefined();
  await grow(lines(2_003, 9_000), 88_000);
  await scrolled();
  expect(inSight()).toBe("line 1000");
  expect(follows()).toBe(false);
  await act(() => button("To the end")?.click());
  expect(inSight()).toBe("line 8990");
  expect(follows()).toBe(true);
});

test("a log that is followed is followed also when it gets shorter", async () => {
  await show(lines(0, 9_000));
  await grow(lines(9_000, 9_050), 90_300);
  await scrolled();
  expect(follows()).toBe(true);
  expect(inSight()).toBe("line 9040");
});

test("the end is followed again when the person scrolls there", async () => {
  await show(lines(0, 100));
  await scrollTo(50 * LINE_PX);
  await grow(lines(100, 105));
  await scrollTo(90 * LINE_PX);
  expect(follows()).toBe(true);
  expect(inSight()).toBe("line 0095");
});

test("what follows is read on when it is more than a screen", async () => {
  await show(lines(0, 100));
  await scrollTo(50 * LINE_PX);
  await grow(lines(100, 500));
  await scrollTo(90 * LINE_PX);
  expect(follows()).toBe(false);
  expect(inSight()).toBe("line 0090");
  await scrollTo(150 * LINE_PX);
  expect(inSight()).toBe("line 0150");
});

test("earlier lines come in front of what is in sight, which stays there", async () => {
  await show(lines(0, 9_000), 88_000);
  expect(inSight()).toBe("line 8990");
  await scrollTo(0);
  expect(inSight()).toBe("line 8800");
  expect(follows()).toBe(false);
  await scrollTo(log().scrollTop - 100 * LINE_PX);
  expect(inSight()).toBe("line 8700");
});

test("lines are told of as they were searched: from the newest, and how far", async () => {
  await show(lines(0, 9_000), 88_000);
  const answered = transport.answer;
  const lines_bytes = Array.from({ length: 1_000 }, (_, i) => 80_000 + 10 * i);
  transport.answer = (request) =>
    request.type === "find_text"
      ? { type: "text_found", lines_bytes, searched_bytes: 10_000, size_bytes: 90_000 }
      : answered(request);
  vi.useFakeTimers();
  const field = element<HTMLInputElement>("[type=search]");
  field.value = "line";
  await act(async () => {
    field.dispatchEvent(new Event("input"));
    await vi.advanceTimersByTimeAsync(250);
  });
  vi.useRealTimers();
  expect(element("[role=status]").textContent).toBe("1 of 1,000+ in the last 10 kB");
  expect(element(".rw-here").textContent).toBe("line 8999");
  expect(follows()).toBe(false);
});

test("what was looked for is looked for in another file, too", async () => {
  await show(lines(0, 10));
  transport.answer = (request) =>
    request.type === "find_text"
      ? { type: "text_found", lines_bytes: [0, 10], searched_bytes: 100, size_bytes: 100 }
      : undefined;
  const field = element<HTMLInputElement>("[type=search]");
  field.value = "line";
  vi.useFakeTimers();
  await act(async () => {
    field.dispatchEvent(new Event("input"));
    await vi.advanceTimersByTimeAsync(250);
  });
  vi.useRealTimers();
  expect(transport.of("find_text").map((asked) => asked.name)).toEqual(["log.txt"]);
  seq += 1;
  await act(() => {
    const log_text = { ...news(0, true), name: "other.txt" };
    transport.receive(delta(seq, { log_text }));
  });
  expect(transport.of("find_text").map((asked) => asked.name)).toEqual(["log.txt", "other.txt"]);
});

test("why there is no log is told as it is", async () => {
  const why = async (change: Parameters<typeof head>[0]) => {
    const run = head(change);
    await act(() => render(<LogView session={session} channel={channel} run={run} />, place));
    return element(".rw-empty").textContent;
  };
  const submitted = { details: { command: "python train.py" } };
  expect(await why(submitted)).toContain("has not been read");
  transport.receive(snapshot({ seq }));
  expect(await why(submitted)).toContain("Nothing has been printed yet");
  expect(await why({ parent_id: "run-0" })).toContain("child run");
  expect(await why({})).toContain("started in a notebook");
});
