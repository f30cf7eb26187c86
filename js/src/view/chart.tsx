import { useMemo, useRef, useState } from "preact/hooks";
import { strings } from "../strings";
import {
  type Axis,
  extent,
  type Line,
  linear,
  logarithmic,
  path,
  type Range,
  type Scale,
  smoothed,
  temporal,
} from "./chart-geometry";
import { colourOf, type Pointed, Reading, shownX } from "./chart-reading";
import { metric } from "./format";
import { useWidth } from "./measure";

const HEIGHT = 168;
const LEFT = 46;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 20;
const LEAST_DRAG_PX = 6;

interface Props {
  name: string;
  lines: readonly Line[];
  axis: Axis;
  log: boolean;
  smoothing: number;
  zoom: Range | null;
  onZoom: (range: Range | null) => void;
}

/** Lines over one axis. Drag to zoom, double-click to see all; arrows, + and Escape by keyboard. */
export function Chart({ name, lines, axis, log, smoothing, zoom, onZoom }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const drawable = (value: number) => !log || value > 0;

  const { x, y } = useMemo(
    () => scales(lines, width, axis, log, zoom),
    [lines, width, axis, log, zoom],
  );
  const drawn = useMemo(() => {
    const even = smoothing > 0 ? lines.map((line) => smoothed(line, smoothing)) : lines;
    return even.map((line) => path(line, x, y, drawable));
  }, [lines, x, y, smoothing]);
  const faint = useMemo(
    () => (smoothing > 0 ? lines.map((line) => path(line, x, y, drawable)) : []),
    [lines, x, y, smoothing],
  );
  const clip = useMemo(() => `rw-${Math.random().toString(36).slice(2)}`, []);

  const placeOf = (event: PointerEvent): { x: number; heightPx: number } => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / Math.max(1, width - LEFT - RIGHT);
    const at = x.range[0] + Math.min(1, Math.max(0, share)) * (x.range[1] - x.range[0]);
    return { x: at, heightPx: event.clientY - box.top };
  };
  const release = (event: PointerEvent) => {
    if (dragged === null) return;
    const to = placeOf(event).x;
    setDragged(null);
    if (Math.abs(x.place(to) - x.place(dragged)) >= LEAST_DRAG_PX) {
      onZoom([Math.min(dragged, to), Math.max(dragged, to)]);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const span = x.range[1] - x.range[0];
    const at = pointed?.x ?? x.range[0] + span / 2;
    const go = (to: number) =>
      setPointed({ x: Math.min(x.range[1], Math.max(x.range[0], to)), heightPx: null });
    const moves: Record<string, () => void> = {
      ArrowLeft: () => go(at - span / 40),
      ArrowRight: () => go(at + span / 40),
      "+": () => onZoom([at - span / 4, at + span / 4]),
      "-": () => onZoom(null),
      Escape: () => onZoom(null),
    };
    if (!moves[event.key]) return;
    moves[event.key]?.();
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      class="rw-plot"
      role="img"
      aria-label={strings.byStep(name)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart is read and zoomed by keyboard
      tabIndex={0}
      ref={frame}
      onKeyDown={onKeyDown}
      onBlur={() => setPointed(null)}
    >
      <svg
        width={width}
        height={HEIGHT}
        aria-hidden="true"
        onPointerMove={(event) => setPointed(placeOf(event))}
        onPointerLeave={() => setPointed(null)}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragged(placeOf(event).x);
        }}
        onPointerUp={release}
        onDblClick={() => onZoom(null)}
      >
        <Axes x={x} y={y} width={width} axis={axis} />
        <clipPath id={clip}>
          <rect x={LEFT} y={0} width={Math.max(0, width - LEFT - RIGHT)} height={HEIGHT} />
        </clipPath>
        <g clip-path={`url(#${clip})`}>
          {faint.map((d, i) => (
            <path key={lines[i]?.runId} d={d} class={`rw-line rw-faint ${colourOf(lines[i])}`} />
          ))}
          {drawn.map((d, i) => (
            <path key={lines[i]?.runId} d={d} class={`rw-line ${colourOf(lines[i])}`} />
          ))}
          <Dots lines={lines} x={x} y={y} drawable={drawable} />
          {dragged !== null && pointed !== null && (
            <rect
              class="rw-dragged"
              x={Math.min(x.place(dragged), x.place(pointed.x))}
              width={Math.abs(x.place(pointed.x) - x.place(dragged))}
              y={TOP}
              height={HEIGHT - TOP - BOTTOM}
            />
          )}
        </g>
        {pointed !== null && (
          <line
            class="rw-cursor"
            x1={x.place(pointed.x)}
            x2={x.place(pointed.x)}
            y1={TOP}
            y2={HEIGHT - BOTTOM}
          />
        )}
      </svg>
      {pointed !== null && (
        <Reading lines={lines} at={pointed} x={x} y={y} width={width} axis={axis} />
      )}
    </div>
  );
}

