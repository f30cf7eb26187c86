import type { Ack, Command, Refusal, Request, Summary, Update } from "../messages";

/** What carries messages between a view and the record. */
export interface Transport {
  /** The small state of what is shown, as it was synced last. */
  summary(): Summary;
  /** Whether the view begins as one line. */
  compact(): boolean;
  send(request: Request): void;
  onUpdate(listener: (update: Update) => void, signal: AbortSignal): void;
  onSummary(listener: (summary: Summary) => void, signal: AbortSignal): void;
}

/** A second way for commands, for when the first one does not answer. */
export type CommandRoute = (
  workspaceId: string,
  command: Command,
  signal: AbortSignal,
) => Promise<Ack | Refusal>;
