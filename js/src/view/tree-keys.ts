// What the keys do in a tree, as the ARIA treegrid pattern says.

import type { TreeRow } from "../messages";
import type { Tree } from "../state/channel";
import type { TreeSelection } from "../state/tree-selection";

/** Where a key was pressed. */
export interface Pressed {
  /** The row that has the focus, or has the control that has it. */
  row: TreeRow | undefined;
  /** Where that row stands; without one, where the person was last. */
  at: number;
  /** Whether a control in the row or the heading has the focus, not the row itself. */
  inControl: boolean;
}

/** What keys act upon. */
export interface Acts {
  tree: Tree;
  selection: TreeSelection;
  /** Whether rows open and close. */
  foldable: boolean;
  pageRows: number;
  go: (index: number) => void;
  toggle: (row: TreeRow) => void;
  select: (row: TreeRow, index: number, range: boolean) => void;
  open: (row: TreeRow) => void;
}

/** Does what a key is for; returns whether it is for anything. */
export function press(event: KeyboardEvent, { row, at, inControl }: Pressed, acts: Acts): boolean {
  const { tree, selection, foldable, pageRows, go, toggle, select, open } = acts;
  const { key, shiftKey: shift } = event;
  const command = event.ctrlKey || event.metaKey;
  if (command && key.toLowerCase() === "a" && !shift && !event.altKey) {
    selection.all(tree);
    return true;
  }
  // A control has its own keys; the arrows bring back to the rows.
  if (command || event.altKey || (inControl && !key.startsWith("Arrow"))) return false;
  const opens = row !== undefined && foldable && row.child_count > 0;
  const step = (to: number) => {
    if (!row) go(at);
    else if (!shift || selection.sweep(tree, at, to)) go(to);
  };
  const sideways = (way: () => void) => {
    if (!row || inControl) go(at);
    else way();
  };
  const moves: Record<string, () => void> = {
    ArrowDown: () => step(at + 1),
    ArrowUp: () => step(at - 1),
    PageDown: () => go(at + pageRows),
    PageUp: () => go(at - pageRows),
    Home: () => go(0),
    End: () => go(tree.total - 1),
    ArrowRight: () =>
      sideways(() => {
        if (opens && !row.expanded) toggle(row);
        else if (row?.expanded) go(at + 1);
      }),
    ArrowLeft: () =>
      sideways(() => {
        if (opens && row.expanded) toggle(row);
        else if (row) go(parentOf(row, at, tree));
      }),
    Enter: () => row && open(row),
    " ": () => row && select(row, at, shift),
  };
  const move = Object.hasOwn(moves, key) ? moves[key] : undefined;
  if (!move) return false;
  if (!shift) selection.rest();
  move();
  return true;
}

function parentOf(row: TreeRow, at: number, tree: Tree): number {
  for (let index = at - 1; index >= tree.offset; index--) {
    if ((tree.rows[index - tree.offset]?.level ?? 0) < row.level) return index;
  }
  return at;
}
