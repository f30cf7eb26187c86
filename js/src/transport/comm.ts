// The first carrier: the widget's comm to the kernel.

import type { AnyModel } from "@anywidget/types";
import type { Summary, Update } from "../messages";
import { withBuffers } from "./buffers";
import type { Transport } from "./transport";

export interface WidgetTraits {
  summary: Summary;
  compact: boolean;
}

export function commTransport(model: AnyModel<WidgetTraits>): Transport {
  return {
    summary: () => model.get("summary"),
    compact: () => model.get("compact"),
    send(request) {
      try {
        model.send(request);
      } catch (error) {
        // A closed comm: the kernel is gone. The view goes on by its second way.
        console.warn("runwatch: the kernel can't be reached", error);
      }
    },
    onUpdate(listener, signal) {
      const receive = (content: unknown, buffers: DataView[]) =>
        listener(withBuffers(content, buffers ?? []) as Update);
      model.on("msg:custom", receive);
      signal.addEventListener("abort", () => model.off("msg:custom", receive));
    },
    onSummary(listener, signal) {
      const receive = () => listener(model.get("summary"));
      model.on("change:summary", receive);
      signal.addEventListener("abort", () => model.off("change:summary", receive));
    },
  };
}
