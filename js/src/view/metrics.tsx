import { useEffect, useMemo, useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Channel } from "../state/channel";
import { type Series, withPoints } from "../state/series";
import type { Session } from "../state/session";
import { count, strings } from "../strings";
import { Chart } from "./chart";
import { inOrder, type Line, type Range } from "./chart-geometry";
import { saveFile } from "./download";
import { clockTime, duration, metric } from "./format";
import { tilesOf } from "./metric-tiles";
import { Structures } from "./structures";

type Axis = "step" | "time" | "relative";

interface Props {
  session: Session;
  channel: Channel;
  run: RunHead;
}

/** A chart for each metric that was logged more than once, the single values beside them. */
export function Metrics({ session, channel, run }: Props) {
  const [axis, setAxis] = useState<Axis>("step");
  const [log, setLog] = useState(false);
  const [smoothing, setSmoothing] = useState(0);
  useEffect(() => {
    channel.changeLook({ charts: true });
    return () => channel.changeLook({ charts: false });
  }, [channel]);

  const all = [...channel.series.value].map(([name, runs]) => ({ name, all: [...runs.values()] }));
  const charts = all.filter(({ all }) =>
    all.some((one) => one.values.filter((v) => v !== null).length > 1),
  );
  const drawn = new Set(charts.map((one) => one.name));
  const single = tilesOf(session, channel).filter((tile) => !drawn.has(tile.name));
  if (charts.length === 0 && single.length === 0 && channel.structures.value.length === 0) {
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
      {charts.length > 0 && (
        <div class="rw-chart-bar">
          <label>
            <span class="rw-muted">{strings.axis}</span>
            <select value={axis} onChange={(event) => setAxis(event.currentTarget.value as Axis)}>
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
              checked={log}
              onChange={(event) => setLog(event.currentTarget.checked)}
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
              value={smoothing}
              onKeyDown={(event) => event.stopPropagation()}
              onInput={(event) => setSmoothing(Number(event.currentTarget.value))}
            />
          </label>
          <Compared channel={channel} />
        </div>
      )}
      <div class="rw-charts">
        {charts.map((one) => (
          <MetricChart
            key={one.name}
            session={session}
            channel={channel}
            run={run}
            name={one.name}
            all={one.all}
            axis={axis}
            log={log}
            smoothing={smoothing}
          />
        ))}
      </div>
      <Structures session={session} channel={channel} run={run} />
    </div>
  );
}

function Compared({ channel }: { channel: Channel }) {
  const compared = channel.look.value.compare.length;
  if (compared === 0) return null;
  return (
    <span class="rw-compared">
      {strings.compared(count(compared))}
      <button type="button" class="rw-link" onClick={() => channel.changeLook({ compare: [] })}>
        {strings.clearSelection}
      </button>
    </span>
  );
}

interface ChartProps extends Props {
  name: string;
  all: Series[];
  axis: Axis;
  log: boolean;
  smoothing: number;
}

function MetricChart(props: ChartProps) {
  const { session, channel, run, name, all, axis, log, smoothing } = props;
  const compare = channel.look.value.compare;
  const shown = all
    .filter((one) => one.runId === run.run_id || compare.includes(one.runId))
    .sort((a, b) => order(a.runId, run, compare) - order(b.runId, run, compare));
  const [zoom, setZoom] = useState<Range | null>(null);
  const [close, setClose] = useState<readonly Series[] | null>(null);
  useEffect(() => setZoom(null), [axis]);
  useEffect(() => {
    setClose(null);
    if (zoom === null) return;
    let gone = false;
    readBetween(session, shown, axis, zoom).then(
      (found) => !gone && setClose(found),
      (error: Error) => !gone && session.commands.notify("alert", error.message),
    );
    return () => {
      gone = true;
    };
  }, [zoom?.[0], zoom?.[1], axis]);

  const held = close ?? shown;
  const lines = useMemo(
    () => held.map((one) => lineOf(one, axis, faceOf(channel, run, one.runId), close === null)),
    [axis, held.length, ...held],
  );
  const showX = (x: number): string =>
    axis === "step" ? metric(x) : axis === "time" ? clockTime(x) : duration(x);
  const own = shown.find((one) => one.runId === run.run_id) ?? shown[0];
  const runIds = shown.map((one) => one.runId);
  const save = (format: "csv" | "plotly") =>
    session
      .ask<"file_read">({ type: "export", run_ids: runIds, name, format })
      .then((file) => saveFile(file.name, [file.data]))
      .catch((error: Error) => session.commands.notify("alert", error.message));
  if (!own) return null;
  return (
    <figure class="rw-chart">
      <figcaption>
        <span class="rw-ellipsis rw-chart-name" title={name}>
          {name}
        </span>
        {zoom !== null && (
          <button type="button" class="rw-link" onClick={() => setZoom(null)}>
            {strings.resetZoom}
          </button>
        )}
        <span class="rw-space" />
        <span class="rw-number">{metric(own.last)}</span>
        <button
          type="button"
          class="rw-link"
          aria-label={strings.downloadCsv(name)}
          title={strings.downloadCsv(name)}
          onClick={() => save("csv")}
        >
          CSV
        </button>
        <button
          type="button"
          class="rw-link"
          aria-label={strings.downloadPlotly(name)}
          title={strings.downloadPlotly(name)}
          onClick={() => save("plotly")}
        >
          Plotly
        </button>
      </figcaption>
      <Chart
        name={name}
        lines={lines}
        log={log}
        smoothing={smoothing}
        zoom={zoom}
        showX={showX}
        onZoom={setZoom}
      />
      {lines.length > 1 && <Legend lines={lines} />}
      <NumbersTable series={own} />
    </figure>
  );
}

