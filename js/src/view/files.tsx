import type { Session } from "../state/session";
import { bytes } from "./format";
import { strings } from "./strings";

/** What the run has written, with sizes as they grow. */
export function Files({ session }: { session: Session }) {
  const files = session.files.value;
  if (files.length === 0) return <p class="rw-empty">{strings.noFiles}</p>;
  return (
    <table class="rw-table">
      <thead>
        <tr>
          <th scope="col">{strings.fileName}</th>
          <th scope="col" class="rw-number">
            {strings.fileSize}
          </th>
        </tr>
      </thead>
      <tbody>
        {files.map((file) => (
          <tr key={file.name}>
            <td class="rw-code">{file.name}</td>
            <td class="rw-number">{bytes(file.size_bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
