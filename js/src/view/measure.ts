import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

const FIRST_GUESS_PX = 640;

/** Returns the width of an element in pixels, anew when it changes. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(FIRST_GUESS_PX);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    const measure = () => {
      const found = Math.floor(box.clientWidth);
      if (found > 0) setWidth(found);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
