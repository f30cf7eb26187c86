// Entry of the anywidget bundle. Called once for each model, which may have any number of views.

import type { AnyWidget } from "@anywidget/types";
import { Session } from "./state/session";
import { commTransport, type WidgetTraits } from "./transport/comm";
import { serverRoute } from "./transport/server";
import { mountRun } from "./view/run";
import "./view/styles/index.css";

const widget: AnyWidget<WidgetTraits> = () => {
  let session: Session | undefined;
  return {
    initialize({ model }) {
      const made = new Session(commTransport(model), serverRoute());
      session = made;
      return () => made.close();
    },
    render({ el }) {
      if (session) return mountRun(session, el);
    },
  };
};

export default widget;
