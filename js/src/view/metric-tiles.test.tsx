import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import { Session } from "../state/session";
import { FakeTransport, points, snapshot } from "../testing/fake-transport";
import { MetricTiles } from "./metric-tiles";

test("metrics that have no tile are counted, and there is a way to them", async () => {
  const transport = new FakeTransport();
  const session = new Session(transport, null);
  const channel = session.open(null);
  const unmount = channel.mount();
  const place = document.createElement("div");
  const onMore = vi.fn();
  const draw = () =>
    render(<MetricTiles session={session} channel={channel} onMore={onMore} />, place);
  const six = ["a", "b", "c", "d", "e", "f"].map((name) => points(name, [0], [1]));

  transport.receive(snapshot({ points: six }));
  await act(draw);
  expect(place.querySelectorAll(".rw-tile")).toHaveLength(6);
  expect(place.querySelector("button")).toBeNull();

  const nine = [...six, ...["g", "h", "i"].map((name) => points(name, [0], [1]))];
  await act(() => transport.receive(snapshot({ points: nine })));
  expect(place.querySelectorAll(".rw-tile")).toHaveLength(6);
  expect(place.querySelector("button")?.textContent).toBe("+3 more");
  place.querySelector("button")?.click();
  expect(onMore).toHaveBeenCalledOnce();

  await act(() => render(null, place));
  unmount();
  session.close();
});
