import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Snapshot } from "../messages";
import { Session } from "../state/session";
import { delta, FakeTransport, head, row, snapshot, summary } from "../testing/fake-transport";
import { mountRun } from "./run";

vi.mock("uplot", () => ({
  // happy-dom has no canvas to draw on.
  default: class {
    setData() {}
    setSize() {}
    destroy() {}
  },
}));

let transport: FakeTransport;
let session: Session;
let place: HTMLElement;
let remove: () => void;

async function show(change: Partial<Snapshot> = {}, compact = false): Promise<void> {
  transport = new FakeTransport(summary({ run: change.run ?? head() }), compact);
  session = new Session(transport, null);
  place = document.createElement("div");
  document.body.append(place);
  await act(() => {
    remove = mountRun(session, place);
  });
  await act(() => transport.receive(snapshot(change)));
}

beforeEach(() => {
  document.body.innerHTML = "";
});

afterEach(async () => {
  await act(() => remove());
  session.close();
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
  textbox: "input:not([type])",
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

const CHILDREN = [
  row({ run_id: "a", display_name: "a", child_count: 2, siblings: 2 }),
  row({ run_id: "b", display_name: "b", position: 2, siblings: 2, status: "Completed" }),
];
const TREE = { offset: 0, total: 2, rows: CHILDREN, metric_names: ["loss"] };

test("a running run has its region, status, tabs and cancel button", async () => {
  await show({ run: head({ child_counts: { Running: 2 } }), tree: TREE });
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
  expect(transport.of("cancel")).toMatchObject([{ run_id: "run-1" }]);
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
  await show({ run: head({ child_counts: { Running: 2 } }), tree: TREE });
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
    row({ run_id: `r${i}`, display_name: `run ${i}`, position: i + 1, siblings: 10_000 }),
  );
  await show({
    run: head({ child_counts: { Running: 10_000 } }),
    tree: { offset: 0, total: 10_000, rows, metric_names: [] },
  });
  expect(all("row").length).toBeLessThan(40);
  expect(named("treegrid", "Child runs").getAttribute("aria-rowcount")).toBe("10001");
});

test("a failed run shows its first line, the traceback folded", async () => {
  const error = { message: "ValueError: no", code: "UserError", traceback: "Traceback…" };
  await show();
  await act(() => transport.receive(delta(2, { run: head({ status: "Failed", error }) })));
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
    tree: {
      offset: 0,
      total: 1,
      rows: [row({ display_name: hostile, tags: { [hostile]: null } })],
      metric_names: [hostile],
    },
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
  expect(log.textContent).toBe("red plain\n 90%\n");
  expect(log.querySelector(".rw-ansi-1")?.textContent).toBe("red");
});

test("charts have names and their numbers as a table", async () => {
  const points = {
    run_id: "run-1",
    name: "loss",
    last: 0.25,
    count: 2,
    replace: true,
    steps: Float64Array.of(0, 1),
    values: Float64Array.of(0.5, 0.25),
  };
  await show({ points: [points] });
  await click(named("tab", "Metrics"));
  expect(named("img", "loss by step")).toBeTruthy();
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

test("removing the view leaves nothing behind", async () => {
  await show();
  await act(() => remove());
  expect(place.childNodes).toHaveLength(0);
  expect(transport.of("unwatch")).toHaveLength(1);
});
