import type { Progress } from "../messages";
import type { Channel } from "../state/channel";
import { strings } from "../strings";
import { useNow } from "./clock";
import { duration, metric } from "./format";

/** How far the run has come, and how long it will still take. */
export function ProgressBar({ channel, progress }: { channel: Channel; progress: Progress }) {
  const now = useNow(channel, true);
  const { done, total, label, left_ms, updated_ms } = progress;
  const share = Math.min(1, Math.max(0, done / total));
  const percent = Math.floor(share * 100);
  const left = share < 1 && left_ms !== null ? left_ms - (now - updated_ms) : 0;
  return (
    <div class="rw-progress">
      <div
        class="rw-progress-bar"
        role="progressbar"
        aria-label={label ?? strings.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <span class="rw-number">
        {label && <span class="rw-muted">{label} </span>}
        {metric(done)}/{metric(total)} · {percent} %
        {left > 0 && <span class="rw-muted"> · {strings.left(duration(left))}</span>}
      </span>
    </div>
  );
}
