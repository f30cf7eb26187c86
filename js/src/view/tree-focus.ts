// Where a person is in a tree, and that the focus stays there while rows come, move and go.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A place in a tree, which is kept while a run is open in the tree's place. */
export interface Place {
  /** The run whose row has the focus, or had it last; null: whichever stands at `index`. */
  id: string | null;
  index: number;
  /** How far the rows are scrolled, in pixels. */
  top: number;
  /** Whether a run was opened from here: who comes back finds the focus where it was. */
  opened: boolean;
}

export const BEGINNING: Readonly<Place> = { id: null, index: 0, top: 0, opened: false };

/** Keeps the focus in the tree when what has it goes away: it is on the grid until its row is
 * drawn. Set what is returned to bring it to that row from anywhere.
 *
 * `row` is the index of the row that the focus belongs to, null while that is not drawn. */
export function useTreeFocus(
  frame: RefObject<HTMLElement | null>,
  row: number | null,
): RefObject<boolean> {
  const wanted = useRef(false);
  const had = focusedIn(frame.current) !== null;
  useLayoutEffect(() => {
    const box = frame.current;
    const grid = box?.querySelector<HTMLElement>("[role=treegrid]");
    const active = focusedIn(box);
    const lost = had && active === null;
    // Who has gone elsewhere by now is left there.
    if (!lost && !grid?.contains(active) && !isFocusNowhere()) wanted.current = false;
    if (!box || !(wanted.current || lost || (grid && active === grid))) return;
    const line = row === null ? null : grid?.querySelector<HTMLElement>(`[data-index="${row}"]`);
    if (line) {
      wanted.current = false;
      line.focus({ preventScroll: true });
    } else if (active === null) {
      (grid ?? box.querySelector("input"))?.focus({ preventScroll: true });
    }
  });
  return wanted;
}

/** Returns the element in a box that has the focus. */
function focusedIn(box: HTMLElement | null): Element | null {
  const root = box?.getRootNode() as Document | ShadowRoot | undefined;
  const active = root?.activeElement ?? null;
  return box?.contains(active) ? active : null;
}

/** Whether what had the focus has gone from the page. */
export function isFocusNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
