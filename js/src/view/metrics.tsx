import type { Session } from "../state/session";
import { Chart } from "./chart";
import { metric } from "./format";
import { tilesOf } from "./metric-tiles";
import { strings } from "./strings";

/** A chart for each metric that was logged more than once, the single values beside them. */
export function Metrics({ session }: { session: Session }) {
  const series = [...session.series.value.values()];
  const charts = series.filter((one) => one.values.filter((v) => v !== null).length > 1);
  const drawn = new Set(charts.map((one) => one.name));
  const single = tilesOf(session).filter((tile) => !drawn.has(tile.name));
  if (charts.length === 0 && single.length === 0) {
    return <p class="rw-empty">{strings.noMetrics}</p>;
  }
  return (
    <div class="rw-metrics">
      {single.length > 0 && (
        <ul class="rw-pairs">
          {single.map((tile) => (
            <li key={tile.name}>
              <span class="rw-muted">{tile.name}</span>
              <span class="rw-number">{metric(tile.last)}</span>
            </li>
          ))}
        </ul>
      )}
      <div class="rw-charts">
        {charts.map((one) => (
          <Chart key={one.name} series={one} />
        ))}
      </div>
    </div>
  );
}
