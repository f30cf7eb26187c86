import type { RunHead } from "../messages";
import { textOrder } from "../state/commands";
import type { Session } from "../state/session";
import { strings } from "../strings";
import { Editable } from "./editable";
import { metric } from "./format";

/** What else is known of the run: description, parameters, origin, properties. */
export function Details({ session, run }: { session: Session; run: RunHead }) {
  const parameters = Object.entries(run.parameters);
  const details = Object.entries(run.details).map(([name, value]): [string, string] => [
    strings.detailNames[name] ?? name,
    value,
  ]);
  const properties = Object.entries(run.properties);
  const describe = (value: string) => {
    session.commands.give(textOrder(run, "description", value), [
      textOrder(run, "description", run.description ?? ""),
    ]);
  };
  return (
    <div class="rw-details">
      <Editable
        lines
        kind="rw-description"
        label={strings.editDescription}
        hint={strings.addDescription}
        value={run.description ?? ""}
        onChange={describe}
      />
      {parameters.length > 0 && (
        <>
          <h4>{strings.parameters}</h4>
          <Pairs pairs={parameters.map(([name, value]) => [name, metric(value)])} />
        </>
      )}
      <h4>{strings.details}</h4>
      <Pairs pairs={details} />
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
