import type { LogText } from "../messages";

/** The part of a log file that the view holds, as lines. */
export interface Log {
  name: string;
  startBytes: number;
  endBytes: number;
  lines: readonly string[];
  /** How much of the file each line takes, with its end and with what was written over in it. */
  linesBytes: readonly number[];
  /** The number of the first line: a line keeps its number when others come or go before it. */
  first: number;
  /** The line that has no end yet: it grows, or a progress bar writes over it. */
  open: string;
  openBytes: number;
}

type Parts = Pick<Log, "lines" | "linesBytes" | "open" | "openBytes">;

export const MOST_LINES = 50_000;
const NOTHING: Parts = { lines: [], linesBytes: [], open: "", openBytes: 0 };

/** Returns the log with news at its end. */
export function withText(known: Log | null, news: LogText): Log {
  const { name, start_bytes, end_bytes, text } = news;
  if (news.replace || known?.name !== name) return pieceOf(name, start_bytes, end_bytes, text);
  return withLater(known, end_bytes, text);
}

/** Returns a piece of the file by itself. */
export function pieceOf(name: string, startBytes: number, endBytes: number, text: string): Log {
  const parts = split(NOTHING, text, endBytes - startBytes);
  return withoutFirst({ name, startBytes, endBytes, first: 0, ...parts });
}

/** Returns the log with a later piece of the file at its end. */
export function withLater(log: Log, endBytes: number, text: string): Log {
  const { lines, linesBytes, ...open } = split(log, text, endBytes - log.endBytes);
  return withoutFirst({
    ...log,
    ...open,
    endBytes,
    lines: [...log.lines, ...lines],
    linesBytes: [...log.linesBytes, ...linesBytes],
  });
}

/** Returns the log with an earlier piece of the file in front. */
export function withEarlier(log: Log, startBytes: number, text: string): Log {
  const came = split(NOTHING, text, log.startBytes - startBytes);
  // The end of a line that is longer than a piece stands by itself.
  const rest = came.open !== "";
  const lines = rest ? [...came.lines, overwritten(came.open)] : came.lines;
  const linesBytes = rest ? [...came.linesBytes, came.openBytes] : came.linesBytes;
  return withoutLast({
    ...log,
    startBytes,
    first: log.first - lines.length,
    lines: [...lines, ...log.lines],
    linesBytes: [...linesBytes, ...log.linesBytes],
  });
}

/** Returns how many lines a log has after a place; null: it does not hold what stands there. */
export function linesAfter(log: Log, placeBytes: number): number | null {
  if (placeBytes < log.startBytes) return null;
  let count = 0;
  let end = log.endBytes - log.openBytes;
  while (count < log.lines.length && end > placeBytes) {
    count += 1;
    end -= log.linesBytes[log.lines.length - count] ?? 0;
  }
  return count;
}

function withoutFirst(log: Log): Log {
  const gone = log.lines.length - MOST_LINES;
  if (gone <= 0) return log;
  return {
    ...log,
    startBytes: log.startBytes + sum(log.linesBytes.slice(0, gone)),
    first: log.first + gone,
    lines: log.lines.slice(gone),
    linesBytes: log.linesBytes.slice(gone),
  };
}

function withoutLast(log: Log): Log {
  if (log.lines.length <= MOST_LINES) return log;
  return {
    ...log,
    endBytes: log.endBytes - log.openBytes - sum(log.linesBytes.slice(MOST_LINES)),
    lines: log.lines.slice(0, MOST_LINES),
    linesBytes: log.linesBytes.slice(0, MOST_LINES),
    open: "",
    openBytes: 0,
  };
}

/** What a terminal shows of a text: what comes after a \r stands in the place of what was before. */
function split(before: Parts, text: string, sizeBytes: number): Parts {
  const raw = text.split("\n");
  const sizes = raw.map((line, i) => byteLength(line) + (i < raw.length - 1 ? 1 : 0));
  sizes[0] = (sizes[0] ?? 0) + before.openBytes;
  // Bytes that are no UTF-8 were counted otherwise: that is made up for in the last whole line.
  const last = Math.max(0, sizes.length - 2);
  sizes[last] = (sizes[last] ?? 0) + before.openBytes + sizeBytes - sum(sizes);
  raw[0] = before.open + raw[0];
  const open = raw.pop() ?? "";
  const openBytes = sizes.pop() ?? 0;
  return {
    lines: raw.map(overwritten),
    linesBytes: sizes,
    // Its last \r stays: what comes next will write over it.
    open: overwritten(open) + (open.endsWith("\r") ? "\r" : ""),
    openBytes,
  };
}

export function overwritten(line: string): string {
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  return line.slice(line.lastIndexOf("\r", end - 1) + 1, end);
}

const encoder = new TextEncoder();
const byteLength = (text: string): number => encoder.encode(text).length;
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
