import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Request, Snapshot, TreeRow } from "../messages";
import type { Channel } from "../state/channel";
import { Session } from "../state/session";
import { speak, strings } from "../strings";
import {
  delta,
  FakeTransport,
  head,
  row,
  snapshot,
  summary,
  tree,
} from "../testing/fake-transport";
import { mountView } from "./mount";
import { RunPage } from "./run-page";
import { RunTree } from "./run-tree";

const COUNTS = { child_counts: { Running: 3 } };
let transport: FakeTransport;
let session: Session;
let channel: Channel;
let place: HTMLElement;
let remove: () => void;
let seq: number;

async function show(change: Partial<Snapshot> = {}): Promise<void> {
  const run = change.experiment ? null : head(COUNTS);
  transport = new FakeTransport(summary({ run, experiment: change.experiment ?? null }));
  session = new Session(transport, null);
  channel = session.open(null);
  place = document.createElement("div");
  document.body.append(place);
  seq = 1;
  await act(() => {
    remove = mountView(session, channel, place);
  });
  await act(() => transport.receive(snapshot({ run, ...change })));
}

/** Brings rows, or what is new of them, to the view's own channel. */
const bring = (change: Parameters<typeof delta>[1]) =>
  act(() => {
    seq += 1;
    transport.receive(delta(seq, { channel: channel.name, ...change }));
  });

beforeEach(() => {
  document.body.innerHTML = "";
  // Twelve rows are in sight: here nothing has a height of its own.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(12 * 28);
});

afterEach(async () => {
  await act(() => remove());
  session.close();
  speak("en");
  vi.useRealTimers();
});

const named = (name: string) => {
  const found = [...place.querySelectorAll<HTMLElement>("button, input, [role=tab]")].find(
    (one) => (one.getAttribute("aria-label") ?? one.textContent) === name,
  );
  if (!found) throw new Error(`nothing is named ${name}`);
  return found;
};
const grid = () => place.querySelector<HTMLElement>("[role=treegrid]") as HTMLElement;
const rows = () => [...place.querySelectorAll<HTMLElement>("[data-index]")];
const nameOf = (line: HTMLElement) =>
  line.querySelector(".rw-name .rw-ellipsis")?.textContent ?? "";
const line = (name: string) => {
  const found = rows().find((one) => nameOf(one) === name);
  if (!found) throw new Error(`no row is named ${name}`);
  return found;
};
const chosen = () =>
  rows()
    .filter((one) => one.getAttribute("aria-selected") === "true")
    .map(nameOf);
const bar = () => place.querySelector(".rw-selection > span")?.textContent;
const focus = (element: HTMLElement) => act(() => element.focus());
const click = (element: HTMLElement, shiftKey = false) =>
  act(() => {
    element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
  });
const check = (name: string, shiftKey = false) => click(named(`Select ${name}`), shiftKey);
/** Presses a key where the focus is. */
const press = (key: string, more: KeyboardEventInit = {}) =>
  act(() => {
    const on = document.activeElement ?? document.body;
    on.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
    );
  });
const scroll = (top: number) =>
  act(() => {
    const body = place.querySelector<HTMLElement>(".rw-body") as HTMLElement;
    body.scrollTop = top;
    body.dispatchEvent(new Event("scroll"));
  });
const look = () => transport.of("look").at(-1)?.look;

const one = (name: string, change: Partial<TreeRow> = {}) =>
  row({ run_id: name, display_name: name, ...change });
const ABC = ["a", "b", "c"].map((name) => one(name));
const run = (index: number) => one(`run ${index}`);
/** The window of a long tree that begins there. */
const part = (offset: number, total: number, limit = 100) =>
  tree(
    Array.from({ length: Math.min(limit, total - offset) }, (_, i) => run(offset + i)),
    { offset, total },
  );

