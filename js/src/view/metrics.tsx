import { useEffect, useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { count, strings } from "../strings";
import type { Axis } from "./chart-geometry";
import { metric } from "./format";
import { MetricChart, type Way } from "./metric-chart";
import { tilesOf } from "./metric-tiles";
import { Structures } from "./structures";

/** Of so many of the runs that are compared the record sends points. */
const MOST_COMPARED = 50;

interface Props {
  session: Session;
  channel: Channel;
  /** The watched run; null of an experiment, where those that are compared are all. */
  run: RunHead | null;
}

/** A chart for each metric that was logged more than once, the single values beside them. */
export function Metrics({ session, channel, run }: Props) {
  const [way, setWay] = useState<Way>({ axis: "step", log: false, smoothing: 0 });
  useEffect(() => {
    channel.changeLook({ charts: true });
    return () => channel.changeLook({ charts: false });
  }, [channel]);

  const { compare } = channel.look.value;
  const runIds = [...new Set([...(run ? [run.run_id] : []), ...compare.slice(0, MOST_COMPARED)])];
  const charts = [...channel.series.value]
    .map(([name, runs]) => ({
      name,
      shown: runIds.map((id) => runs.get(id)).filter((one) => one !== undefined),
    }))
    .filter(({ shown }) =>
      shown.some((one) => one.values.filter((value) => value !== null).length > 1),
    );
  const drawn = new Set(charts.map((one) => one.name));
  const single = tilesOf(session, channel).filter((tile) => !drawn.has(tile.name));
  const isEmpty = charts.length + single.length + channel.structures.value.length === 0;
  if (isEmpty && compare.length === 0) return <p class="rw-empty">{strings.noMetrics}</p>;
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
      {charts.length + compare.length > 0 && (
        <div class="rw-chart-bar">
          {charts.length > 0 && <WayBar way={way} onChange={setWay} />}
          <Compared channel={channel} />
        </div>
      )}
      {charts.length === 0 && compare.length > 0 && (
        <p class="rw-empty">{strings.nothingToCompare}</p>
      )}
      <div class="rw-charts">
        {charts.map((one) => (
          <MetricChart
            key={one.name}
            session={session}
            channel={channel}
            run={run}
            runIds={runIds}
            name={one.name}
            shown={one.shown}
            way={way}
          />
        ))}
      </div>
      {run && <Structures session={session} channel={channel} run={run} />}
    </div>
  );
}

interface WayBarProps {
  way: Way;
  onChange: (way: Way) => void;
}

function WayBar({ way, onChange }: WayBarProps) {
  return (
    <>
      <label>
        <span class="rw-muted">{strings.axis}</span>
        <select
          value={way.axis}
          onChange={(event) => onChange({ ...way, axis: event.currentTarget.value as Axis })}
        >
          {Object.entries(strings.axes).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={way.log}
          onChange={(event) => onChange({ ...way, log: event.currentTarget.checked })}
        />
        {strings.logScale}
      </label>
      <label>
        <span class="rw-muted">{strings.smoothing}</span>
        <input
          type="range"
          min="0"
          max="0.98"
          step="0.02"
          value={way.smoothing}
          onKeyDown={(event) => event.stopPropagation()}
          onInput={(event) => onChange({ ...way, smoothing: Number(event.currentTarget.value) })}
        />
      </label>
    </>
  );
}

function Compared({ channel }: { channel: Channel }) {
  const compared = channel.look.value.compare.length;
  if (compared === 0) return null;
  return (
    <span class="rw-compared">
      {compared > MOST_COMPARED
        ? strings.drawnOf(count(MOST_COMPARED), count(compared))
        : strings.compared(count(compared))}
      <button type="button" class="rw-link" onClick={() => channel.changeLook({ compare: [] })}>
        {strings.stopComparing}
      </button>
    </span>
  );
}
