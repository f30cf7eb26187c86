import { expect, test } from "vitest";
import {
  type Log,
  linesAfter,
  MOST_LINES,
  overwritten,
  pieceOf,
  withEarlier,
  withLater,
  withText,
} from "./log";

const sizeBytes = (text: string) => new TextEncoder().encode(text).length;
const text = (name: string, start: number, part: string, replace = false) => ({
  name,
  start_bytes: start,
  end_bytes: start + sizeBytes(part),
  text: part,
  replace,
});
const shown = (log: Log) => [...log.lines, overwritten(log.open)];

test("the open log grows, and another one replaces it", () => {
  const first = withText(null, text("a.txt", 0, "one\nt", true));
  const grown = withText(first, text("a.txt", 5, "wo\n"));
  expect(grown.lines).toEqual(["one", "two"]);
  expect(withText(grown, text("b.txt", 90, "other\n", true))).toMatchObject({
    name: "b.txt",
    startBytes: 90,
    lines: ["other"],
  });
});

test("a progress bar stays on one line, however its pieces come", () => {
  let log: Log | null = null;
  for (const part of ["begin\n 10%\r", " 20%", "\r 30%\r\n", "end"]) {
    log = withText(log, text("a.txt", 0, part, log === null));
    expect(log.lines.length).toBeLessThan(3);
  }
  expect(shown(log as Log)).toEqual(["begin", " 30%", "end"]);
});

test("earlier and later pieces join at their lines", () => {
  const piece = pieceOf("a.txt", 10, 20, "three\nfo");
  expect(shown(withLater(piece, 30, "ur\nfive\n"))).toEqual(["three", "four", "five", ""]);
  expect(withEarlier(piece, 0, "one\ntwo\n").lines).toEqual(["one", "two", "three"]);
});

test("of a long log the last lines are held, and it is known where they begin", () => {
  const line = (n: number) => ` 10%\r░░\r done ${n}\r\n`;
  let file = "";
  let log: Log | null = null;
  for (let piece = 0; piece < 6; piece++) {
    const numbers = Array.from({ length: 10_000 }, (_, i) => 10_000 * piece + i);
    // Pieces end in the middle of a line.
    const whole = file + numbers.map(line).join("");
    const part = whole.slice(file.length, whole.length - 9);
    log = withText(log, text("a.txt", sizeBytes(file), part, log === null));
    file += part;
  }
  const known = log as Log;
  const gone = known.first;
  expect(known.lines.length).toBe(MOST_LINES);
  expect(known.lines[0]).toBe(` done ${gone}`);
  expect(known.startBytes).toBe(
    sizeBytes(Array.from({ length: gone }, (_, n) => line(n)).join("")),
  );
});

test("bytes that are no text do not shift the places of later lines", () => {
  const bytes = Uint8Array.from([0xff, 0xff, 10, 0x61, 0x62, 10, 0x63]);
  const log = pieceOf("a.txt", 0, bytes.length, new TextDecoder().decode(bytes));
  const later = withLater(log, bytes.length + 5, "\nnew\n");
  expect(later.lines).toEqual(["\ufffd\ufffd", "ab", "c", "new"]);
  expect(linesAfter(later, bytes.length)).toBe(2);
  expect(linesAfter(later, bytes.length + 1)).toBe(1);
});

test("earlier lines push out the last ones, which are read again when they are looked at", () => {
  const lines = (count: number) => "é\n".repeat(count);
  const log = pieceOf("a.txt", 30_000, 30_000 + 3 * 45_000 + 2, `${lines(45_000)}é`);
  const more = withEarlier(log, 0, lines(10_000));
  expect(more).toMatchObject({ startBytes: 0, endBytes: 3 * MOST_LINES, first: -10_000, open: "" });
  expect(more.lines.length).toBe(MOST_LINES);
});

test("lines are counted that came after a piece", () => {
  const piece = withText(null, text("a.txt", 5, "one\ntw", true));
  const later = withText(piece, text("a.txt", 11, "o\nthree\nfo"));
  expect(linesAfter(piece, piece.endBytes)).toBe(0);
  expect(linesAfter(later, piece.endBytes)).toBe(2);
  expect(linesAfter(withText(later, text("a.txt", 90, "far\n", true)), 11)).toBe(null);
});
