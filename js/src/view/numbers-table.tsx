import { useMemo, useState } from "preact/hooks";
import { type Series, sideBySide } from "../state/series";
import { count, strings } from "../strings";

const MOST_ROWS = 1_000;

interface Props {
  name: string;
  series: readonly Series[];
  /** What the runs are called. */
  labels: readonly string[];
}

/** The points of a chart as a table, with a column for each run. */
export function NumbersTable({ name, series, labels }: Props) {
  const [open, setOpen] = useState(false);
  const held = series.reduce((sum, one) => sum + one.steps.length, 0);
  const logged = series.reduce((sum, one) => sum + one.count, 0);
  return (
    <details class="rw-numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {strings.showAsTable}{" "}
        <span class="rw-muted">
          {held < logged
            ? strings.thinnedPoints(count(held), count(logged))
            : strings.countPoints(count(logged))}
        </span>
      </summary>
      {open && <Rows name={name} series={series} labels={labels} />}
    </details>
  );
}

function Rows({ name, series, labels }: Props) {
  const rows = useMemo(() => sideBySide(series), [series.length, ...series]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="rw-table-frame" tabIndex={0}>
      <table aria-label={strings.byStep(name)}>
        <thead>
          <tr>
            <th scope="col">{strings.step}</th>
            {series.map((one, i) => (
              <th key={one.runId} scope="col">
                {series.length === 1 ? name : labels[i]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map(({ step, values }, i) => (
            <tr key={i}>
              <td>{step}</td>
              {values.map((value, j) => (
                <td key={series[j]?.runId}>{value ?? ""}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p class="rw-muted">{strings.firstRowsOf(count(MOST_ROWS), count(rows.length))}</p>
      )}
    </div>
  );
}
