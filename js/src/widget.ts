// Entry of the anywidget bundle. Called once for each model, which may have any number of views.

import type { AnyWidget } from "@anywidget/types";
import type { Channel } from "./state/channel";
import { Session } from "./state/session";
import { commTransport, type WidgetTraits } from "./transport/comm";
import { feedUrl, pageServer } from "./transport/page";
import { sharedSocket } from "./transport/page-socket";
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
      const end = new AbortController();
      const throughServer = () => {
        if (!server) return null;
        const socket = sharedSocket(() => feedUrl(server), end.signal);
        return new ServerCarrier(socket, () => subjectOf(session));
      };
      const session = new Session(commTransport(model), server && serverRoute(server), {
        spare: throughServer,
        steady: () => places.size > 0 && [...places].every(outputAround),
        preferences: () => notedPreferences([...places].map(outputAround).find(Boolean)),
      });
      made = { session, channel: session.open(null) };
      return () => {
        session.close();
        end.abort();
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

function subjectOf(session: Session) {
  const { workspace_id, run, experiment } = session.summary.value;
  return {
    workspace_id,
    run_id: run?.run_id ?? null,
    experiment: experiment?.name ?? null,
  };
}

export default widget;
