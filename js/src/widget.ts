// Entry of the anywidget bundle. Called once for each model, which may have any number of views.

import type { AnyWidget } from "@anywidget/types";
import type { Channel } from "./state/channel";
import { Session } from "./state/session";
import { commTransport, type WidgetTraits } from "./transport/comm";
import { FeedSocket } from "./transport/feed-socket";
import { feedUrl, type PageServer, pageServer } from "./transport/page";
import { ServerCarrier, serverRoute } from "./transport/server";
import { mountView } from "./view/mount";
import { notedPreferences, outputAround } from "./view/output-place";
import "./view/styles/index.css";

const widget: AnyWidget<WidgetTraits> = () => {
  let made: { session: Session; channel: Channel } | undefined;
  const places = new Set<HTMLElement>();
  return {
    initialize({ model }) {
      const server = pageServer();
      const way = server && new WayThroughServer(server);
      const session = new Session(commTransport(model), server && serverRoute(server), {
        spare: () => way?.carrier(() => subjectOf(session)) ?? null,
        steady: () => places.size > 0 && [...places].every(outputAround),
        preferences: () => notedPreferences([...places].map(outputAround).find(Boolean)),
      });
      made = { session, channel: session.open(null) };
      return () => {
        session.close();
        way?.close();
      };
    },
    render({ el }) {
      if (!made) return;
      const unmount = mountView(made.session, made.channel, el);
      places.add(el);
      return () => {
        places.delete(el);
        unmount();
      };
    },
  };
};

/** The widget's own connection to the server, opened when the kernel is first found silent. */
class WayThroughServer {
  private socket: FeedSocket | undefined;

  constructor(private readonly server: PageServer) {}

  carrier(subject: ConstructorParameters<typeof ServerCarrier>[1]): ServerCarrier {
    this.socket = new FeedSocket(() => feedUrl(this.server));
    return new ServerCarrier(this.socket, subject);
  }

  close(): void {
    this.socket?.close();
  }
}

function subjectOf(session: Session) {
  const { workspace_id, run, experiment } = session.summary.value;
  return {
    workspace_id,
    run_id: run?.run_id ?? null,
    experiment: experiment?.name ?? null,
  };
}

export default widget;
