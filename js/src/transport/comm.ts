// The first carrier: the widget's comm to the kernel.

import type { AnyModel } from "@anywidget/types";
import type { Delta, Summary, Update } from "../messages";
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

/** What stands in the JSON for a binary buffer. */
interface BufferSign {
  $buffer: number;
}

/** Puts each buffer where a sign stands for it: in the points, and nowhere else. */
export function withBuffers(content: unknown, buffers: DataView[]): unknown {
  const points = (content as Partial<Delta>).points;
  if (!points) return content;
  const numbers = (sign: unknown) => float64(buffers[(sign as BufferSign).$buffer]);
  return {
    ...(content as object),
    points: points.map((one) => ({
      ...one,
      steps: numbers(one.steps),
      values: numbers(one.values),
    })),
  };
}

function float64(buffer: DataView | undefined): Float64Array {
  if (!buffer) return new Float64Array();
  const numbers = new Float64Array(Math.floor(buffer.byteLength / 8));
  // By hand, as a buffer need not be aligned to 8 bytes.
  for (let i = 0; i < numbers.length; i++) numbers[i] = buffer.getFloat64(8 * i, true);
  return numbers;
}
