// Reads pieces of a log that is too long to be held: earlier ones, and those around what was found.

import { signal } from "@preact/signals";
import type { Channel } from "./channel";
import { type Log, MOST_LINES, pieceOf, withEarlier, withLater } from "./log";
import type { Session } from "./session";

const PIECE_BYTES = 256 * 1024;
const BEFORE_BYTES = 32 * 1024;
const LINE_END = 10;

/** What was found in the file: where each line begins that has the text. */
export interface Found {
  text: string;
  linesBytes: readonly number[];
  at: number;
}

export class LogReader {
  /** A piece of the file that is shown instead of its end; null while the end is followed. */
  readonly piece = signal<Log | null>(null);
  readonly found = signal<Found | null>(null);
  /** The line of the piece that holds what was looked for. */
  readonly line = signal(-1);
  /** How often the person was brought to a line: the view scrolls there then, and only then. */
  readonly jumps = signal(0);
  private busy = false;

  constructor(
    private readonly session: Session,
    private readonly channel: Channel,
    private readonly runId: string,
  ) {}

  /** Shows the end of the log again. */
  follow(): void {
    this.piece.value = null;
    this.line.value = -1;
  }

  async find(text: string): Promise<void> {
    const name = this.channel.log.value?.name;
    if (!name || !text) {
      this.found.value = null;
      return;
    }
    const run_id = this.runId;
    const answer = await this.session.ask<"text_found">({ type: "find_text", run_id, name, text });
    const linesBytes = answer.lines_bytes;
    // The newest is what a person looks for first.
    this.found.value = { text, linesBytes, at: linesBytes.length - 1 };
    await this.show();
  }

  /** Goes to another line that has the text. */
  async go(by: number): Promise<void> {
    const found = this.found.value;
    if (!found || found.linesBytes.length === 0) return;
    const count = found.linesBytes.length;
    this.found.value = { ...found, at: (found.at + by + count) % count };
    await this.show();
  }

  private async show(): Promise<void> {
    const found = this.found.value;
    const place = found?.linesBytes[found.at];
    const name = this.channel.log.value?.name;
    if (place === undefined || !name) return;
    const read = await this.read(name, Math.max(0, place - BEFORE_BYTES), PIECE_BYTES);
    const cut = read.start === 0 ? 0 : read.data.indexOf(LINE_END) + 1;
    const begin = read.start + cut <= place ? cut : 0;
    const before = new TextDecoder().decode(read.data.subarray(begin, place - read.start));
    this.piece.value = pieceOf(
      name,
      read.start + begin,
      read.end,
      decode(read.data.subarray(begin)),
    );
    this.line.value = before.split("\n").length - 1;
    this.jumps.value += 1;
  }

  /** Reads what stands before what is shown; returns how many lines came. */
  async earlier(): Promise<number> {
    const shown = this.piece.value ?? this.channel.log.value;
    if (!shown || shown.startBytes === 0 || shown.lines.length > MOST_LINES || this.busy) return 0;
    const start = Math.max(0, shown.startBytes - PIECE_BYTES);
    const read = await this.alone(() => this.read(shown.name, start, shown.startBytes - start));
    // It begins with a whole line, unless one line is all there is.
    const cut = start === 0 ? 0 : read.data.indexOf(LINE_END) + 1;
    const text = decode(read.data.subarray(cut));
    const target = this.piece.value ? this.piece : this.channel.log;
    const known = target.value;
    if (!known || known.startBytes !== shown.startBytes) return 0; // another log meanwhile
    target.value = withEarlier(known, start + cut, text);
    if (this.line.value >= 0) this.line.value += target.value.lines.length - known.lines.length;
    return target.value.lines.length - known.lines.length;
  }

  /** Reads what stands after the piece that is shown. */
  async later(): Promise<void> {
    const shown = this.piece.value;
    if (!shown || this.busy) return;
    const read = await this.alone(() => this.read(shown.name, shown.endBytes, PIECE_BYTES));
    if (this.piece.value !== shown || read.data.length === 0) return;
    this.piece.value = withLater(shown, read.end, decode(read.data));
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }

  private async read(
    name: string,
    start: number,
    limit: number,
  ): Promise<{ data: Uint8Array; start: number; end: number }> {
    const { data } = await this.session.ask<"file_read">({
      type: "read_file",
      run_id: this.runId,
      name,
      start_bytes: start,
      limit_bytes: limit,
    });
    return { data, start, end: start + data.length };
  }
}

const decode = (data: Uint8Array): string => new TextDecoder().decode(data);
