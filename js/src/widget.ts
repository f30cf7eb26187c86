// Entry of the anywidget bundle. Called once for each model, which may have any number of views.

import type { AnyWidget } from "@anywidget/types";
import type { Channel } from "./state/channel";
import { Session } from "./state/session";
import { commTransport, type WidgetTraits } from "./transport/comm";
import { serverRoute } from "./transport/server";
import { mountView } from "./view/mount";
import "./view/styles/index.css";

const widget: AnyWidget<WidgetTraits> = () => {
  let made: { session: Session; channel: Channel } | undefined;
  return {
    initialize({ model }) {
      const session = new Session(commTransport(model), serverRoute());
      made = { session, channel: session.open(null) };
      return () => session.close();
    },
    render({ el }) {
      if (made) return mountView(made.session, made.channel, el);
    },
  };
};

export default widget;
