import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Series } from "../state/series";
import { metric } from "./format";
import { strings } from "./strings";

const HEIGHT_PX = 150;

/** One metric over its steps. */
export function Chart({ series }: { series: Series }) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const drawing = useRef(0);
  const data = useRef<uPlot.AlignedData>([[], []]);
  const [pointed, setPointed] = useState<number | null>(null);
  data.current = [series.steps, series.values];

  useEffect(() => {
    const place = frame.current;
    if (!place) return;
    const made = new uPlot(options(place, setPointed), data.current, place);
    plot.current = made;
    const resized = new ResizeObserver(() => {
      const width = Math.floor(place.clientWidth);
      if (width > 0 && width !== made.width) made.setSize({ width, height: HEIGHT_PX });
    });
    resized.observe(place);
    return () => {
      cancelAnimationFrame(drawing.current);
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [series.name]);

  useEffect(() => {
    cancelAnimationFrame(drawing.current);
    drawing.current = requestAnimationFrame(() => plot.current?.setData(data.current));
  }, [series]);

  return (
    <figure class="rw-chart">
      <figcaption>
        <span class="rw-ellipsis" title={series.name}>
          {series.name}
        </span>
        <span class="rw-number">
          {pointed === null ? (
            metric(series.last)
          ) : (
            <>
              <span class="rw-muted">{strings.atStep(metric(series.steps[pointed]))}</span>{" "}
              {metric(series.values[pointed] ?? Number.NaN)}
            </>
          )}
        </span>
      </figcaption>
      <div class="rw-plot" role="img" aria-label={strings.byStep(series.name)} ref={frame} />
      <NumbersTable series={series} />
    </figure>
  );
}

function NumbersTable({ series }: { series: Series }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="rw-numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {strings.showAsTable} <span class="rw-muted">{strings.countPoints(series.count)}</span>
      </summary>
      {open && (
        <div class="rw-table-frame">
          <table aria-label={strings.byStep(series.name)}>
            <thead>
              <tr>
                <th scope="col">{strings.step}</th>
                <th scope="col">{series.name}</th>
              </tr>
            </thead>
            <tbody>
              {series.steps.map((step, i) => (
                <tr key={i}>
                  <td>{step}</td>
                  <td>{series.values[i] ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function options(place: HTMLElement, onPoint: (index: number | null) => void): uPlot.Options {
  const colour = (variable: string) => () => getComputedStyle(place).getPropertyValue(variable);
  const axis: uPlot.Axis = {
    stroke: colour("--rw-muted"),
    font: '11px system-ui, "Segoe UI", sans-serif',
    grid: { stroke: colour("--rw-line"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => metric(value)),
  };
  return {
    width: Math.max(160, Math.floor(place.clientWidth)),
    height: HEIGHT_PX,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: true, y: false } },
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 24, gap: 2 },
      { ...axis, size: 48, gap: 4, space: 26 },
    ],
    series: [
      {},
      {
        stroke: colour("--rw-accent"),
        width: 1.5,
        points: { show: (_, __, first, last) => last - first < 24, size: 4 },
      },
    ],
  };
}
