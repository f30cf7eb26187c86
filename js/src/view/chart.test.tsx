import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { speak } from "../strings";
import { Chart } from "./chart";
import type { Axis, Line } from "./chart-geometry";

let place: HTMLElement;

beforeEach(() => {
  place = document.createElement("div");
  document.body.append(place);
});

afterEach(() => {
  act(() => render(null, place));
  place.remove();
  speak("en");
});

function draw(lines: readonly Line[], axis: Axis = "step"): void {
  const props = { name: "loss", lines, axis, log: false, smoothing: 0, zoom: null };
  act(() => render(<Chart {...props} onZoom={() => undefined} />, place));
}

function point(x: number, y: number): void {
  const move = new MouseEvent("pointermove", { clientX: x, clientY: y, bubbles: true });
  act(() => {
    place.querySelector("svg")?.dispatchEvent(move);
  });
}

const lines = (howMany: number): Line[] =>
  Array.from({ length: howMany }, (_, i) => {
    return { runId: `r${i}`, label: `run ${i}`, colour: i, xs: [0, 1], ys: [i, i] };
  });
const read = () => [...place.querySelectorAll(".rw-reading > div")].map((one) => one.textContent);

test("few lines are read in their order, wherever the pointer stands", () => {
  draw(lines(8));
  point(46, 0);
  expect(read()).toEqual(["0", ...lines(8).map((line, i) => `${line.label}${i}`)]);
});

test("of many lines those are read that are nearest to the pointer, and how many more there are", () => {
  draw(lines(20));
  point(46, 8); // the upper edge, where the highest line is
  expect(read()).toEqual([
    "0",
    ...[19, 18, 17, 16, 15, 14, 13].map((i) => `run ${i}${i}`),
    "and 13 more",
  ]);
  point(46, 148);
  expect(read().slice(0, 3)).toEqual(["0", "run 00", "run 11"]);
});

test("by keyboard the first lines are read, and how many more there are", () => {
  draw(lines(20));
  // From the middle, where there is no point, to the first one.
  for (let i = 0; i < 20; i++) {
    act(() => {
      const press = new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true });
      place.querySelector("[role=img]")?.dispatchEvent(press);
    });
  }
  expect(read().slice(0, 2)).toEqual(["0", "run 00"]);
  expect(read().at(-1)).toBe("and 13 more");
});

const ticks = () =>
  [...place.querySelectorAll("text[text-anchor=middle]")].map((one) =>
    one.textContent?.replace(/\s/g, " "),
  );

const over = (...moments: Date[]): Line[] => {
  const xs = moments.map(Number);
  return [{ runId: "r", label: "r", colour: 0, xs, ys: xs.map((_, i) => i) }];
};

test("an axis of several days has their dates", () => {
  const days = over(new Date(2026, 10, 21, 9), new Date(2026, 10, 24, 9));
  draw(days, "time");
  expect(ticks()).toEqual(["12:00 PM", "Nov 22", "12:00 PM", "Nov 23", "12:00 PM", "Nov 24"]);
  speak("pt");
  draw([...days], "time");
  expect(ticks()).toContain("22 de nov.");
});

test("an axis of a few minutes has round times of day", () => {
  draw(over(new Date(2026, 10, 21, 9, 0, 40), new Date(2026, 10, 21, 9, 2, 10)), "time");
  expect(ticks()).toEqual([
    "9:00:45 AM",
    "9:01 AM",
    "9:01:15 AM",
    "9:01:30 AM",
    "9:01:45 AM",
    "9:02 AM",
  ]);
});

test("a single moment has its second", () => {
  draw(over(new Date(2026, 10, 21, 9, 0, 40)), "time");
  expect(ticks()).toContain("9:00:40 AM");
});
