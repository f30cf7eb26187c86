import { type Signal, signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Overview, WorkspaceHead } from "../messages";
import { Session } from "../state/session";
import type { Workspaces } from "../state/workspaces";
import { FakeTransport, head, row, snapshot, summary, tree } from "../testing/fake-transport";
import type { Subject } from "../transport/server";
import { NOWHERE, type Place, RunsPanel } from "./runs-panel";

const overview: Overview = {
  type: "overview",
  channel: "o",
  seq: 1,
  now_ms: Date.now(),
  experiments: [
    { name: "digits", run_counts: { Running: 1, Failed: 2 }, newest_ms: 2 },
    { name: "<b>housing</b>", run_counts: { Completed: 1 }, newest_ms: 1 },
  ],
  live: [
    {
      run_id: "run-1",
      experiment: "digits",
      display_name: "train.py",
      number: 7,
      status: "Running",
      created_ms: 1,
      started_ms: 1,
    },
  ],
  live_count: 1,
};
const workspace: WorkspaceHead = { workspace_id: "w", name: "home", folder: "." };

let el: HTMLElement;
let place: ReturnType<typeof signal<Place>>;
let opened: { subject: Subject; transport: FakeTransport }[];
let known: ReturnType<typeof signal<readonly WorkspaceHead[] | null>>;
let overviews: Signal<ReadonlyMap<string, Overview>>;

beforeEach(() => {
  el = document.createElement("div");
  document.body.append(el);
  place = signal<Place>(NOWHERE);
  known = signal<readonly WorkspaceHead[] | null>([workspace]);
  overviews = signal<ReadonlyMap<string, Overview>>(new Map([["w", overview]]));
  opened = [];
  const workspaces = {
    known,
    overviews,
    now: () => Date.now(),
  } as unknown as Workspaces;
  const open = (subject: Subject) => {
    const experiment = subject.experiment ? { name: subject.experiment, run_counts: {} } : null;
    const transport = new FakeTransport(summary({ run: null, experiment }));
    opened.push({ subject, transport });
    return new Session(transport, null);
  };
  act(() => render(<RunsPanel workspaces={workspaces} place={place as never} open={open} />, el));
});

afterEach(() => {
  act(() => render(null, el));
  el.remove();
});

const button = (text: string) =>
  [...el.querySelectorAll("button")].find((one) => one.textContent?.includes(text)) as HTMLElement;

test("the newest experiment is shown first, and its runs are asked for", () => {
  expect(opened.map((one) => one.subject.experiment)).toEqual(["digits"]);
  expect(el.querySelector('[aria-current="true"]')?.textContent).toContain("digits");
  expect(el.textContent).toContain("2");
});

test("another experiment takes the place of the first, which is let go", () => {
  act(() => button("housing").click());
  expect(place.value?.experiment).toBe("<b>housing</b>");
  expect(opened.at(-1)?.subject.experiment).toBe("<b>housing</b>");
  expect(opened[0]?.transport.listeners).toBe(0);
  expect(el.querySelector("b")).toBeNull();
});

test("a run opens beside its experiment, and closes again", () => {
  const transport = opened[0]?.transport as FakeTransport;
  const experiment = { name: "digits", run_counts: {} };
  act(() => transport.receive(snapshot({ run: null, experiment, ...tree([row()]) })));
  act(() => (el.querySelector('[aria-label="Open child 1"]') as HTMLElement).click());
  expect(place.value).toEqual({ workspaceId: "w", experiment: "digits", runId: "child-1" });
  const run = opened.at(-1);
  expect(run?.subject.run_id).toBe("child-1");
  act(() => run?.transport.receive(snapshot({ run: head({ display_name: "child 1" }) })));
  expect(el.querySelector('section[aria-label="Run child 1"]')).not.toBeNull();
  expect(el.querySelector(".rw-current")?.textContent).toContain("child 1");
  act(() => (el.querySelector('[aria-label="Back to digits"]') as HTMLElement).click());
  expect(place.value?.runId).toBeNull();
  expect(run?.transport.listeners).toBe(0);
});

test("a live run is opened from its list", () => {
  act(() => button("train.py").click());
  expect(place.value).toEqual({ workspaceId: "w", experiment: "digits", runId: "run-1" });
});

test("another workspace shows its own experiments, and what is gone is not asked for", () => {
  const other = { workspace_id: "v", name: "elsewhere", folder: "elsewhere" };
  act(() => {
    known.value = [workspace, other];
  });
  act(() => button("train.py").click());
  const before = opened.length;
  const choice = el.querySelector("select") as HTMLSelectElement;
  choice.value = "v";
  act(() => {
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  });
  expect(el.textContent).not.toContain("digits");
  expect(opened).toHaveLength(before);
  act(() => {
    place.value = { workspaceId: "w", experiment: "digits", runId: null };
    known.value = [other];
  });
  expect(opened.filter((one) => one.subject.workspace_id === "v")).toEqual([]);
});

test("where there is no workspace the panel says how to make one", () => {
  act(() => {
    known.value = [];
  });
  expect(el.textContent).toContain("Workspace.from_config()");
});

test("a live run of an experiment that was archived opens beside one that is there", () => {
  const archived = {
    ...overview.live[0],
    run_id: "run-9",
    experiment: "",
    display_name: "late.py",
  };
  act(() => {
    overviews.value = new Map([["w", { ...overview, live: [archived] } as Overview]]);
  });
  act(() => button("late.py").click());
  expect(opened.map((one) => [one.subject.experiment, one.subject.run_id])).toEqual([
    ["digits", null],
    [null, "run-9"],
  ]);
});
