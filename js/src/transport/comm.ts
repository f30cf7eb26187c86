// The first carrier: the widget's comm to the kernel.

import type { AnyModel } from "@anywidget/types";
import type { Delta, FileRead, Numbers, Summary, Update } from "../messages";
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

/** Puts each buffer where a sign stands for it: in points and in a file, and nowhere else. */
export function withBuffers(content: unknown, buffers: DataView[]): unknown {
  const { points, data } = content as Partial<Pick<Delta, "points"> & Pick<FileRead, "data">>;
  const numbers = (one: Numbers): Numbers => ({ ...one, data: bytes(one.data, buffers) });
  if (points) {
    return {
      ...(content as object),
      points: points.map((one) => ({
        ...one,
        steps: numbers(one.steps),
        times: numbers(one.times),
        values: numbers(one.values),
      })),
    };
  }
  return data ? { ...(content as object), data: bytes(data, buffers) } : content;
}

function bytes(sign: unknown, buffers: DataView[]): Uint8Array {
  const buffer = buffers[(sign as BufferSign | undefined)?.$buffer ?? -1];
  if (!buffer) return new Uint8Array();
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
