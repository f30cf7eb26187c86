import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import type { RunHead, Snapshot } from "../messages";
import { head, points, row, snapshot, tree } from "../testing/fake-transport";
import { partOfView } from "../testing/part";
import { Metrics } from "./metrics";

const part = partOfView();

async function show(change: Partial<Snapshot> = {}, run: RunHead | null = head()): Promise<void> {
  await act(() => part.transport.receive(snapshot(change)));
  await part.draw(<Metrics session={part.session} channel={part.channel} run={run} />);
}

const compare = (...runIds: string[]) => act(() => part.channel.changeLook({ compare: runIds }));
const texts = (selector: string) =>
  [...part.place.querySelectorAll(selector)].map((one) => one.textContent);
const openTable = () =>
  act(() => {
    const table = part.place.querySelector("details") as HTMLDetailsElement;
    table.open = true;
    table.dispatchEvent(new Event("toggle"));
  });

const TWO = {
  ...tree([
    row({ run_id: "a", display_name: "rate 0.1" }),
    row({ run_id: "b", display_name: "rate 0.01" }),
  ]),
  points: [
    points("loss", [0, 1], [0.5, 0.25]),
    points("loss", [0, 2], [0.75, 0.5], { run_id: "a" }),
    points("loss", [1, 1], [1, 2], { run_id: "b" }),
  ],
};

test("a chart has the best value, whatever number of metrics there are", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "loss"];
  await show({ points: names.map((name) => points(name, [0, 1, 2], [0.5, 0.25, 0.4])) });
  expect(texts(".rw-tile-best").at(-1)).toBe("best 0.25 at step 1");
  expect(texts(".rw-tile-best").at(0)).toBe("best 0.5 at step 0");
});

test("runs that are compared have a line, a name, and a column of the table each", async () => {
  await show(TWO);
  expect(texts(".rw-lines li")).toEqual([]);
  await compare("b", "a");
  expect(texts(".rw-lines li")).toEqual(["train.py 0.25", "rate 0.01 2", "rate 0.1 0.5"]);
  expect(part.place.querySelectorAll("path.rw-line")).toHaveLength(3);
  await openTable();
  expect(texts("thead th")).toEqual(["Step", "train.py", "rate 0.01", "rate 0.1"]);
  expect(texts("tbody tr")).toEqual(["00.50.75", "10.251", "12", "20.5"]);
  expect(texts("summary")).toEqual(["Show as table 6 points"]);
  await act(() => part.place.querySelector<HTMLElement>(".rw-compared button")?.click());
  expect(part.channel.look.value.compare).toEqual([]);
  expect(part.place.querySelectorAll("path.rw-line")).toHaveLength(1);
});

test("a table of thinned points says that it has not all of them", async () => {
  await show({ points: [points("loss", [0, 8], [0.5, 0.25], { count: 5_000 })] });
  expect(texts("summary")).toEqual([
    "Show as table 2 of 5,000 points: the lowest and the highest of each stretch",
  ]);
});

test("a table says how many of its rows are shown", async () => {
  const steps = Array.from({ length: 1_200 }, (_, i) => i);
  await show({ points: [points("loss", steps, steps)] });
  await openTable();
  expect(part.place.querySelectorAll("tbody tr")).toHaveLength(1_000);
  expect(part.place.textContent).toContain("The first 1,000 of 1,200 rows are shown.");
});

test("while a stretch is zoomed, the table has its points", async () => {
  await show({ points: [points("loss", [0, 8], [0.5, 0.25], { count: 5_000 })] });
  part.transport.answer = (request) =>
    request.type === "read_points"
      ? { type: "points_read", points: [points("loss", [3, 4, 5], [3, 4, 5])] }
      : undefined;
  await act(() => {
    const press = new KeyboardEvent("keydown", { key: "+", bubbles: true });
    part.place.querySelector("[role=img]")?.dispatchEvent(press);
  });
  await vi.waitFor(() => expect(texts("summary")).toEqual(["Show as table 3 points"]));
});

test("of many that are compared it is said how many are drawn", async () => {
  const ids = Array.from({ length: 200 }, (_, i) => `r${i}`);
  await show({ points: ids.map((run_id) => points("loss", [0, 1], [1, 2], { run_id })) });
  await compare(...ids.slice(0, 50));
  expect(texts(".rw-compared")).toEqual(["50 comparedStop comparing"]);
  await compare(...ids);
  expect(texts(".rw-compared")).toEqual(["50 of 200 drawnStop comparing"]);
  expect(part.place.querySelectorAll("path.rw-line")).toHaveLength(50);
});

test("without a run of its own it draws those that are compared, each with its last value", async () => {
  await show({ ...TWO, run: null }, null);
  await compare("a", "b");
  expect(texts(".rw-lines li")).toEqual(["rate 0.1 0.5", "rate 0.01 2"]);
  expect(texts("figcaption")).toEqual(["lossCSVPlotly"]);
  expect(texts(".rw-tile-best")).toEqual([]);
});

test("runs that have nothing to draw can be left, too", async () => {
  await show({ run: null, points: [points("accuracy", [0], [0.5], { run_id: "a" })] }, null);
  await compare("a");
  expect(texts(".rw-empty")[0]).toMatch(/^Nothing to draw yet/);
  expect(texts(".rw-compared")).toEqual(["1 comparedStop comparing"]);
});
