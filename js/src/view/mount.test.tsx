import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Snapshot } from "../messages";
import type { Channel } from "../state/channel";
import { Session } from "../state/session";
import { speak } from "../strings";
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
import { mountView } from "./mount";

let transport: FakeTransport;
let session: Session;
let channel: Channel;
let place: HTMLElement;
let remove: () => void;

async function show(change: Partial<Snapshot> = {}, compact = false): Promise<void> {
  const { experiment = null, run = experiment ? null : head() } = change;
  transport = new FakeTransport(summary({ run, experiment }), compact);
  session = new Session(transport, null);
  channel = session.open(null);
  place = document.createElement("div");
  document.body.append(place);
  await act(() => {
    remove = mountView(session, channel, place);
  });
  await act(() => transport.receive(snapshot({ run, ...change })));
}

beforeEach(() => {
  document.body.innerHTML = "";
});

afterEach(async () => {
  await act(() => remove());
  session.close();
  speak("en");
  vi.unstubAllGlobals();
});

function named(role: string, name: string | RegExp): HTMLElement {
  const found = all(role).find((element) => {
    const label = element.getAttribute("aria-label") ?? element.textContent ?? "";
    return typeof name === "string" ? label === name : name.test(label);
  });
  if (!found) throw new Error(`no ${role} named ${name}`);
  return found;
}

const tags: Record<string, string> = {
  button: "button:not([role])",
  textbox: "input:not([type]), textarea",
  searchbox: "input[type=search]",
  list: "ul",
  region: "section",
};

function all(role: string): HTMLElement[] {
  return [...place.querySelectorAll<HTMLElement>(tags[role] ?? `[role=${role}]`)];
}

const click = (element: HTMLElement) => act(() => element.click());
const press = (element: HTMLElement, key: string) =>
  act(() => {
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });

/** Types into a field, then goes elsewhere. */
const type = (element: HTMLElement, text: string) =>
  act(() => {
    (element as HTMLInputElement).value = text;
    element.blur();
  });

const CHILDREN = [
  row({ run_id: "a", display_name: "a", child_count: 2 }),
  row({ run_id: "b", display_name: "b", position: 2, status: "Completed" }),
];
const TREE = tree(CHILDREN);

test("a running run has its region, status, tabs and cancel button", async () => {
  await show({ run: head({ child_counts: { Running: 2 } }), ...TREE });
  expect(named("region", "Run train.py")).toBeTruthy();
  expect(all("status").map((e) => e.textContent)).toEqual(["Running"]);
  const names = ["Children", "Metrics", "Logs", "Files", "Details"];
  expect(all("tab").map((e) => e.getAttribute("aria-label"))).toEqual(names);
  expect(named("button", "Cancel run")).toBeTruthy();
});

test("cancel asks once more, and Escape keeps the run", async () => {
  await show();
  await click(named("button", "Cancel run"));
  expect(document.activeElement?.textContent).toBe("Keep running");
  await press(named("button", "Keep running"), "Escape");
  expect(transport.of("cancel")).toHaveLength(0);
  await click(named("button", "Cancel run"));
  await click(named("button", "Confirm cancel"));
  expect(transport.of("cancel")).toMatchObject([{ run_ids: ["run-1"] }]);
  expect(all("status")[0]?.textContent).toBe("CancelRequested");
  expect((named("button", "Cancel run") as HTMLButtonElement).disabled).toBe(true);
});

test("a run that has ended is a card without a cancel button, and opens", async () => {
  await show({ run: head({ status: "Completed", ended_ms: 61_000 }) });
  expect(all("tab")).toHaveLength(0);
  expect(place.textContent).toContain("1 m 00 s");
  expect(place.textContent).not.toContain("Cancel run");
  await click(named("button", "Show details"));
  expect(all("tab")).toHaveLength(5);
});

test("tags are added, edited and removed", async () => {
  await show({ run: head({ tags: { data: "digits", seen: null } }) });
  const add = named("textbox", "Add tag") as HTMLInputElement;
  add.value = " quality = great run ";
  await press(add, "Enter");
  add.value = "=nothing";
  await press(add, "Enter");
  await click(named("button", "Edit tag data"));
  const field = named("textbox", "Value of tag data") as HTMLInputElement;
  field.value = "letters";
  await press(field, "Enter");
  await click(named("button", "Remove tag seen"));
  expect(transport.of("set_tag").map(({ key, value }) => [key, value])).toEqual([
    ["quality", "great run"],
    ["data", "letters"],
  ]);
  expect(transport.of("remove_tag").map(({ key }) => key)).toEqual(["seen"]);
  expect(named("list", "Tags").textContent).toContain("letters");
});

