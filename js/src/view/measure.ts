import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

const FIRST_GUESS_PX = 640;

/** Returns the width of an element in pixels, anew when it changes. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  return useExtent(element, (box) => box.clientWidth) || FIRST_GUESS_PX;
}

/** Returns the height of an element in pixels, anew when it changes; 0 until it is on the page. */
export function useHeight(element: RefObject<HTMLElement | null>): number {
  return useExtent(element, (box) => box.clientHeight);
}

function useExtent(
  element: RefObject<HTMLElement | null>,
  read: (box: HTMLElement) => number,
): number {
  const [extent, setExtent] = useState(0);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    // An element that is hidden keeps the extent that it had.
    const measure = () => setExtent((before) => Math.floor(read(box)) || before);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [element]);
  return extent;
}
