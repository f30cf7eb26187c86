import { useEffect, useState } from "preact/hooks";
import type { Session } from "../state/session";
import { count, strings } from "../strings";
import { bytes } from "./format";
import { Cross } from "./icons";

const MOST_TEXT_BYTES = 256_000;
const MOST_WHOLE_BYTES = 4_000_000;
/** Without the headings. */
const MOST_CSV_ROWS = 200;

const IMAGES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
  svg: "image/svg+xml",
};

export function imageType(name: string): string | undefined {
  return IMAGES[name.split(".").at(-1)?.toLowerCase() ?? ""];
}

/** Makes the address of an image. In an <img> an SVG can run no scripts; opened in a tab of its own
 * it can, and a blob's would have the rights of the page. */
export function imageAddress(type: string, data: Uint8Array): string {
  return type === IMAGES.svg
    ? `data:${type},${encodeURIComponent(new TextDecoder().decode(data))}`
    : URL.createObjectURL(new Blob([data as BlobPart], { type }));
}

/** Reads a file that is small enough to be shown; for one that is not, the error says so. */
export async function readWhole(
  session: Session,
  runId: string,
  name: string,
): Promise<Uint8Array> {
  const { data, size_bytes } = await session.ask<"file_read">({
    type: "read_file",
    run_id: runId,
    name,
    start_bytes: 0,
    limit_bytes: MOST_WHOLE_BYTES,
  });
  if (size_bytes > data.length) {
    throw new Error(strings.tooLarge(bytes(size_bytes), bytes(MOST_WHOLE_BYTES)));
  }
  return data;
}

/** What is shown of a file; `cut` says how much of it, unless that is all. */
type Content =
  | { kind: "image"; url: string }
  | { kind: "table"; rows: string[][]; cut: string }
  | { kind: "text"; text: string; cut: string }
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
      {content.cut && <p class="rw-muted">{content.cut}</p>}
    </>
  );
}

async function read(session: Session, runId: string, name: string): Promise<Content> {
  const type = imageType(name);
  if (type) {
    const data = await readWhole(session, runId, name);
    return { kind: "image", url: imageAddress(type, data) };
  }
  const { data, size_bytes } = await session.ask<"file_read">({
    type: "read_file",
    run_id: runId,
    name,
    start_bytes: 0,
    limit_bytes: MOST_TEXT_BYTES,
  });
  if (data.includes(0)) return { kind: "none", why: strings.noPreview };
  const text = new TextDecoder().decode(data);
  const cut = size_bytes > data.length ? strings.previewCut(bytes(data.length)) : "";
  if (/\.[ct]sv$/i.test(name)) return table(text, /\.tsv$/i.test(name) ? "\t" : ",", cut);
  return { kind: "text", text: cut ? text : indented(name, text), cut };
}

function table(text: string, separator: string, cut: string): Content {
  const rows = separated(text, separator);
  if (rows.length > MOST_CSV_ROWS + 1) {
    const shown = rows.slice(0, MOST_CSV_ROWS + 1);
    return { kind: "table", rows: shown, cut: strings.firstRows(count(MOST_CSV_ROWS)) };
  }
  const isTorn = cut && rows.length > 1 && !text.endsWith("\n");
  return { kind: "table", rows: isTorn ? rows.slice(0, -1) : rows, cut };
}

function indented(name: string, text: string): string {
  if (!/\.json$/i.test(name)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Returns the cells of a CSV file, of a long one those of a row more than are shown; a quoted cell
 * may hold separators and line ends. */
export function separated(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  for (let i = 0; i < text.length && rows.length <= MOST_CSV_ROWS + 1; i++) {
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
