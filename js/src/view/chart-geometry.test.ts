import { expect, test } from "vitest";
import {
  extent,
  inOrder,
  linear,
  logarithmic,
  momentsBetween,
  nearest,
  path,
  smoothed,
  temporal,
  ticksBetween,
} from "./chart-geometry";

const line = (xs: number[], ys: (number | null)[]) => ({
  runId: "r",
  label: "r",
  colour: 0,
  xs,
  ys,
});

test("ticks are round numbers inside the range", () => {
  expect(ticksBetween(0, 1, 4)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(ticksBetween(13, 987, 4)).toEqual([250, 500, 750]);
  expect(ticksBetween(-0.3, 0.3, 3)).toEqual([-0.2, 0, 0.2]);
  expect(ticksBetween(5, 5, 4)).toEqual([]);
});

test("a scale has room also for a single value", () => {
  expect(linear([3, 3], [0, 100], 4).place(3)).toBe(50);
  expect(linear([0, 0], [0, 100], 4).place(0)).toBe(50);
});

test("a logarithmic scale has the powers of ten", () => {
  const scale = logarithmic([0.01, 100], [0, 100], 5);
  expect(scale.ticks).toEqual([0.01, 0.1, 1, 10, 100]);
  expect(scale.place(1)).toBeCloseTo(50);
});

test("points whose steps go back are drawn in order", () => {
  expect(inOrder(line([0, 5, 2], [1, 5, 2]))).toMatchObject({ xs: [0, 2, 5], ys: [1, 2, 5] });
});

test("a gap begins the line anew", () => {
  const scale = linear([0, 10], [0, 10], 4);
  expect(path(line([0, 1, 2, 3], [1, null, 2, 3]), scale, scale, () => true)).toBe(
    "M0.0 1.0M2.0 2.0L3.0 3.0",
  );
});

test("smoothing begins at the first value and keeps gaps", () => {
  expect(smoothed(line([0, 1, 2], [4, null, 4]), 0.9).ys).toEqual([4, null, 4]);
  const even = smoothed(line([0, 1], [0, 10]), 0.5).ys[1] as number;
  expect(even).toBeCloseTo(10 / 1.5);
});

test("the nearest point is found, and the range of what can be drawn", () => {
  expect([-5, 1.4, 1.6, 99].map((x) => nearest([0, 1, 2], x))).toEqual([0, 1, 2, 2]);
  expect(nearest([], 1)).toBe(-1);
  expect(extent([3, null, -1, 7], (v) => v > 0)).toEqual([3, 7]);
});

test("moments are round times of day, and midnight where there are days", () => {
  const at = (day: number, hour = 0, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();
  expect(momentsBetween(at(24, 9, 50), at(24, 11, 10), 4)).toEqual([
    at(24, 10),
    at(24, 10, 30),
    at(24, 11),
  ]);
  expect(momentsBetween(at(21, 7), at(23, 1), 4)).toEqual([at(21, 12), at(22), at(22, 12), at(23)]);
  expect(momentsBetween(at(1, 7), at(15, 1), 4)).toEqual([at(5), at(9), at(13)]);
  expect(momentsBetween(at(1), at(1), 4)).toEqual([]);
  expect(temporal([at(1, 9), at(1, 9)], [0, 100], 4).place(at(1, 9))).toBe(50);
});
