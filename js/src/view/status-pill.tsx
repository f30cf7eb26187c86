import { toneOf } from "../state/status";
import { StatusIcon } from "./icons";

/** The watched run's status: its text is the status word as the SDK spells it. */
export function StatusPill({ status }: { status: string }) {
  const tone = toneOf(status);
  return (
    <span class={`rw-pill rw-tone-${tone}`} role="status">
      <StatusIcon tone={tone} />
      {status}
    </span>
  );
}

interface WordProps {
  status: string;
  /** What there is to say of it. */
  reason?: string;
}

/** The same for a row of the tree, which is no live region. */
export function StatusWord({ status, reason }: WordProps) {
  const tone = toneOf(status);
  return (
    <span class={`rw-status rw-tone-${tone}`} title={reason}>
      <StatusIcon tone={tone} />
      {status}
      {reason && <span class="rw-hidden">: {reason}</span>}
    </span>
  );
}
