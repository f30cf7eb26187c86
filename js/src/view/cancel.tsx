import { useEffect, useRef, useState } from "preact/hooks";
import type { RunHead, TreeRow } from "../messages";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { strings } from "../strings";
import { useNow } from "./clock";
import { duration } from "./format";

export interface CancelNames {
  ask: string;
  confirm: string;
  keep: string;
}

interface Props {
  names: CancelNames;
  requested: boolean;
  onCancel: () => void;
  /** What the button shows; its name when left out. */
  face?: preact.ComponentChildren;
  quiet?: boolean;
  /** -1 keeps the button out of the way of Tab. */
  tabIndex?: number;
}

/** A button that asks once more before it acts. */
export function CancelButton({ names, requested, onCancel, face, quiet, tabIndex }: Props) {
  const [asking, setAsking] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  const ask = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);

  useEffect(() => {
    if (asking) keep.current?.focus();
    else if (wasAsking.current) ask.current?.focus();
    wasAsking.current = asking;
  }, [asking]);

  if (!asking || requested) {
    return (
      <button
        ref={ask}
        type="button"
        class={quiet ? "rw-button rw-quiet" : "rw-button"}
        aria-label={names.ask}
        title={names.ask}
        tabIndex={tabIndex}
        disabled={requested}
        onClick={() => setAsking(true)}
      >
        {face ?? names.ask}
      </button>
    );
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape comes up from both buttons
    <span
      class="rw-confirm"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        setAsking(false);
      }}
    >
      <button
        type="button"
        class="rw-button rw-danger"
        aria-label={names.confirm}
        tabIndex={tabIndex}
        onClick={() => {
          setAsking(false);
          onCancel();
        }}
      >
        {strings.confirmCancel}
      </button>
      <button
        ref={keep}
        type="button"
        class="rw-button"
        aria-label={names.keep}
        tabIndex={tabIndex}
        onClick={() => setAsking(false)}
      >
        {strings.keepRunning}
      </button>
    </span>
  );
}

const RUN_NAMES: CancelNames = {
  ask: strings.cancelRun,
  confirm: strings.confirmCancel,
  keep: strings.keepRunning,
};

interface CancelProps {
  session: Session;
  channel: Channel;
  run: RunHead;
}

/** The watched run's cancel button; says what a cancellation is waiting for. */
export function CancelRun({ session, channel, run }: CancelProps) {
  const requested = run.status === "CancelRequested";
  const now = useNow(channel, requested);
  if (!isLive(run.status)) return null;
  const told = waiting(run, now);
  return (
    <span class="rw-cancel">
      {told && <span class="rw-muted rw-number">{told}</span>}
      <CancelButton
        names={RUN_NAMES}
        requested={requested}
        onCancel={() => session.commands.give({ type: "cancel", run_ids: [run.run_id] })}
      />
    </span>
  );
}

/** What a cancellation is waiting for; null if there is none. */
export function waiting(run: RunHead | TreeRow, now: number): string | null {
  if (run.status !== "CancelRequested" || run.cancel_requested_ms === null) return null;
  const asked = strings.askedToStop(duration(now - run.cancel_requested_ms));
  if (run.cancel_forced_ms === null) return asked;
  const left = run.cancel_forced_ms - now;
  return `${asked}, ${left > 0 ? strings.forcedIn(duration(left + 999)) : strings.forced}`;
}
