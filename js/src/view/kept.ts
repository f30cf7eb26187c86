import { useState } from "preact/hooks";
import type { Session } from "../state/session";

/** State that a view hands on to the next one of the same widget: a notebook draws an output anew
 * when the kernel brings it up to date, and the person is to find all as she left it. */
export function useKept<T>(
  session: Session,
  name: string,
  initial: () => T,
): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    if (!session.kept.has(name)) session.kept.set(name, initial());
    return session.kept.get(name) as T;
  });
  const change = (next: T) => {
    session.kept.set(name, next);
    setValue(() => next);
  };
  return [value, change];
}