/** The watched run is the first line, those that are compared with it follow as they were chosen. */
const order = (runId: string, run: RunHead, compare: readonly string[]): number =>
  runId === run.run_id ? 0 : compare.indexOf(runId) + 1;

function faceOf(channel: Channel, run: RunHead, runId: string): Face {
  const label = runId === run.run_id ? run.display_name : (channel.names.get(runId) ?? runId);
  return { label, colour: order(runId, run, channel.look.value.compare) };
}

interface Face {
  label: string;
  colour: number;
}

function lineOf(series: Series, axis: Axis, face: Face, whole: boolean): Line {
  const { steps, times, values } = series;
  const all = axis === "step" ? steps : times;
  const shift = axis === "relative" ? series.originMs : 0;
  // Of a thinned series the last point need not be among those that were kept.
  const lacksLast = whole && steps.at(-1) !== series.lastStep;
  const last = axis === "step" ? series.lastStep : series.lastMs;
  const xs = (lacksLast ? [...all, last] : all).map((x) => x - shift);
  const value = typeof series.last === "number" ? series.last : null;
  const ys = lacksLast ? [...values, value] : values;
  return inOrder({ runId: series.runId, ...face, xs, ys });
}

/** Asks for the points of a stretch of the axis, all of them if they can be told apart. */
async function readBetween(
  session: Session,
  shown: readonly Series[],
  axis: Axis,
  [low, high]: Range,
): Promise<Series[]> {
  const asked = shown.map(async (one) => {
    const shift = axis === "relative" ? one.originMs : 0;
    const { points } = await session.ask<"points_read">({
      type: "read_points",
      run_ids: [one.runId],
      name: one.name,
      axis: axis === "step" ? "step" : "time",
      low: low + shift,
      high: high + shift,
    });
    const [found] = points;
    const read = found
      ? withPoints(undefined, found)
      : { ...one, steps: [], times: [], values: [] };
    return { ...read, originMs: one.originMs };
  });
  return Promise.all(asked);
}

function Legend({ lines }: { lines: readonly Line[] }) {
  return (
    <ul class="rw-lines">
      {lines.map((line) => (
        <li key={line.runId} class={`rw-c${line.colour % 8}`}>
          <i class="rw-swatch" />
          <span class="rw-plain rw-ellipsis">{line.label}</span>
        </li>
      ))}
    </ul>
  );
}

const MOST_TABLE_ROWS = 1000;

function NumbersTable({ series }: { series: Series }) {
  const [open, setOpen] = useState(false);
  const rows = series.steps.length;
  return (
    <details class="rw-numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {strings.showAsTable}{" "}
        <span class="rw-muted">{strings.countPoints(count(series.count))}</span>
      </summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div class="rw-table-frame" tabIndex={0}>
          <table aria-label={strings.byStep(series.name)}>
            <thead>
              <tr>
                <th scope="col">{strings.step}</th>
                <th scope="col">{series.name}</th>
              </tr>
            </thead>
            <tbody>
              {series.steps.slice(0, MOST_TABLE_ROWS).map((step, i) => (
                <tr key={i}>
                  <td>{step}</td>
                  <td>{series.values[i] ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {rows > MOST_TABLE_ROWS && (
            <p class="rw-muted">{strings.moreRows(count(rows - MOST_TABLE_ROWS))}</p>
          )}
        </div>
      )}
    </details>
  );
}
