import { useEffect, useState } from "preact/hooks";
import type { RunHead, Scalar, Structure, TableRead } from "../messages";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { count, strings } from "../strings";
import { metric } from "./format";
import { type Matrix, MatrixTable, matrixOf } from "./matrix";
import { imageAddress, imageType, readWhole } from "./preview";

const MOST_SHOWN_FILES = 12;

interface Props {
  session: Session;
  channel: Channel;
  run: RunHead;
}

/** The metrics that are no series of numbers, each shown as what it is. */
export function Structures({ session, channel, run }: Props) {
  const structures = channel.structures.value;
  if (structures.length === 0) return null;
  return (
    <div class="rw-structures">
      {structures.map((one) => (
        <OneStructure key={`${one.kind} ${one.name}`} session={session} run={run} structure={one} />
      ))}
    </div>
  );
}

interface OneProps {
  session: Session;
  run: RunHead;
  structure: Structure;
}

function OneStructure({ session, run, structure }: OneProps) {
  const { name, kind } = structure;
  const [read, setRead] = useState<TableRead | null>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    let gone = false;
    session.ask<"table_read">({ type: "read_table", run_id: run.run_id, name, kind }).then(
      (found) => !gone && setRead(found),
      (error: Error) => !gone && setFailure(error.message),
    );
    return () => {
      gone = true;
    };
  }, [session, run.run_id, name, kind, structure.count]);
  return (
    <figure class="rw-structure">
      <figcaption class="rw-chart-name rw-ellipsis" title={name}>
        {name}
      </figcaption>
      {failure && <p class="rw-muted">{failure}</p>}
      {!read && !failure && <p class="rw-muted">{strings.loading}</p>}
      {read && kind !== "artifact" && <Table read={read} name={name} />}
      {read && <Documents session={session} runId={run.run_id} name={name} files={read.files} />}
    </figure>
  );
}

function Table({ read, name }: { read: TableRead; name: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="rw-table-frame" tabIndex={0}>
      <table aria-label={name}>
        <thead>
          <tr>
            {read.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {read.rows.map((row, i) => (
            <tr key={i}>
              {row.map((value: Scalar, j) => (
                <td key={j}>{metric(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {read.total > read.rows.length && (
        <p class="rw-muted">{strings.firstRowsOf(count(read.rows.length), count(read.total))}</p>
      )}
    </div>
  );
}

interface DocumentsProps {
  session: Session;
  runId: string;
  name: string;
  /** In the order in which they were logged. */
  files: readonly string[];
}

/** The newest of the files that a metric has. */
function Documents({ session, runId, name, files }: DocumentsProps) {
  const first = Math.max(0, files.length - MOST_SHOWN_FILES);
  return (
    <>
      {first > 0 && (
        <p class="rw-muted">{strings.lastOf(count(MOST_SHOWN_FILES), count(files.length))}</p>
      )}
      {files.slice(first).map((file, i) => (
        <Document
          key={file}
          session={session}
          runId={runId}
          file={file}
          name={name}
          number={first + i + 1}
        />
      ))}
    </>
  );
}

interface DocumentProps {
  session: Session;
  runId: string;
  file: string;
  name: string;
  /** Which of the metric's files it is, from 1 on. */
  number: number;
}

/** An image, a confusion matrix, or a JSON document as its text. */
function Document({ session, runId, file, name, number }: DocumentProps) {
  const [shown, setShown] = useState<{ url?: string; matrix?: Matrix; text?: string } | null>(null);
  useEffect(() => {
    let url: string | undefined;
    let gone = false;
    readWhole(session, runId, file).then(
      (data) => {
        if (gone) return;
        const type = imageType(file);
        if (type) {
          url = imageAddress(type, data);
          setShown({ url });
        } else setShown(shownAs(new TextDecoder().decode(data)));
      },
      (error: Error) => !gone && setShown({ text: error.message }),
    );
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [session, runId, file]);
  if (!shown) return <p class="rw-muted">{strings.loading}</p>;
  if (shown.url) return <img class="rw-image" src={shown.url} alt={strings.image(name, number)} />;
  if (shown.matrix) return <MatrixTable matrix={shown.matrix} name={name} />;
  return <pre class="rw-text">{shown.text}</pre>;
}

function shownAs(text: string): { matrix?: Matrix; text?: string } {
  try {
    const content: unknown = JSON.parse(text);
    const matrix = matrixOf(content);
    return matrix ? { matrix } : { text: JSON.stringify(content, null, 2) };
  } catch {
    return { text };
  }
}
