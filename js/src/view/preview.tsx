import { useEffect, useState } from "preact/hooks";
import type { Session } from "../state/session";
import { strings } from "../strings";
import { bytes } from "./format";
import { Cross } from "./icons";

const MOST_TEXT_BYTES = 256_000;
const MOST_IMAGE_BYTES = 4_000_000;
const MOST_CSV_ROWS = 200;

const IMAGES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
  // In an <img> an SVG can neither run scripts nor load anything.
  svg: "image/svg+xml",
};

export function imageType(name: string): string | undefined {
  return IMAGES[name.split(".").at(-1)?.toLowerCase() ?? ""];
}

/** Reads a file that is small enough to be shown. */
export async function readWhole(
  session: Session,
  runId: string,
  name: string,
): Promise<Uint8Array> {
  const { data } = await session.ask<"file_read">({
    type: "read_file",
    run_id: runId,
    name,
    start_bytes: 0,
    limit_bytes: MOST_IMAGE_BYTES,
  });
  return data;
}

type Content =
  | { kind: "image"; url: string }
  | { kind: "table"; rows: string[][]; cut: boolean }
  | { kind: "text"; text: string; cut: boolean }
  | { kind: "none"; why: string };

interface Props {
  session: Session;
  runId: string;
  name: string;
  onClose: () => void;
}

/** What a file holds: an image, a table, or text. */
export function Preview({ session, runId, name, onClose }: Props) {
  const [content, setContent] = useState<Content | null>(null);
  useEffect(() => {
    let gone = false;
    let url = "";
    setContent(null);
    read(session, runId, name).then(
      (found) => {
        if (found.kind === "image") url = found.url;
        if (gone && url) URL.revokeObjectURL(url);
        if (!gone) setContent(found);
      },
      (error: Error) => !gone && setContent({ kind: "none", why: error.message }),
    );
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [session, runId, name]);
  return (
    <section class="rw-preview" aria-label={strings.preview(name)}>
      <header>
        <strong class="rw-ellipsis">{name}</strong>
        <button
          type="button"
          class="rw-icon-button"
          aria-label={strings.closePreview}
          onClick={onClose}
        >
          <Cross />
        </button>
      </header>
      {content ? (
        <Shown content={content} name={name} />
      ) : (
        <p class="rw-muted">{strings.loading}</p>
      )}
    </section>
  );
}

function Shown({ content, name }: { content: Content; name: string }) {
  if (content.kind === "image") return <img class="rw-image" src={content.url} alt={name} />;
  if (content.kind === "none") return <p class="rw-muted">{content.why}</p>;
  return (
    <>
      {content.kind === "table" ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div class="rw-table-frame" tabIndex={0}>
          <table aria-label={name}>
            <thead>
              <tr>
                {content.rows[0]?.map((cell, i) => (
                  <th key={i} scope="col">
                    {cell}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {content.rows.slice(1).map((row, i) => (
                <tr key={i}>
                  {row.map((cell, j) => (
                    <td key={j}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre class="rw-text" tabIndex={0}>
          {content.text}
        </pre>
      )}
      {content.cut && <p class="rw-muted">{strings.previewCut(bytes(MOST_TEXT_BYTES))}</p>}
    </>
  );
}

async function read(session: Session, runId: string, name: string): Promise<Content> {
  const type = imageType(name);
  const { data, size_bytes } = await session.ask<"file_read">({
    type: "read_file",
    run_id: runId,
    name,
    start_bytes: 0,
    limit_bytes: type ? MOST_IMAGE_BYTES : MOST_TEXT_BYTES,
  });
  const cut = size_bytes > data.length;
  if (type) {
    if (cut) return { kind: "none", why: strings.noPreview };
    return { kind: "image", url: URL.createObjectURL(new Blob([data as BlobPart], { type })) };
  }
  if (data.includes(0)) return { kind: "none", why: strings.noPreview };
  const text = new TextDecoder().decode(data);
  if (/\.[ct]sv$/i.test(name)) {
    const rows = separated(text, /\.tsv$/i.test(name) ? "\t" : ",");
    return {
      kind: "table",
      rows: rows.slice(0, MOST_CSV_ROWS),
      cut: cut || rows.length > MOST_CSV_ROWS,
    };
  }
  return { kind: "text", text: cut ? text : indented(name, text), cut };
}

function indented(name: string, text: string): string {
  if (!/\.json$/i.test(name)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Returns the cells of a CSV file; a quoted cell may hold separators and line ends. */
export function separated(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  for (let i = 0; i < text.length && rows.length <= MOST_CSV_ROWS; i++) {
    const letter = text[i] as string;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === separator) endCell();
    else if (letter === "\n") {
      endCell();
      rows.push(row);
      row = [];
    } else if (letter !== "\r") cell += letter;
  }
  if (cell || row.length) {
    endCell();
    rows.push(row);
  }
  return rows;
}
