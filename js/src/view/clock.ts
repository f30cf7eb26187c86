import { useEffect, useState } from "preact/hooks";
import type { Session } from "../state/session";

/** Returns the record's time, anew each second while `ticking`. */
export function useNow(session: Session, ticking: boolean): number {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => draw((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return session.now();
}
