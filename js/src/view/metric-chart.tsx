import { useEffect, useMemo, useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Channel } from "../state/channel";
import { best, type Series, withPoints } from "../state/series";
import type { Session } from "../state/session";
import { strings } from "../strings";
import { Chart } from "./chart";
import { type Axis, inOrder, type Line, type Range } from "./chart-geometry";
import { colourOf } from "./chart-reading";
import { saveFile } from "./download";
import { metric } from "./format";
import { NumbersTable } from "./numbers-table";

/** How all charts are drawn. */
export interface Way {
  axis: Axis;
  log: boolean;
  smoothing: number;
}

interface Props {
  session: Session;
  channel: Channel;
  /** The watched run, if there is one. */
  run: RunHead | null;
  /** The runs that are drawn, where they have the metric. */
  runIds: readonly string[];
  name: string;
  shown: readonly Series[];
  way: Way;
}

/** The lines of one metric, with its values, a legend, and the same as a table. */
export function MetricChart({ session, channel, run, runIds, name, shown, way }: Props) {
  const { axis, log, smoothing } = way;
  const shownIds = shown.map((one) => one.runId);
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
  }, [zoom?.[0], zoom?.[1], axis, shownIds.join()]);

  const held = close ?? shown;
  const labelOf = (runId: string): string =>
    runId === run?.run_id ? run.display_name : (channel.names.get(runId) ?? runId);
  const lines = useMemo(
    () =>
      held.map((one) => {
        const face = { label: labelOf(one.runId), colour: runIds.indexOf(one.runId) };
        return lineOf(one, axis, face, close === null);
      }),
    [axis, runIds.join(), held.length, ...held],
  );
  const own = run ? shown.find((one) => one.runId === run.run_id) : undefined;
  const extreme = own && own.count > 1 ? best(own) : null;
  const save = (format: "csv" | "plotly") =>
    session
      .ask<"file_read">({ type: "export", run_ids: shownIds, name, format })
      .then((file) => saveFile(file.name, [file.data]))
      .catch((error: Error) => session.commands.notify("alert", error.message));
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
        {own && <span class="rw-number">{metric(own.last)}</span>}
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
      {extreme && (
        <p class="rw-tile-best rw-number">
          {strings.best(metric(extreme.value), metric(extreme.step))}
        </p>
      )}
      <Chart
        name={name}
        lines={lines}
        axis={axis}
        log={log}
        smoothing={smoothing}
        zoom={zoom}
        onZoom={setZoom}
      />
      {lines.length > 1 && <Legend lines={lines} series={shown} />}
      <NumbersTable name={name} series={held} labels={held.map((one) => labelOf(one.runId))} />
    </figure>
  );
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
      : { ...one, count: 0, steps: [], times: [], values: [] };
    return { ...read, originMs: one.originMs };
  });
  return Promise.all(asked);
}

/** What the lines are called, and the last value of each. */
function Legend({ lines, series }: { lines: readonly Line[]; series: readonly Series[] }) {
  const lastOf = new Map(series.map((one) => [one.runId, one.last]));
  return (
    <ul class="rw-lines">
      {lines.map((line) => (
        <li key={line.runId} class={colourOf(line)}>
          <i class="rw-swatch" />
          <span class="rw-plain rw-ellipsis">{line.label}</span>{" "}
          <span class="rw-plain rw-number">{metric(lastOf.get(line.runId))}</span>
        </li>
      ))}
    </ul>
  );
}
