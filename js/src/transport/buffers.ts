import type { Delta, FileRead, Numbers } from "../messages";

/** What stands in the JSON for a binary buffer. */
interface BufferSign {
  $buffer: number;
}

/** Puts each buffer where a sign stands for it: in points and in a file, and nowhere else. */
export function withBuffers(content: unknown, buffers: DataView[]): unknown {
  return withBytes(content, (sign) => {
    const buffer = buffers[(sign as BufferSign | undefined)?.$buffer ?? -1];
    if (!buffer) return new Uint8Array();
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  });
}

/** Puts bytes where base64 stands for them, as in what a notebook keeps. */
export function withBase64(content: unknown): unknown {
  return withBytes(content, (text) =>
    typeof text === "string"
      ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
      : new Uint8Array(),
  );
}

function withBytes(content: unknown, bytes: (sign: unknown) => Uint8Array): unknown {
  const { points, data } = content as Partial<Pick<Delta, "points"> & Pick<FileRead, "data">>;
  const numbers = (one: Numbers): Numbers => ({ ...one, data: bytes(one.data) });
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
  return data ? { ...(content as object), data: bytes(data) } : content;
}
