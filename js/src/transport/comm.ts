// The first carrier: the widget's comm to the kernel.

import type { AnyModel } from "@anywidget/types";
import type { Summary, Update } from "../messages";
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
        // A closed comm: the kernel is gone. Commands go on by their second way.
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

/** Puts each buffer where `{"$buffer": i}` stands for it. */
export function withBuffers(value: unknown, buffers: DataView[]): unknown {
  if (Array.isArray(value)) return value.map((inner) => withBuffers(inner, buffers));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only?.[0] === "$buffer") return float64(buffers[only[1] as number]);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withBuffers(inner, buffers)]));
}

function float64(buffer: DataView | undefined): Float64Array {
  if (!buffer) return new Float64Array();
  const numbers = new Float64Array(Math.floor(buffer.byteLength / 8));
  // By hand, as a buffer need not be aligned to 8 bytes.
  for (let i = 0; i < numbers.length; i++) numbers[i] = buffer.getFloat64(8 * i, true);
  return numbers;
}
