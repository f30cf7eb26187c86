import { useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { count, strings } from "../strings";
import { downloadFile } from "./download";
import { bytes } from "./format";
import { Download } from "./icons";
import { Preview } from "./preview";

/** As many as the record tells of. */
const MOST_FILES = 500;

interface Props {
  session: Session;
  channel: Channel;
  run: RunHead;
}

/** What the run has written, with sizes as they grow; a name opens a preview. */
export function Files({ session, channel, run }: Props) {
  const [opened, setOpened] = useState<string | null>(null);
  const files = channel.files.value;
  if (files.length === 0) return <p class="rw-empty">{strings.noFiles}</p>;
  const download = (name: string) =>
    downloadFile(session, run.run_id, name).catch((error: Error) =>
      session.commands.notify("alert", error.message),
    );
  return (
    <div class="rw-files">
      <table class="rw-table">
        <thead>
          <tr>
            <th scope="col">{strings.fileName}</th>
            <th scope="col" class="rw-number">
              {strings.fileSize}
            </th>
            <th scope="col">
              <span class="rw-hidden">{strings.download}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {files.map((file) => (
            <tr key={file.name}>
              <td class="rw-code">
                <button
                  type="button"
                  class="rw-link"
                  title={strings.preview(file.name)}
                  aria-pressed={file.name === opened}
                  onClick={() => setOpened(file.name === opened ? null : file.name)}
                >
                  {file.name}
                </button>
              </td>
              <td class="rw-number">{bytes(file.size_bytes)}</td>
              <td class="rw-actions">
                <button
                  type="button"
                  class="rw-icon-button"
                  aria-label={strings.downloadFile(file.name)}
                  title={strings.downloadFile(file.name)}
                  onClick={() => download(file.name)}
                >
                  <Download />
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {files.length >= MOST_FILES && <p class="rw-muted">{strings.mostFiles(count(MOST_FILES))}</p>}
      {opened !== null && (
        <Preview
          session={session}
          runId={run.run_id}
          name={opened}
          onClose={() => setOpened(null)}
        />
      )}
    </div>
  );
}
