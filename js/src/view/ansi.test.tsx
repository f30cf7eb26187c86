import { expect, test } from "vitest";
import { PLAIN, styleAfter } from "./ansi";

test("a line leaves its colour and weight to the next one", () => {
  expect(styleAfter("\x1b[1;31mred", PLAIN)).toEqual({ colour: 1, bold: true });
  expect(styleAfter("\x1b[0mplain", { colour: 1, bold: true })).toEqual(PLAIN);
});

test("the numbers of 256 and of all colours are not taken for colours of their own", () => {
  expect(styleAfter("\x1b[38;5;31m", PLAIN)).toEqual(PLAIN);
  expect(styleAfter("\x1b[48;2;31;32;33;1m", PLAIN)).toEqual({ colour: null, bold: true });
});
