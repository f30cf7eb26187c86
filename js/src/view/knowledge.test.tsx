import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";
import type { Channel } from "../state/channel";
import { Knowledge } from "./knowledge";

afterEach(() => vi.useRealTimers());

test("the last known state has its date once that is not today's, though nothing else comes", async () => {
  vi.useFakeTimers();
  const staleMs = new Date(2026, 5, 5, 14, 3, 9).getTime();
  let nowMs = staleMs + 1_000;
  const channel = { trouble: signal(null), staleSince: signal(staleMs), now: () => nowMs };
  const place = document.createElement("div");
  await act(() => render(<Knowledge channel={channel as unknown as Channel} />, place));
  expect(place.textContent).toMatch(/^Last known state, 2:03:09\sPM$/);
  nowMs += 24 * 3_600_000;
  await act(() => {
    vi.advanceTimersByTime(1_000);
  });
  expect(place.textContent).toMatch(/^Last known state, Jun 5, 2:03:09\sPM$/);
  await act(() => render(null, place));
});
