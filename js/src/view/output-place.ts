// What the notebook extension notes at the outputs that it draws, for the widgets in them.

import { NOTHING_SET, type Preferences } from "../state/session";

export const OUTPUT_CLASS = "rw-output";

export function notePreferences(node: HTMLElement, preferences: Preferences): void {
  const { defaultTab, graceSeconds, refreshMs } = preferences;
  node.dataset.rwPreferences = JSON.stringify({ defaultTab, graceSeconds, refreshMs });
}

/** Returns the output of the extension around an element, if there is one. */
export function outputAround(el: HTMLElement): HTMLElement | null {
  return el.closest<HTMLElement>(`.${OUTPUT_CLASS}`);
}

export function notedPreferences(node: HTMLElement | null | undefined): Preferences {
  const noted = JSON.parse(node?.dataset.rwPreferences ?? "{}") as Partial<Preferences>;
  return { ...NOTHING_SET, ...noted };
}
