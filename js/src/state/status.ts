// The statuses of a run, as the SDK spells them, and what they mean to a view.

export type Tone = "live" | "good" | "bad" | "stopped" | "waiting" | "unsure";

const TONES: Record<string, Tone> = {
  NotStarted: "waiting",
  Queued: "waiting",
  Preparing: "waiting",
  Provisioning: "waiting",
  Starting: "waiting",
  Unapproved: "waiting",
  Pausing: "waiting",
  Paused: "waiting",
  Running: "live",
  Finalizing: "live",
  CancelRequested: "stopped",
  Canceled: "stopped",
  Completed: "good",
  Failed: "bad",
  NotResponding: "unsure",
};

const TERMINAL = new Set(["Completed", "Failed", "Canceled"]);

export const isLive = (status: string): boolean => !TERMINAL.has(status);
export const toneOf = (status: string): Tone => TONES[status] ?? "unsure";
