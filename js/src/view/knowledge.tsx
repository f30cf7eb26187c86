import type { Channel } from "../state/channel";
import { strings } from "../strings";
import { useNow } from "./clock";
import { clockTime } from "./format";

/** What stands in the way of knowing more, and since when: the record, or a kernel that is silent. */
export function Knowledge({ channel }: { channel: Channel }) {
  const trouble = channel.trouble.value;
  const stale = channel.staleSince.value;
  const now = useNow(channel, stale !== null);
  if (trouble === null && stale === null) return null;
  return (
    <p class="rw-notice rw-knowledge" role="note">
      {trouble ?? strings.lastKnown(clockTime(stale ?? 0, now))}
    </p>
  );
}