test("keys act on the row that has the focus, whatever comes above it", async () => {
  await show({ experiment: { name: "digits", run_counts: { Running: 3 } }, ...tree(ABC) });
  await focus(line("b"));
  await bring(tree([one("new"), ...ABC]));
  expect(document.activeElement).toBe(line("b"));
  expect(rows().filter((one) => one.tabIndex === 0)).toEqual([line("b")]);
  await press(" ");
  expect(chosen()).toEqual(["b"]);
  await press("ArrowDown");
  expect(document.activeElement).toBe(line("c"));
  await bring(tree([one("newer"), one("new"), ...ABC]));
  await press(" ", { shiftKey: true });
  expect(chosen()).toEqual(["b", "c"]);
  await press("Enter");
  expect(transport.of("watch").at(-1)?.run_id).toBe("c");
});

test("a row that leaves the filter takes its keys with it", async () => {
  await show(tree(ABC));
  await focus(line("b"));
  await bring(tree([ABC[0], ABC[2]] as TreeRow[]));
  expect(document.activeElement).toBe(grid());
  await press(" ");
  await press("Enter");
  expect(chosen()).toEqual([]);
  expect(transport.of("watch")).toHaveLength(1);
  await press("ArrowDown");
  expect(document.activeElement).toBe(line("c"));
  await bring(tree([]));
  expect(document.activeElement).toBe(named("Filter runs"));
});

test("an opened run has the focus, and back it is where it was", async () => {
  await show(part(0, 60));
  await scroll(560);
  await focus(line("run 25"));
  await press(" ");
  await press("Enter");
  expect(document.activeElement).toBe(named("Back to train.py"));
  await act(() => transport.receive(snapshot({ run: head({ run_id: "run 25" }) })));
  expect(document.activeElement).toBe(named("Back to train.py"));
  await click(named("Back to train.py"));
  expect(document.activeElement).toBe(line("run 25"));
  expect(place.querySelector(".rw-body")?.scrollTop).toBe(560);
  expect(chosen()).toEqual(["run 25"]);
  await click(named("Details"));
  await focus(named("Children"));
  await click(named("Children"));
  expect(document.activeElement).toBe(named("Children"));
});

test("the run that was open beside the tree leads back to its row", async () => {
  await show(tree(ABC));
  const draw = (current: string | null) =>
    act(() =>
      render(
        <>
          <RunTree
            session={session}
            channel={channel}
            label="Runs"
            empty=""
            onOpen={() => {}}
            current={current}
          />
          {current && <button type="button">Back</button>}
        </>,
        place,
      ),
    );
  await draw("b");
  await focus(named("Back"));
  await draw(null);
  expect(document.activeElement).toBe(line("b"));
  await draw("c");
  await focus(named("Filter runs"));
  await draw(null);
  expect(document.activeElement).toBe(named("Filter runs"));
});

test.each([
  ["hides the tree has the focus", [], "Back to digits"],
  ["is beside it leaves it there", [new DOMRect()], "b"],
])("a run that %s", async (_, rects, focused) => {
  await show(tree(ABC));
  await focus(line("b"));
  const found = rects as unknown as DOMRectList;
  vi.spyOn(HTMLElement.prototype, "getClientRects").mockReturnValue(found);
  const from = { name: "digits", onBack: () => {} };
  const beside = document.createElement("div");
  document.body.append(beside);
  await act(() => render(<RunPage session={session} channel={channel} from={from} />, beside));
  const active = document.activeElement as HTMLElement;
  expect(active.getAttribute("aria-label") ?? nameOf(active)).toBe(focused);
  await act(() => render(null, beside));
});

test("the tree keeps the focus while its row is out of sight", async () => {
  await show(part(0, 100));
  expect(grid().tabIndex).toBe(-1);
  await focus(line("run 1"));
  await scroll(1_400);
  expect(document.activeElement).toBe(grid());
  expect(grid().tabIndex).toBe(0);
  await scroll(0);
  expect(document.activeElement).toBe(line("run 1"));
  await scroll(1_400);
  await press("ArrowDown");
  await scroll(0);
  expect(document.activeElement).toBe(line("run 1"));
});

