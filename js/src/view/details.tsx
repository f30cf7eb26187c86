import type { RunHead } from "../messages";
import { strings } from "./strings";

/** What else is known of the run, and its properties. */
export function Details({ run }: { run: RunHead }) {
  const properties = Object.entries(run.properties);
  return (
    <div class="rw-details">
      {run.description && <p>{run.description}</p>}
      <Pairs pairs={Object.entries(run.details)} />
      <h4>{strings.properties}</h4>
      {properties.length === 0 ? (
        <p class="rw-empty">{strings.noProperties}</p>
      ) : (
        <Pairs pairs={properties} />
      )}
    </div>
  );
}

function Pairs({ pairs }: { pairs: [string, string | null][] }) {
  return (
    <table class="rw-table">
      <tbody>
        {pairs.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="rw-code">{value ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
