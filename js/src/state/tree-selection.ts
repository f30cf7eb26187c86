// The runs of a tree that are selected: they stay so while the window shows others.

import { effect, signal, untracked } from "@preact/signals";
import type { Command, Look, TreeRow } from "../messages";
import type { Channel, Tree } from "./channel";
import { type Commands, withOrder } from "./commands";

/** As many rows as the record sends at once. */
export const MOST_ROWS = 1_000;
/** Rows may move until others come: so many are asked for beyond both ends of a stretch. */
const SPARE_ROWS = 50;

interface Place {
  id: string;
  index: number;
}

/** Rows that are to be selected when they have come. */
export interface Stretch {
  low: number;
  high: number;
  /** The first and the last run; null: as far as the rows go. */
  ends: readonly [string | null, string | null];
  /** How many the person meant, if that is more than can be had. */
  meant: number | null;
}

export class TreeSelection {
  /** The selected runs as they are known; of those outside the window, as they were left. */
  readonly rows = signal<ReadonlyMap<string, TreeRow>>(new Map());
  /** How many were meant, if not all of them could be selected. */
  readonly meant = signal<number | null>(null);
  /** What the window must hold for a moment. */
  readonly awaited = signal<Stretch | null>(null);
  /** Where a selection up to another row begins. */
  private anchor: Place | null = null;
  /** Where Shift and the arrows began, and how far they have come. */
  private origin: Place | null = null;
  private reached: string | null = null;

  toggle(row: TreeRow, index: number): void {
    this.anchor = { id: row.run_id, index };
    this.rest();
    this.change((rows) => {
      if (!rows.delete(row.run_id)) rows.set(row.run_id, row);
    });
  }

  /** Selects the rows from the one that was chosen last to this one. */
  extend(tree: Tree, row: TreeRow, index: number): void {
    const { anchor } = this;
    this.anchor = { id: row.run_id, index };
    this.add([row]);
    if (anchor === null) return;
    const begin = tree.rows.findIndex((one) => one.run_id === anchor.id);
    if (begin >= 0) this.add(between(tree.rows, begin, index - tree.offset));
    else this.awaited.value = stretch(anchor, this.anchor, tree.total);
  }

  /** Takes in the next row of a way, or leaves one out on the way back; returns whether it can. */
  sweep(tree: Tree, at: number, to: number): boolean {
    const [here, next] = [tree.rows[at - tree.offset], tree.rows[to - tree.offset]];
    if (!here || !next) return false;
    if (this.origin === null || this.reached !== here.run_id) {
      this.origin = { id: here.run_id, index: at };
    }
    const begun = indexOf(tree, this.origin);
    this.change((rows) => {
      if (Math.abs(to - begun) < Math.abs(at - begun)) rows.delete(here.run_id);
      else rows.set(here.run_id, here).set(next.run_id, next);
    });
    this.reached = next.run_id;
    this.anchor = { id: next.run_id, index: to };
    return true;
  }

  /** Begins a new way with the next arrow. */
  rest(): void {
    this.reached = null;
  }

  /** Selects all rows of the tree, as many as the record sends at once. */
  all(tree: Tree): void {
    const high = Math.min(tree.total, MOST_ROWS);
    const meant = tree.total > high ? tree.total : null;
    this.awaited.value = { low: 0, high, ends: [null, null], meant };
  }

  clear(): void {
    this.anchor = null;
    this.change((rows) => rows.clear());
  }

  /** Keeps the rows as they become known, and selects those that come; ends with what it returns. */
  follow(channel: Channel, commands: Commands): () => void {
    let given: readonly Command[] = [];
    let asked: Look | null = null;
    return effect(() => {
      const tree = channel.tree.value;
      const look = channel.look.value;
      const shown = commands.shown.value;
      const orders = shown.filter((one) => !given.includes(one));
      given = shown;
      const stretch = this.awaited.value;
      untracked(() => {
        this.refresh(tree.rows, orders);
        if (stretch === null) asked = null;
        else if (asked !== null && !sameRows(asked, look)) this.awaited.value = null;
        else if (holds(tree, stretch)) this.take(tree, stretch);
        else asked = look;
      });
    });
  }

  private refresh(rows: readonly TreeRow[], orders: readonly Command[]): void {
    const before = this.rows.value;
    if (before.size === 0) return;
    const here = new Map(rows.map((row) => [row.run_id, row]));
    const known = (row: TreeRow) => here.get(row.run_id) ?? orders.reduce<TreeRow>(withOrder, row);
    const after = new Map([...before].map(([id, row]) => [id, known(row)]));
    if ([...after].some(([id, row]) => row !== before.get(id))) this.rows.value = after;
  }

  private take(tree: Tree, { low, high, ends, meant }: Stretch): void {
    const rows = tree.rows.slice(low - tree.offset, high - tree.offset);
    const find = (id: string) => rows.findIndex((row) => row.run_id === id);
    const begin = ends[0] === null ? 0 : find(ends[0]);
    const end = ends[1] === null ? rows.length - 1 : find(ends[1]);
    this.awaited.value = null;
    // Where an end has gone meanwhile, it is not known which rows were meant.
    if (begin < 0 || end < 0) return;
    this.add(between(rows, begin, end));
    this.meant.value = meant;
  }

  /** Adds rows in the order that they are in. */
  private add(more: readonly TreeRow[]): void {
    this.change((rows) => {
      for (const row of more) {
        rows.delete(row.run_id);
        rows.set(row.run_id, row);
      }
    });
  }

  private change(how: (rows: Map<string, TreeRow>) => void): void {
    const rows = new Map(this.rows.peek());
    how(rows);
    this.awaited.value = null;
    this.meant.value = null;
    this.rows.value = rows;
  }
}

function between(rows: readonly TreeRow[], one: number, other: number): readonly TreeRow[] {
  return rows.slice(Math.min(one, other), Math.max(one, other) + 1);
}

/** Returns where a run stands now, or stood when it was seen last. */
function indexOf(tree: Tree, place: Place): number {
  const found = tree.rows.findIndex((row) => row.run_id === place.id);
  return found < 0 ? place.index : tree.offset + found;
}

function stretch(from: Place, to: Place, total: number): Stretch {
  const [first, last] = from.index < to.index ? [from, to] : [to, from];
  const many = last.index - first.index + 1;
  if (many > MOST_ROWS) {
    // Those that are near to where the person is.
    return to === last
      ? { low: to.index + 1 - MOST_ROWS, high: to.index + 1, ends: [null, to.id], meant: many }
      : { low: to.index, high: to.index + MOST_ROWS, ends: [to.id, null], meant: many };
  }
  const spare = Math.min(SPARE_ROWS, Math.floor((MOST_ROWS - many) / 2));
  return {
    low: Math.max(0, first.index - spare),
    high: Math.min(total, last.index + 1 + spare),
    ends: [first.id, last.id],
    meant: null,
  };
}

function holds(tree: Tree, { low, high }: Stretch): boolean {
  return tree.offset <= low && Math.min(high, tree.total) <= tree.offset + tree.rows.length;
}

const sameRows = (one: Look, other: Look): boolean =>
  one.filter === other.filter && one.sort === other.sort && one.expanded === other.expanded;