test("the tree has the focus until the rows come to which a key leads", async () => {
  await show(part(0, 1_000));
  await focus(line("run 0"));
  await press("End");
  await scroll(28 * 988);
  expect(document.activeElement).toBe(grid());
  expect(look()).toMatchObject({ offset: 940, limit: 100 });
  await bring(part(940, 1_000));
  expect(document.activeElement).toBe(line("run 999"));
});

test("while a person scrolls quickly one window is asked for at a time", async () => {
  vi.useFakeTimers(); // however long it takes to draw, to the view it is quick
  await show(part(0, 1_000));
  const asked = () => transport.of("look").map((one) => one.look.offset);
  const before = asked().length;
  for (const row of [200, 300, 400, 500]) await scroll(28 * row);
  expect(asked().slice(before)).toEqual([156]);
  await bring(part(156, 1_000));
  expect(asked().slice(before)).toEqual([156, 456]);
});

test("an answer that does not come holds up the next window for a moment only", async () => {
  await show(part(0, 1_000));
  await scroll(28 * 200);
  await scroll(28 * 500);
  await vi.waitFor(() => expect(look()?.offset).toBe(456));
});

test("who goes elsewhere before the rows come is left there", async () => {
  await show(part(0, 1_000));
  await focus(line("run 0"));
  await press("End");
  await scroll(28 * 988);
  await focus(named("Filter runs"));
  await bring(part(940, 1_000));
  expect(document.activeElement).toBe(named("Filter runs"));
});

test("Tab leads to one row and its button, not to those of all", async () => {
  await show(tree(ABC));
  const stops = () => rows().flatMap((one) => [one, ...one.querySelectorAll("button, input")]);
  const reached = () => (stops() as HTMLElement[]).filter((one) => one.tabIndex === 0);
  await focus(line("b"));
  expect(reached()).toEqual([line("b"), named("Cancel run b")]);
  await focus(named("Cancel run b"));
  await press("ArrowLeft");
  expect(document.activeElement).toBe(line("b"));
  await focus(named("Cancel run b"));
  await click(named("Cancel run b"));
  await click(named("Confirm cancel b"));
  expect(transport.of("cancel")).toMatchObject([{ run_ids: ["b"] }]);
  expect(document.activeElement).toBe(line("b"));
});

test("Shift and arrows select from where they begin, and less on the way back", async () => {
  await show(tree(ABC));
  await focus(line("a"));
  const shift = { shiftKey: true };
  await press("ArrowDown", shift);
  expect(chosen()).toEqual(["a", "b"]);
  await press("ArrowDown", shift);
  expect(chosen()).toEqual(["a", "b", "c"]);
  await press("ArrowUp", shift);
  expect(chosen()).toEqual(["a", "b"]);
  await press("ArrowDown");
  await press("ArrowUp");
  await press("ArrowUp", shift);
  expect(chosen()).toEqual(["a", "b"]);
  await click(named("Clear selection"));
  expect(chosen()).toEqual([]);
});

test("the focus is in the tree when the selection is cleared", async () => {
  await show(tree(ABC));
  await check("b");
  await focus(named("Clear selection"));
  await click(named("Clear selection"));
  expect(document.activeElement).toBe(line("b"));
});

test("Ctrl+A selects what the record sends at once, and says how many that is not", async () => {
  await show(part(0, 5_000));
  await focus(line("run 0"));
  await press("a", { ctrlKey: true });
  expect(look()).toMatchObject({ offset: 0, limit: 1_000 });
  expect(chosen()).toEqual([]);
  await bring(part(0, 5_000, 1_000));
  expect(bar()).toBe("1,000 selected, not all 5,000: at most 1,000 at a time");
  expect(look()).toMatchObject({ limit: 100 });
  await check("run 1");
  expect(bar()).toBe("999 selected");
});

test("Ctrl+A selects all of a short tree at once", async () => {
  await show(tree(ABC));
  await focus(line("b"));
  await press("a", { ctrlKey: true });
  expect(chosen()).toEqual(["a", "b", "c"]);
  expect(bar()).toBe("3 selected");
});

