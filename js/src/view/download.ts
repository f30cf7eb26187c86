import type { Session } from "../state/session";

const PIECE_BYTES = 2_000_000;

/** Has the browser save a file. */
export function saveFile(name: string, parts: readonly Uint8Array[]): void {
  const address = URL.createObjectURL(new Blob([...parts] as BlobPart[]));
  const link = document.createElement("a");
  link.href = address;
  link.download = name.split("/").at(-1) ?? name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Reads one of a run's files piece by piece, and has the browser save it. */
export async function downloadFile(session: Session, runId: string, name: string): Promise<void> {
  const parts: Uint8Array[] = [];
  let read = 0;
  let size = Number.POSITIVE_INFINITY;
  while (read < size) {
    const piece = await session.ask<"file_read">({
      type: "read_file",
      run_id: runId,
      name,
      start_bytes: read,
      limit_bytes: PIECE_BYTES,
    });
    size = piece.size_bytes;
    if (piece.data.length === 0) break;
    parts.push(piece.data);
    read += piece.data.length;
  }
  saveFile(name, parts);
}