test("the tree says its levels, and keys move, open and close", async () => {
  await show({ run: head({ child_counts: { Running: 2 } }), ...TREE });
  const grid = named("treegrid", "Child runs");
  expect(grid.getAttribute("aria-rowcount")).toBe("3");
  const rows = all("row").slice(1);
  expect(rows.map((r) => r.getAttribute("aria-level"))).toEqual(["1", "1"]);
  expect(rows[0]?.getAttribute("aria-expanded")).toBe("false");
  expect(rows[1]?.hasAttribute("aria-expanded")).toBe(false);
  await act(() => rows[0]?.focus());
  await press(rows[0] as HTMLElement, "ArrowRight");
  expect(transport.of("look").at(-1)?.look.expanded).toEqual(["a"]);
  await press(rows[0] as HTMLElement, "ArrowDown");
  expect(document.activeElement).toBe(all("row")[2]);
  await press(all("row")[2] as HTMLElement, "Home");
  expect(document.activeElement).toBe(all("row")[1]);
});

test("of ten thousand rows only those in sight are in the page", async () => {
  const rows = Array.from({ length: 200 }, (_, i) =>
    row({ run_id: `r${i}`, display_name: `run ${i}`, position: i + 1 }),
  );
  await show({
    run: head({ child_counts: { Running: 10_000 } }),
    ...tree(rows, { total: 10_000 }),
  });
  expect(all("row").length).toBeLessThan(40);
  expect(named("treegrid", "Child runs").getAttribute("aria-rowcount")).toBe("10001");
});

test("a failed run shows its first line, the traceback folded", async () => {
  const error = { message: "ValueError: no", code: "UserError", traceback: "Traceback…" };
  await show();
  await act(() => transport.receive(delta(2, { run: { status: "Failed", error } })));
  expect(named("alert", /ValueError: no/)).toBeTruthy();
  expect(place.querySelector("details")?.open).toBe(false);
});

test("whatever names say is text", async () => {
  const hostile = "<img src=x onerror=alert(1)>";
  await show({
    run: head({
      display_name: hostile,
      tags: { [hostile]: hostile },
      child_counts: { Running: 1 },
    }),
    ...tree([row({ display_name: hostile, tags: { [hostile]: null } })], {
      columns: ["status", `metric:${hostile}`, "tags"],
    }),
    points: [points(hostile, [0, 1], [1, 2])],
    offered: [`metric:${hostile}`],
    log_text: { name: hostile, start_bytes: 0, end_bytes: 9, text: hostile, replace: true },
    files: [{ name: hostile, size_bytes: 1 }],
  });
  for (const tab of all("tab")) {
    await click(tab);
    expect(place.querySelector("img[src]")).toBeNull();
  }
  expect(place.textContent).toContain(hostile);
});

test("the log is text with colours, and says its name", async () => {
  const text = "\x1b[31mred\x1b[0m plain\n 10%\r 90%\n";
  await show({ log_text: { name: "log.txt", start_bytes: 0, end_bytes: 9, text, replace: true } });
  await click(named("tab", "Logs"));
  const log = named("log", "Log log.txt");
  expect([...log.querySelectorAll(".rw-log-line")].map((line) => line.textContent)).toEqual([
    "red plain",
    " 90%",
  ]);
  expect(log.querySelector(".rw-ansi-1")?.textContent).toBe("red");
});

test("of a long log only the lines in sight are in the page", async () => {
  const text = Array.from({ length: 10_000 }, (_, i) => `line ${i}\n`).join("");
  const end_bytes = text.length;
  await show({ log_text: { name: "log.txt", start_bytes: 0, end_bytes, text, replace: true } });
  await click(named("tab", "Logs"));
  expect(place.querySelectorAll(".rw-log-line").length).toBeLessThan(100);
});

