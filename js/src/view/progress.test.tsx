import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, test } from "vitest";
import type { Channel } from "../state/channel";
import { ProgressBar } from "./progress";

test("the time that is left runs down, and is not said once it has run out", async () => {
  const said = async (nowMs: number) => {
    const place = document.createElement("div");
    const channel = { now: () => nowMs } as Channel;
    const progress = { done: 1, total: 4, label: null, updated_ms: 1_000, left_ms: 60_000 };
    await act(() => render(<ProgressBar channel={channel} progress={progress} />, place));
    const text = place.querySelector(".rw-number")?.textContent;
    await act(() => render(null, place));
    return text;
  };
  expect(await said(31_000)).toBe("1/4 · 25 % · about 30 s left");
  expect(await said(3_600_000)).toBe("1/4 · 25 %");
});
