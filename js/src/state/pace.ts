// Hands updates on no more often than a person wants views to change.

import type { Update } from "../messages";

/**
 * Returns what takes updates and hands them on in their order: deltas together, once in `paceMs`
 * at the most, and at once what answers something.
 */
export function paced(
  handOn: (update: Update) => void,
  paceMs: () => number,
  signal: AbortSignal,
): (update: Update) => void {
  let waiting: Update[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const handOnAll = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const update of waiting.splice(0)) handOn(update);
  };
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    waiting = [];
  });
  return (update) => {
    waiting.push(update);
    const pace = update.type === "delta" ? paceMs() : 0;
    if (pace > 0) timer ??= setTimeout(handOnAll, pace);
    else handOnAll();
  };
}