test("charts have names and their numbers as a table", async () => {
  await show({ points: [points("loss", [0, 1], [0.5, 0.25])] });
  await click(named("tab", "Metrics"));
  expect(named("img", "loss by step").querySelector("path")?.getAttribute("d")).toMatch(/^M.*L/);
  const table = place.querySelector("details.rw-numbers") as HTMLDetailsElement;
  await act(() => {
    table.open = true;
    table.dispatchEvent(new Event("toggle"));
  });
  expect([...table.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual([
    "0",
    "0.5",
    "1",
    "0.25",
  ]);
});

test("charts are asked for while they are looked at", async () => {
  await show({ points: [points("loss", [0, 1], [0.5, 0.25])], ...TREE });
  const charts = () => transport.of("look").at(-1)?.look.charts;
  await click(named("tab", "Metrics"));
  expect(charts()).toBe(true);
  await click(named("tab", "Details"));
  expect(charts()).toBe(false);
});

test("a tile has the last and the best value", async () => {
  await show({ points: [points("loss", [0, 1, 2], [0.5, 0.25, 0.4])] });
  await click(named("tab", "Details"));
  expect(place.querySelector(".rw-tile")?.textContent).toBe("loss0.4best 0.25 at step 1");
});

test("what is wrong with a filter is said in the language of the view", async () => {
  speak("pt");
  const wrong = {
    filter_error: "0,1 is no number: write 0.1.",
    filter_problem: { code: "comma" as const, about: ["0,1", "0.1"] },
  };
  await show({ run: head({ child_counts: { Running: 2 } }), ...tree(CHILDREN, wrong) });
  expect(named("alert", "0,1 não é um número: escreva 0.1.")).toBeTruthy();
});

test("progress says how far and how long", async () => {
  const progress = { done: 3, total: 4, label: "epochs", updated_ms: Date.now(), left_ms: 65_000 };
  await show({ run: head({ progress }) });
  expect(named("progressbar", "epochs").getAttribute("aria-valuenow")).toBe("75");
  expect(place.querySelector(".rw-progress")?.textContent).toContain("about 1 m 0");
});

test("a name is edited where it stands, and undone", async () => {
  await show();
  await click(named("button", "Edit name"));
  const field = named("textbox", "Edit name") as HTMLInputElement;
  field.value = "the best";
  await press(field, "Enter");
  expect(named("region", "Run the best")).toBeTruthy();
  await click(named("button", "Undo"));
  expect(transport.of("set_text").map(({ value }) => value)).toEqual(["the best", "train.py"]);
});

test("what was typed is kept by going elsewhere, once, and not if nothing was typed", async () => {
  await show({ run: head({ description: " two\nlines ", tags: { data: "digits", seen: null } }) });
  await click(named("button", "Edit name"));
  await type(named("textbox", "Edit name"), "the best");
  await click(named("tab", "Details"));
  await click(named("button", "Edit description"));
  await type(named("textbox", "Edit description"), "why this run is");
  await click(named("button", "Edit tag data"));
  await type(named("textbox", "Value of tag data"), "letters");
  expect(transport.of("set_text").map(({ value }) => value)).toEqual([
    "the best",
    "why this run is",
  ]);
  expect(transport.of("set_tag").map(({ value }) => value)).toEqual(["letters"]);
  for (const name of ["Edit name", "Edit description", "Edit tag seen", "Edit tag data"]) {
    await click(named("button", name));
    await act(() => (document.activeElement as HTMLElement).blur());
    expect(named("button", name)).toBeTruthy();
  }
  expect(transport.of("set_text")).toHaveLength(2);
  expect(transport.of("set_tag")).toHaveLength(1);
});

test("Escape leaves a text as it was, and an emptied name stays", async () => {
  await show({ run: head({ tags: { data: "digits" } }) });
  await click(named("button", "Edit tag data"));
  const field = named("textbox", "Value of tag data") as HTMLInputElement;
  field.value = "letters";
  await press(field, "Escape");
  await click(named("button", "Edit name"));
  await type(named("textbox", "Edit name"), " ");
  expect(transport.of("set_tag")).toHaveLength(0);
  expect(transport.of("set_text")).toHaveLength(0);
  expect(named("button", "Edit tag data").textContent).toBe("datadigits");
});

test("what another changes meanwhile is not put back by who types nothing", async () => {
  await show({ run: head({ tags: { data: "digits" } }) });
  await click(named("button", "Edit tag data"));
  await act(() => transport.receive(delta(2, { run: { tags: { data: "faces" } } })));
  await act(() => named("textbox", "Value of tag data").blur());
  expect(transport.of("set_tag")).toHaveLength(0);
  expect(named("button", "Edit tag data").textContent).toBe("datafaces");
});

test("a new tag that is half typed waits for the person", async () => {
  await show();
  const field = named("textbox", "Add tag") as HTMLInputElement;
  await act(() => field.focus());
  await type(field, "quality=");
  expect(field.value).toBe("quality=");
  expect(transport.of("set_tag")).toHaveLength(0);
});

test("the run that was asked for is told of, whichever page is in front", async () => {
  const told: string[] = [];
  class Told {
    static requestPermission = async () => "granted";
    constructor(title: string) {
      told.push(title);
    }
  }
  vi.stubGlobal("Notification", Told);
  await show({ run: head({ child_counts: { Running: 2 } }), ...TREE });
  const sweep = channel.name;
  await click(named("button", "Notify me when it ends"));
  await act(() => named("button", "Open a").click());
  const child = transport.of("watch").at(-1)?.channel ?? "";
  const run = head({ run_id: "a", display_name: "child a" });
  await act(() => transport.receive(snapshot({ channel: child, run })));
  expect(named("button", "Notify me when it ends").getAttribute("aria-pressed")).toBe("false");
  await act(() => transport.receive(delta(2, { channel: child, run: { status: "Completed" } })));
  expect(told).toEqual([]);
  await act(() => transport.receive(delta(2, { channel: sweep, run: { status: "Failed" } })));
  expect(told).toEqual(["train.py: Failed"]);
});

test("charts that are looked at from the start are asked for when the record answers", async () => {
  await show();
  await click(named("tab", "Metrics"));
  await act(() => remove());
  const looks = transport.of("look").length;
  await act(() => {
    remove = mountView(session, channel, place);
  });
  await act(() => transport.receive(snapshot()));
  expect(transport.of("look").slice(looks).at(-1)?.look.charts).toBe(true);
});

test("a heading sorts up, down, and not at all; the order can be asked for again", async () => {
  await show({ run: head({ child_counts: { Running: 2 } }), ...TREE });
  const sort = () => transport.of("look").at(-1)?.look.sort;
  const heading = () => all("columnheader")[1]?.querySelector("button") as HTMLElement;
  await click(heading());
  expect(sort()).toEqual({ column: "status", descending: false, asked: 0 });
  expect(all("columnheader")[1]?.getAttribute("aria-sort")).toBe("ascending");
  await click(named("button", "Sort again"));
  expect(sort()).toMatchObject({ asked: 1 });
  await click(heading());
  expect(sort()).toMatchObject({ descending: true });
  await click(heading());
  expect(sort()).toBeNull();
});

test("several runs are selected, compared, tagged and cancelled together", async () => {
  await show({ run: head({ child_counts: { Running: 1, Completed: 1 } }), ...TREE });
  await press(all("row")[1] as HTMLElement, " ");
  await act(() => all("row")[2]?.querySelector<HTMLElement>(".rw-select")?.click());
  expect(all("row").map((r) => r.getAttribute("aria-selected"))).toEqual([null, "true", "true"]);
  await click(named("button", "Compare"));
  expect(transport.of("look").at(-1)?.look.compare).toEqual(["a", "b"]);
  await click(named("tab", "Children"));
  await click(named("button", "Tag selected runs"));
  const field = named("textbox", "Tag selected runs") as HTMLInputElement;
  field.value = "quality=good";
  await press(field, "Enter");
  expect(transport.of("set_tag")).toMatchObject([{ run_ids: ["a", "b"], key: "quality" }]);
  await click(named("button", "Cancel selected"));
  await click(named("button", "Confirm cancel of 1"));
  expect(transport.of("cancel")).toMatchObject([{ run_ids: ["a"] }]);
});

test("columns are chosen from those that there are", async () => {
  await show({
    run: head({ child_counts: { Running: 2 } }),
    ...TREE,
    offered: ["metric:loss", "param:rate"],
  });
  await click(named("button", "Columns"));
  const boxes = [...place.querySelectorAll<HTMLLabelElement>(".rw-menu-list label")];
  const labels = boxes.map((box) => box.textContent);
  expect(labels).toEqual(["Status", "Time", "Created", "Tags", "loss", "rate", "loss (trend)"]);
  await act(() => boxes[6]?.querySelector("input")?.click());
  const expected = ["status", "duration", "spark:loss", "tags"];
  expect(transport.of("look").at(-1)?.look.columns).toEqual(expected);
});

test("a child run opens in place, and a button leads back", async () => {
  await show({ run: head({ child_counts: { Running: 2 } }), ...TREE });
  await act(() => all("row")[2]?.focus());
  await press(all("row")[2] as HTMLElement, "Enter");
  const opened = transport.of("watch").at(-1);
  expect(opened?.run_id).toBe("b");
  await act(() =>
    transport.receive(snapshot({ run: head({ run_id: "b", display_name: "child b" }) })),
  );
  expect(place.querySelector(".rw-title")?.textContent).toContain("child b");
  await click(named("button", "Back to train.py"));
  await vi.waitFor(() => expect(transport.of("unwatch").at(-1)?.channel).toBe(opened?.channel));
  expect(named("treegrid", "Child runs")).toBeTruthy();
});

test("an experiment is a table of its runs, of which one opens in place", async () => {
  const experiment = { name: "digits", run_counts: { Running: 2 } };
  await show({ run: null, experiment, ...TREE });
  expect(named("region", "Experiment digits")).toBeTruthy();
  expect(named("treegrid", "Runs").getAttribute("aria-rowcount")).toBe("3");
  await act(() => named("button", "Open a").click());
  expect(transport.of("watch").at(-1)?.run_id).toBe("a");
});

test("a silent kernel and a broken record are told of", async () => {
  await show();
  const message = "The disk is full.";
  await act(() => transport.receive({ type: "trouble", channel: "", message }));
  expect(named("note", message)).toBeTruthy();
});

test("removing the view leaves nothing behind", async () => {
  await show();
  await act(() => remove());
  expect(place.childNodes).toHaveLength(0);
  await vi.waitFor(() => expect(transport.of("unwatch")).toHaveLength(1));
});