test("Shift and a click select rows that the window does not hold", async () => {
  await show(part(0, 1_000));
  await check("run 5");
  await scroll(28 * 500);
  await bring(part(460, 1_000));
  await check("run 500", true);
  expect(bar()).toBe("2 selected");
  expect(look()).toMatchObject({ offset: 0, limit: 551 });
  await bring(part(0, 1_000, 551));
  expect(bar()).toBe("496 selected");
  await check("run 501");
  await tagSelected("kept");
  const tagged = Array.from({ length: 497 }, (_, i) => `run ${i + 5}`);
  expect(transport.of("set_tag").at(-1)?.run_ids).toEqual(tagged);
});

test("rows that moved meanwhile are selected by what they are", async () => {
  await show(part(0, 1_000));
  await check("run 3");
  await scroll(28 * 500);
  await bring(part(460, 1_000));
  await check("run 500", true);
  const moved = Array.from({ length: 551 }, (_, i) => (i < 2 ? one(`new ${i}`) : run(i - 2)));
  await bring(tree(moved, { total: 1_002 }));
  expect(bar()).toBe("498 selected");
});

test("of a stretch whose beginning has gone only its end is selected", async () => {
  await show(part(0, 1_000));
  await check("run 5");
  await check("run 5");
  await scroll(28 * 500);
  await bring(part(460, 1_000));
  await check("run 500", true);
  const others = Array.from({ length: 551 }, (_, i) => (i === 5 ? one("other") : run(i)));
  await bring(tree(others, { total: 1_000 }));
  expect(bar()).toBe("1 selected");
});

test("of a stretch that is too long the nearest rows are selected, and it is said", async () => {
  await show(part(0, 5_000));
  await check("run 5");
  await scroll(28 * 3_000);
  await bring(part(2_960, 5_000));
  await check("run 3000", true);
  expect(look()).toMatchObject({ offset: 2_001, limit: 1_000 });
  await bring(part(2_001, 5_000, 1_000));
  expect(bar()).toBe("1,001 selected, not all 2,996: at most 1,000 at a time");
});

test("another filter ends the wait for rows that were to be selected", async () => {
  await show(part(0, 5_000));
  await focus(line("run 0"));
  await press("a", { ctrlKey: true });
  await act(() => channel.changeLook({ filter: "failed" }));
  await bring(part(0, 5_000, 1_000));
  expect(chosen()).toEqual([]);
});

test("why a run failed can be heard, and is shown where the focus is", async () => {
  vi.useFakeTimers(); // to draw takes none of the 3 s
  const asked = { status: "CancelRequested", cancel_requested_ms: Date.now() - 3_000 };
  await show(tree([one("a", { status: "Failed", error: "out of memory" }), one("b", asked)]));
  expect(line("a").textContent).toContain("Failed: out of memory");
  expect(line("b").textContent).toMatch(/CancelRequested: asked to stop 3 s ago/);
  expect(place.querySelector(".rw-reason")).toBeNull();
  await focus(line("a"));
  expect(place.querySelector(".rw-reason")?.textContent).toBe("out of memory");
  await press("ArrowDown");
  expect(place.querySelector(".rw-reason")?.textContent).toMatch(/^asked to stop/);
  await focus(named("Filter runs"));
  expect(place.querySelector(".rw-reason")).toBeNull();
});

test("under a filter rows say what is shown below them, and do not open or close", async () => {
  const found = [
    one("sweep", { child_count: 2, expanded: true }),
    one("fold", { level: 2, child_count: 1 }),
  ];
  await show(tree(found));
  expect(line("fold").getAttribute("aria-expanded")).toBe("false");
  await act(() => channel.changeLook({ filter: "fold" }));
  await bring({});
  expect(line("sweep").getAttribute("aria-expanded")).toBe("true");
  expect(line("fold").hasAttribute("aria-expanded")).toBe(false);
  expect(place.querySelector("button.rw-twisty")).toBeNull();
  await focus(line("fold"));
  await press("ArrowRight");
  await press("ArrowLeft");
  expect(document.activeElement).toBe(line("sweep"));
  await press("ArrowLeft");
  expect(look()?.expanded).toEqual([]);
  await press("ArrowRight");
  expect(document.activeElement).toBe(line("fold"));
  await act(() => channel.changeLook({ filter: "  " }));
  expect(line("fold").getAttribute("aria-expanded")).toBe("false");
});

