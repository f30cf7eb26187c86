// The page's one connection to a Jupyter server, for the extension and all widgets.
//
// Each widget is loaded as a module of its own, so that what they share hangs on the page.

import { version } from "../../package.json";
import { FeedSocket } from "./feed-socket";

interface Shared {
  socket: FeedSocket;
  users: number;
}

/** With the version: a kernel's widget may be of another one than the server's extension. */
const KEY = Symbol.for(`runwatch ${version}: connections`);

function connections(): Map<string, Shared> {
  const page = globalThis as { [KEY]?: Map<string, Shared> };
  page[KEY] ??= new Map();
  return page[KEY];
}

/** Returns the page's connection to an address; it is closed when it has no user any more. */
export function sharedSocket(url: () => string, signal?: AbortSignal): FeedSocket {
  const { origin, pathname } = new URL(url());
  const address = origin + pathname; // without the token
  const all = connections();
  const shared = all.get(address) ?? { socket: new FeedSocket(url), users: 0 };
  all.set(address, shared);
  shared.users += 1;
  signal?.addEventListener("abort", () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    all.delete(address);
    shared.socket.close();
  });
  return shared.socket;
}
