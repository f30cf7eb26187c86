import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Channel } from "../state/channel";
import { Session } from "../state/session";
import {
  delta,
  FakeTransport,
  points,
  row,
  snapshot,
  summary,
  tree,
} from "../testing/fake-transport";
import { mountView } from "./mount";

let transport: FakeTransport;
let session: Session;
let channel: Channel;
let place: HTMLElement;
let remove: () => void;

beforeEach(async () => {
  const experiment = { name: "digits", run_counts: { Completed: 2 } };
  transport = new FakeTransport(summary({ run: null, experiment }));
  session = new Session(transport, null);
  channel = session.open(null);
  place = document.createElement("div");
  document.body.append(place);
  await act(() => {
    remove = mountView(session, channel, place);
  });
  const rows = tree([
    row({ run_id: "a", display_name: "rate 0.1" }),
    row({ run_id: "b", display_name: "rate 0.01" }),
  ]);
  await act(() => transport.receive(snapshot({ run: null, experiment, ...rows })));
});

afterEach(async () => {
  await act(() => remove());
  session.close();
  place.remove();
});

const click = (selector: string) => act(() => place.querySelector<HTMLElement>(selector)?.click());
const compareButton = ".rw-selection [aria-pressed]";
const charts = () => place.querySelector('section[aria-label="Compared runs"]');

test("runs that are compared are drawn below the table, until they are not", async () => {
  expect(charts()).toBeNull();
  await click('[aria-label="Select rate 0.1"]');
  await click('[aria-label="Select rate 0.01"]');
  await click(compareButton);
  expect(transport.of("look").at(-1)?.look).toMatchObject({ charts: true, compare: ["a", "b"] });
  const losses = ["a", "b"].map((run_id) => points("loss", [0, 1], [0.5, 0.25], { run_id }));
  await act(() => transport.receive(delta(2, { points: losses })));
  const names = [...(charts()?.querySelectorAll(".rw-lines li") ?? [])].map(
    (one) => one.textContent,
  );
  expect(names).toEqual(["rate 0.1 0.25", "rate 0.01 0.25"]);
  await click(".rw-compared button");
  expect(charts()).toBeNull();
  expect(transport.of("look").at(-1)?.look).toMatchObject({ charts: false, compare: [] });
});