const acknowledge = (order: Request) =>
  "id" in order ? { type: "ack", message: null } : undefined;

async function tagSelected(text: string): Promise<void> {
  await click(named("Tag selected runs"));
  const field = named("Tag selected runs") as HTMLInputElement;
  field.value = text;
  await press("Enter");
}

test("undo gives back the tags that were given last, in the window or not", async () => {
  await show(part(0, 1_000));
  transport.answer = acknowledge as FakeTransport["answer"];
  await check("run 0");
  await check("run 1");
  await scroll(28 * 500);
  await bring(part(460, 1_000));
  await tagSelected("quality=good");
  await bring({ run: {} });
  await tagSelected("quality=bad");
  await bring({ run: {} });
  await act(() => session.commands.undo());
  const orders = transport.of("set_tag").map(({ run_ids, value }) => [run_ids, value]);
  expect(orders.at(-1)).toEqual([["run 0", "run 1"], "good"]);
  expect(transport.of("remove_tag")).toHaveLength(0);
  await tagSelected("quality=worse");
  await act(() => session.commands.undo());
  expect(transport.of("set_tag").at(-1)?.value).toBe("good");
});

test("undo removes a tag that was not there, whatever it is called", async () => {
  await show(
    tree([one("a", { tags: { seen: null } }), one("b", { tags: { seen: "twice" } }), one("c")]),
  );
  for (const name of ["a", "b", "c"]) await check(name);
  await tagSelected("seen=once");
  await tagSelected("constructor=x");
  await act(() => session.commands.undo());
  await act(() => session.commands.undo());
  const all = ["a", "b", "c"];
  const removed = transport.of("remove_tag").map(({ key, run_ids }) => [key, run_ids]);
  expect(removed).toEqual([
    ["constructor", all],
    ["seen", ["c"]],
  ]);
  expect(transport.of("set_tag").slice(2)).toMatchObject([
    { run_ids: ["a"], value: null },
    { run_ids: ["b"], value: "twice" },
  ]);
});

test("the focus is on the button again when the runs are tagged", async () => {
  await show(tree(ABC));
  await check("a");
  await tagSelected("kept");
  expect(document.activeElement).toBe(named("Tag selected runs"));
});

test("Compare leads a run's page to its charts", async () => {
  await show(tree(ABC));
  await check("a");
  await check("c");
  expect(named("Compare").hasAttribute("aria-pressed")).toBe(false);
  await click(named("Compare"));
  expect(look()?.compare).toEqual(["a", "c"]);
  expect(named("Metrics").getAttribute("aria-selected")).toBe("true");
  expect(document.activeElement).toBe(named("Metrics"));
  await click(named("Children"));
  expect(chosen()).toEqual(["a", "c"]);
});

test("Compare is switched on and off in an experiment's table", async () => {
  await show({ experiment: { name: "digits", run_counts: { Running: 3 } }, ...tree(ABC) });
  await check("a");
  await click(named("Compare"));
  expect(look()?.compare).toEqual(["a"]);
  expect(named("Compare").getAttribute("aria-pressed")).toBe("true");
  await click(named("Compare"));
  expect(look()?.compare).toEqual([]);
});

test("one run is spoken of as one in Portuguese, too", () => {
  speak("pt-BR");
  const said = [strings.selected("1"), strings.selected("2")];
  expect(said).toEqual(["1 selecionada", "2 selecionadas"]);
  expect([strings.compared("1"), strings.compared("2")]).toEqual(["1 comparada", "2 comparadas"]);
});
