import { type ComponentChild, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach } from "vitest";
import type { Channel } from "../state/channel";
import { Session } from "../state/session";
import { FakeTransport } from "./fake-transport";

/** What a part of the view is drawn with. */
export interface Part {
  transport: FakeTransport;
  session: Session;
  channel: Channel;
  place: HTMLElement;
  draw: (part: ComponentChild) => Promise<void>;
}

/** Returns what the tests of one part of the view draw it with: in each test it is new. */
export function partOfView(): Part {
  const part = {} as Part;
  let unmount: () => void;

  beforeEach(() => {
    part.transport = new FakeTransport();
    part.session = new Session(part.transport, null);
    part.channel = part.session.open(null);
    unmount = part.channel.mount();
    part.place = document.createElement("div");
    document.body.append(part.place);
    part.draw = async (drawn) => {
      await act(() => render(drawn, part.place));
    };
  });

  afterEach(async () => {
    await part.draw(null);
    part.place.remove();
    unmount();
    part.session.close();
  });

  return part;
}
