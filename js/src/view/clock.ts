import { useEffect, useState } from "preact/hooks";
import type { Channel } from "../state/channel";

/** Returns the record's time, anew each second while `ticking`. */
export function useNow(channel: Channel, ticking: boolean): number {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => draw((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return channel.now();
}
