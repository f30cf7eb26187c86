import { expect, test } from "vitest";
import { bytes, duration, elapsed, metric } from "./format";
import { parseTag } from "./tags";

test("durations are short", () => {
  const shown = [-5, 12_900, 184_000, 3_720_000, 200_000_000].map(duration);
  expect(shown).toEqual(["0 s", "12 s", "3 m 04 s", "1 h 02 m", "2 d 7 h"]);
  expect(elapsed(null, null, 5_000)).toBe("");
  expect(elapsed(1_000, 3_000, 99_000)).toBe("2 s");
});

test("numbers have four significant digits, and words stay words", () => {
  expect([0.123456, 12, 1e-7, 123456789, 0].map(metric)).toEqual([
    "0.1235",
    "12",
    "1.00e-7",
    "1.23e8",
    "0",
  ]);
  expect(["NaN", true, null, undefined].map(metric)).toEqual(["NaN", "true", "None", ""]);
});

test("sizes have a unit", () => {
  expect([0, 999, 1_500, 12_345, 5_000_000].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "12 kB",
    "5.0 MB",
  ]);
});

test("a tag is a key, or a key and a value", () => {
  expect(parseTag("worth a look")).toEqual({ key: "worth a look", value: null });
  expect(parseTag("a=b=c")).toEqual({ key: "a", value: "b=c" });
  expect(parseTag("a=")).toEqual({ key: "a", value: "" });
  expect(parseTag(" =b")).toBeNull();
  expect(parseTag("  ")).toBeNull();
});
