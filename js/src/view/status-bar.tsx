import { toneOf } from "../state/status";
import { count as number } from "../strings";
import { StatusIcon } from "./icons";

const ORDER = ["Completed", "Running", "Finalizing", "Failed", "CancelRequested", "Canceled"];

interface CountsProps {
  counts: Record<string, number>;
  label: string;
}

/** How many runs are in which status: a bar, and the numbers in words. */
export function StatusBar({ counts, label }: CountsProps) {
  const entries = sorted(counts);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  return (
    <div class="rw-counts">
      <div class="rw-bar" aria-hidden="true">
        {entries.map(([status, count]) => (
          <span
            key={status}
            class={`rw-tone-${toneOf(status)}`}
            style={{ flexGrow: count }}
            title={`${status}: ${count}`}
          />
        ))}
      </div>
      <StatusCounts counts={counts} label={label} />
    </div>
  );
}

export function StatusCounts({ counts, label }: CountsProps) {
  return (
    <ul class="rw-legend" aria-label={label}>
      {sorted(counts).map(([status, count]) => (
        <li key={status} class={`rw-tone-${toneOf(status)}`}>
          <StatusIcon tone={toneOf(status)} />
          <span class="rw-plain">
            {number(count)} {status}
          </span>
        </li>
      ))}
    </ul>
  );
}

function sorted(counts: Record<string, number>): [string, number][] {
  const place = (status: string) => (ORDER.indexOf(status) + ORDER.length + 1) % (ORDER.length + 1);
  return Object.entries(counts).sort(([a], [b]) => place(a) - place(b));
}
