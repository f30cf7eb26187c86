import { useEffect, useState } from "preact/hooks";

/** Who knows the record's time. */
interface Clock {
  now(): number;
}

/** Returns the record's time, anew each second while `ticking`. */
export function useNow(clock: Clock, ticking: boolean): number {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => draw((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return clock.now();
}
