import { useEffect, useRef, useState } from "preact/hooks";
import { count, strings } from "../strings";
import { type Axis, type Line, nearest, type Scale } from "./chart-geometry";
import { clockTime, duration, metric } from "./format";

/** As many as have room in the height of a chart. */
const MOST_READ = 8;

/** A place on the x axis, and how high the pointer stands, if one does. */
export interface Pointed {
  x: number;
  heightPx: number | null;
}

interface ReadingProps {
  lines: readonly Line[];
  at: Pointed;
  x: Scale;
  y: Scale;
  width: number;
  axis: Axis;
}

/** What the lines have where the pointer is; of many, those that are nearest to it. */
export function Reading({ lines, at, x, y, width, axis }: ReadingProps) {
  const box = useRef<HTMLDivElement>(null);
  const [own, setOwn] = useState(120);
  useEffect(() => {
    if (box.current) setOwn(box.current.offsetWidth);
  });
  const reach = (x.range[1] - x.range[0]) / 20;
  const read = lines
    .map((line) => {
      const i = nearest(line.xs, at.x);
      return { line, x: line.xs[i] ?? Number.NaN, y: line.ys[i] ?? null };
    })
    .filter((one) => Math.abs(one.x - at.x) <= reach);
  if (read.length === 0) return null;
  const fits = read.length <= MOST_READ;
  const { heightPx } = at;
  if (!fits && heightPx !== null) {
    const away = (value: number | null) => {
      const px = Math.abs(y.place(value ?? Number.NaN) - heightPx);
      return Number.isFinite(px) ? px : Number.MAX_VALUE;
    };
    read.sort((one, other) => away(one.y) - away(other.y));
  }
  const shown = fits ? read : read.slice(0, MOST_READ - 1);
  const left = x.place(at.x);
  const place = left + own + 16 < width ? left + 10 : left - own - 10;
  return (
    <div class="rw-reading" ref={box} style={{ left: `${Math.max(0, place)}px` }} aria-live="off">
      <div class="rw-muted">{shownX(shown[0]?.x ?? at.x, axis)}</div>
      {shown.map(({ line, y: value }) => (
        <div key={line.runId} class={colourOf(line)}>
          <i class="rw-swatch" />
          {lines.length > 1 && <span class="rw-ellipsis rw-plain">{line.label}</span>}
          <b class="rw-number rw-plain">{metric(value ?? Number.NaN)}</b>
        </div>
      ))}
      {!fits && <div class="rw-muted">{strings.moreRows(count(read.length - shown.length))}</div>}
    </div>
  );
}

export function shownX(x: number, axis: Axis): string {
  return axis === "step" ? metric(x) : axis === "time" ? clockTime(x) : duration(x);
}

export const colourOf = (line: Line | undefined): string => `rw-c${(line?.colour ?? 0) % 8}`;
