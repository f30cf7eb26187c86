// What a view shows of a log: its end, which goes on, or a piece that stays as long as it is read.

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Channel } from "./channel";
import { type Log, linesAfter, pieceOf, withEarlier, withLater } from "./log";
import type { Session } from "./session";

const PIECE_BYTES = 256 * 1024;
const BEFORE_BYTES = 32 * 1024;
const LINE_END = 10;

/** What was found in a file: where those lines begin that have the text, the newest last. */
export interface Found {
  name: string;
  text: string;
  linesBytes: readonly number[];
  at: number;
  /** How much of the file's end was searched; null: all of it. */
  searchedBytes: number | null;
}

export class LogReader {
  /** What is shown instead of the log's end; null while that is followed. */
  readonly piece: ReadonlySignal<Log | null>;
  readonly shown: ReadonlySignal<Log | null>;
  readonly found: ReadonlySignal<Found | null>;
  /** The number of the line that holds what was looked for. */
  readonly line = signal<number | null>(null);
  /** How often the person was brought to a line: the view scrolls there then, and only then. */
  readonly jumps = signal(0);
  private readonly held = signal<Log | null>(null);
  private readonly lastFound = signal<Found | null>(null);
  private wanted = "";
  private searches = 0;
  private busy = false;

  constructor(
    private readonly session: Session,
    private readonly channel: Channel,
    private readonly runId: string,
  ) {
    // What belongs to another file than the one that is open is as good as gone.
    const ofOpen = <T extends { name: string }>(one: T | null) =>
      one?.name === channel.log.value?.name ? one : null;
    this.piece = computed(() => ofOpen(this.held.value));
    this.found = computed(() => ofOpen(this.lastFound.value));
    this.shown = computed(() => this.piece.value ?? channel.log.value);
  }

  /** Shows the end of the log, as it grows. */
  follow(): void {
    batch(() => {
      this.held.value = null;
      this.line.value = null;
    });
  }

  /** Keeps what is shown as it is, whatever comes; returns that. */
  hold(): Log | null {
    this.held.value = this.shown.value;
    return this.held.value;
  }

  /** How many lines have come after the piece that is shown; null: so many that it can't be said. */
  lacking(): number | null {
    const tail = this.channel.log.value;
    const piece = this.piece.value;
    return tail && piece ? linesAfter(tail, piece.endBytes) : 0;
  }

  /** The person has come to the end of what is shown: what follows is shown, or followed if it
   * is little. */
  async reachedEnd(littleLines: number): Promise<void> {
    const lacking = this.lacking();
    if (lacking !== null && lacking <= littleLines) this.follow();
    else await this.later();
  }

  /** Another file is open: its end is shown, and what was looked for is looked for in it. */
  async changedFile(): Promise<void> {
    this.follow();
    await this.search(this.wanted);
  }

  /** Looks for a text, and goes to the newest line that has it. */
  async find(text: string): Promise<void> {
    this.wanted = text;
    if (await this.search(text)) await this.show();
  }

  /** Goes to another line that has the text, or to the one that was left. */
  async go(by: number): Promise<void> {
    const found = this.found.value;
    if (!found || found.linesBytes.length === 0) return;
    const count = found.linesBytes.length;
    const at = this.line.value === null ? found.at : (found.at + by + count) % count;
    this.lastFound.value = { ...found, at };
    await this.show();
  }

  /** Returns whether this was the last search until its answer came. */
  private async search(text: string): Promise<boolean> {
    this.searches += 1;
    const number = this.searches;
    const name = this.channel.log.value?.name;
    if (!name || !text) {
      this.lastFound.value = null;
      return false;
    }
    const run_id = this.runId;
    const answer = await this.session.ask<"text_found">({ type: "find_text", run_id, name, text });
    if (number !== this.searches) return false;
    const { lines_bytes: linesBytes, searched_bytes, size_bytes } = answer;
    const searchedBytes = searched_bytes < size_bytes ? searched_bytes : null;
    this.lastFound.value = { name, text, linesBytes, at: linesBytes.length - 1, searchedBytes };
    return true;
  }

  private async show(): Promise<void> {
    const found = this.found.value;
    const place = found?.linesBytes[found.at];
    if (!found || place === undefined) return;
    const start = Math.max(0, place - BEFORE_BYTES);
    const data = await this.read(found.name, start, PIECE_BYTES);
    if (this.found.value !== found) return; // another search, place or file meanwhile
    const begin = beginOf(data, start, place - start);
    const end = data.length - tornBytes(data);
    const text = decode(data.subarray(begin, end));
    const before = data.subarray(begin, place - start).filter((byte) => byte === LINE_END);
    batch(() => {
      this.held.value = pieceOf(found.name, start + begin, start + end, text);
      this.line.value = before.length;
      this.jumps.value += 1;
    });
  }

  /** Reads what stands before what is shown, which is held then. */
  async earlier(): Promise<void> {
    const shown = this.hold();
    if (!shown || shown.startBytes === 0 || this.busy) return;
    const start = Math.max(0, shown.startBytes - PIECE_BYTES);
    const data = await this.alone(() => this.read(shown.name, start, shown.startBytes - start));
    if (this.piece.value !== shown) return; // another place or file meanwhile
    const begin = beginOf(data, start, data.length - 1);
    this.held.value = withEarlier(shown, start + begin, decode(data.subarray(begin)));
  }

  /** Reads what stands after the piece that is shown. */
  private async later(): Promise<void> {
    const shown = this.piece.value;
    if (!shown || this.busy) return;
    const data = await this.alone(() => this.read(shown.name, shown.endBytes, PIECE_BYTES));
    const end = data.length - tornBytes(data);
    if (this.piece.value !== shown || end === 0) return;
    this.held.value = withLater(shown, shown.endBytes + end, decode(data.subarray(0, end)));
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }

  private async read(name: string, start: number, limit: number): Promise<Uint8Array> {
    const { data } = await this.session.ask<"file_read">({
      type: "read_file",
      run_id: this.runId,
      name,
      start_bytes: start,
      limit_bytes: limit,
    });
    return data;
  }
}

const decode = (data: Uint8Array): string => new TextDecoder().decode(data);
const goesOn = (byte: number): boolean => (byte & 0b1100_0000) === 0b1000_0000;

/** Returns where the first whole line begins, or character if no line does up to `most`. */
function beginOf(data: Uint8Array, startBytes: number, most: number): number {
  if (startBytes === 0) return 0;
  const line = data.indexOf(LINE_END) + 1;
  if (line > 0 && line <= most) return line;
  return Math.max(
    0,
    data.subarray(0, 4).findIndex((byte) => !goesOn(byte)),
  );
}

/** Returns how many bytes at the end belong to a character that is not whole. */
function tornBytes(data: Uint8Array): number {
  const back = [1, 2, 3].find((n) => n <= data.length && !goesOn(data[data.length - n] ?? 0)) ?? 0;
  const byte = data[data.length - back] ?? 0;
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
  return length > back ? back : 0;
}
