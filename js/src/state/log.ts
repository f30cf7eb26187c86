import type { LogText } from "../messages";

export interface LogChunk {
  key: number;
  text: string;
}

/** The part of the open log that the view holds. */
export interface Log {
  name: string;
  chunks: LogChunk[];
  /** Whether the file's beginning is missing here. */
  cut: boolean;
}

const MOST_CHARACTERS = 2_000_000;
let lastKey = 0;

export function withText(known: Log | null, news: LogText): Log {
  const before = news.replace || known?.name !== news.name ? null : known;
  const chunks = [...(before?.chunks ?? [])];
  if (news.text) chunks.push({ key: ++lastKey, text: news.text });
  let total = chunks.reduce((sum, chunk) => sum + chunk.text.length, 0);
  let cut = before ? before.cut : news.start_bytes > 0;
  while (total > MOST_CHARACTERS && chunks.length > 1) {
    total -= chunks.shift()?.text.length ?? 0;
    cut = true;
  }
  return { name: news.name, chunks, cut };
}
