import type { LogText } from "../messages";

/** The part of a log file that the view holds, as lines. */
export interface Log {
  name: string;
  startBytes: number;
  endBytes: number;
  lines: readonly string[];
  /** The line that has no end yet: it grows, or a progress bar writes over it. */
  open: string;
}

export const MOST_LINES = 50_000;

/** Returns the log with news at its end. */
export function withText(known: Log | null, news: LogText): Log {
  const before = news.replace || known?.name !== news.name ? null : known;
  const { lines, open } = split((before?.open ?? "") + news.text);
  const all = before ? [...before.lines, ...lines] : lines;
  const dropped = Math.max(0, all.length - MOST_LINES);
  const gone = all.slice(0, dropped);
  const startBytes = before ? before.startBytes : news.start_bytes;
  return {
    name: news.name,
    // Lines were cut at their \r, so that this is a place after which all is held.
    startBytes: dropped ? startBytes + byteLength(`${gone.join("\n")}\n`) : startBytes,
    endBytes: news.end_bytes,
    lines: dropped ? all.slice(dropped) : all,
    open,
  };
}

/** Returns the log with an earlier piece of the file in front. */
export function withEarlier(log: Log, startBytes: number, text: string): Log {
  const { lines, open } = split(text);
  const joined = open ? [...lines, open] : lines;
  return { ...log, startBytes, lines: [...joined, ...log.lines] };
}

/** Returns a piece of the file by itself. */
export function pieceOf(name: string, startBytes: number, endBytes: number, text: string): Log {
  return { name, startBytes, endBytes, ...split(text) };
}

/** Returns the piece with a later one at its end. */
export function withLater(piece: Log, endBytes: number, text: string): Log {
  const { lines, open } = split(piece.open + text);
  return { ...piece, endBytes, lines: [...piece.lines, ...lines], open };
}

/** What a terminal shows of a text: what comes after a \r stands in the place of what was before. */
function split(text: string): { lines: string[]; open: string } {
  const lines = text.split("\n");
  const open = lines.pop() ?? "";
  // Its last \r stays: what comes next will write over it.
  return {
    lines: lines.map(overwritten),
    open: overwritten(open) + (open.endsWith("\r") ? "\r" : ""),
  };
}

export function overwritten(line: string): string {
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  return line.slice(line.lastIndexOf("\r", end - 1) + 1, end);
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length;
