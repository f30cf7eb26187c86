import { expect, test } from "vitest";
import { type Log, overwritten, pieceOf, withEarlier, withLater, withText } from "./log";

const text = (name: string, start: number, part: string, replace = false) => ({
  name,
  start_bytes: start,
  end_bytes: start + part.length,
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
