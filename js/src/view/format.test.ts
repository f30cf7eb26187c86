import { afterEach, expect, test } from "vitest";
import { speak } from "../strings";
import { bytes, clockTime, duration, elapsed, metric } from "./format";
import { parseTag } from "./tags";

afterEach(() => speak("en"));

test("durations are short", () => {
  const shown = [-5, 12_900, 184_000, 3_720_000, 200_000_000].map(duration);
  expect(shown).toEqual(["0 s", "12 s", "3 m 04 s", "1 h 02 m", "2 d 7 h"]);
  expect(elapsed(null, null, 5_000)).toBe("");
  const ended = [-5, 399, 2_000, 9_999, 12_900].map((took) => elapsed(1_000, 1_000 + took, 0));
  expect(ended).toEqual(["0.0 s", "0.3 s", "2.0 s", "9.9 s", "12 s"]);
  expect(elapsed(1_000, null, 3_900)).toBe("2 s");
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

test("a moment has its date unless it is today, in the language of the view", () => {
  const at = new Date(2026, 5, 5, 14, 3, 9).getTime();
  const said = (...date: [number, number, number]) =>
    clockTime(at, new Date(...date, 23, 59).getTime()).replace(/\s/g, " ");
  expect(said(2026, 5, 5)).toBe("2:03:09 PM");
  expect(said(2026, 5, 6)).toBe("Jun 5, 2:03:09 PM");
  expect(said(2027, 5, 5)).toBe("Jun 5, 2026, 2:03:09 PM");
  speak("pt-BR");
  expect(said(2026, 5, 5)).toBe("14:03:09");
  expect(said(2026, 5, 6)).toMatch(/^5 de jun.*14:03:09$/);
  expect(said(2027, 5, 5)).toMatch(/^5 de jun.* 2026.*14:03:09$/);
});

test("a tag is a key, or a key and a value", () => {
  expect(parseTag("worth a look")).toEqual({ key: "worth a look", value: null });
  expect(parseTag("a=b=c")).toEqual({ key: "a", value: "b=c" });
  expect(parseTag("a=")).toEqual({ key: "a", value: "" });
  expect(parseTag(" =b")).toBeNull();
  expect(parseTag("  ")).toBeNull();
});