function scales(
  lines: readonly Line[],
  width: number,
  axis: Axis,
  log: boolean,
  zoom: Range | null,
): { x: Scale; y: Scale } {
  const inside = (at: number) => zoom === null || (at >= zoom[0] && at <= zoom[1]);
  const finite = Number.isFinite;
  const xs = zoom ??
    extent(
      lines.flatMap((line) => line.xs),
      finite,
    ) ?? [0, 1];
  const ys =
    extent(
      lines.flatMap((line) => line.ys.filter((_, i) => inside(line.xs[i] as number))),
      (value) => !log || value > 0,
    ) ?? (log ? [0.1, 1] : [0, 1]);
  const right = Math.max(LEFT + 1, width - RIGHT);
  const x = (axis === "time" ? temporal : linear)(xs, [LEFT, right], Math.max(2, width / 90));
  const y = (log ? logarithmic : linear)(ys, [HEIGHT - BOTTOM, TOP], 4);
  return { x, y };
}

interface AxesProps {
  x: Scale;
  y: Scale;
  width: number;
  axis: Axis;
}

function Axes({ x, y, width, axis }: AxesProps) {
  return (
    <>
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line
            class="rw-gridline"
            x1={LEFT}
            x2={width - RIGHT}
            y1={y.place(tick)}
            y2={y.place(tick)}
          />
          <text class="rw-tick" x={LEFT - 6} y={y.place(tick) + 3.5} text-anchor="end">
            {metric(tick)}
          </text>
        </g>
      ))}
      {x.ticks.map((tick) => (
        <text key={tick} class="rw-tick" x={x.place(tick)} y={HEIGHT - 5} text-anchor="middle">
          {axis === "time" ? dayOrTime(tick) : shownX(tick, axis)}
        </text>
      ))}
    </>
  );
}

const MOST_DOTS = 24;

interface DotsProps {
  lines: readonly Line[];
  x: Scale;
  y: Scale;
  drawable: (value: number) => boolean;
}

/** Few points are shown each; a line alone would hide one, or all where each has a gap beside it. */
function Dots({ lines, x, y, drawable }: DotsProps) {
  return (
    <>
      {lines
        .filter((line) => line.xs.length <= MOST_DOTS)
        .flatMap((line) =>
          line.xs.map((at, i) => {
            const value = line.ys[i] ?? null;
            if (value === null || !drawable(value)) return null;
            return (
              <circle
                key={`${line.runId}-${i}`}
                class={`rw-dot ${colourOf(line)}`}
                cx={x.place(at)}
                cy={y.place(value)}
                r={2.2}
              />
            );
          }),
        )}
    </>
  );
}

/** A moment on the axis: its time of day, or its date where a day begins. */
function dayOrTime(unixMs: number): string {
  const at = new Date(unixMs);
  const [hour, minute, second] = [at.getHours(), at.getMinutes(), at.getSeconds()];
  if (hour + minute + second === 0) {
    return at.toLocaleDateString(strings.locale, { month: "short", day: "numeric" });
  }
  const precise = second === 0 ? {} : ({ second: "2-digit" } as const);
  return at.toLocaleTimeString(strings.locale, { hour: "numeric", minute: "2-digit", ...precise });
}
