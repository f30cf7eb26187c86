import type { RunHead } from "../messages";
import type { Session } from "../state/session";
import type { Subject } from "../transport/server";

/** Bubbles up to the document, where an application that has a place for runs may hear it. */
export const ASK_TO_OPEN = "runwatch-open";

/** Asks whoever is around the view to show a run in a place of its own. */
export function askToOpen(event: Event, session: Session, run: RunHead): void {
  const from = event.target;
  // Two clicks on a button are two clicks.
  if (!(from instanceof Element) || from.closest("button, input, textarea")) return;
  const detail: Subject = {
    workspace_id: session.summary.value.workspace_id,
    run_id: run.run_id,
    experiment: run.experiment,
  };
  from.dispatchEvent(new CustomEvent(ASK_TO_OPEN, { bubbles: true, composed: true, detail }));
}
