import type { Ack, Command, Refusal, Request, Summary, Update } from "../messages";

/** What carries requests to the record, and updates from it. */
export interface Carrier {
  send(request: Request): void;
  onUpdate(listener: (update: Update) => void, signal: AbortSignal): void;
  /** Tells when the other side has forgotten the channels, so that they must be opened again. */
  onRenewed?(listener: () => void, signal: AbortSignal): void;
  /** Whether the other side stays when the view goes, so that it must be told. */
  readonly lasting?: boolean;
  /** Nothing comes: look whether the other side is still there. */
  doubt?(): void;
}

/** A carrier with the small state of what a view was made for. */
export interface Transport extends Carrier {
  /** The small state of what is shown, as it was synced last. */
  summary(): Summary;
  /** Whether the view begins as one line. */
  compact(): boolean;
  onSummary(listener: (summary: Summary) => void, signal: AbortSignal): void;
}

/** A second way for commands, for when the first one does not answer. */
export type CommandRoute = (
  workspaceId: string,
  command: Command,
  signal: AbortSignal,
) => Promise<Ack | Refusal>;
