import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { strings } from "../strings";
import {
  extent,
  type Line,
  linear,
  logarithmic,
  nearest,
  path,
  type Range,
  type Scale,
  smoothed,
} from "./chart-geometry";
import { metric } from "./format";
import { useWidth } from "./measure";

const HEIGHT = 168;
const LEFT = 46;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 20;
const MOST_READ = 8;
const LEAST_DRAG_PX = 6;

interface Props {
  name: string;
  lines: readonly Line[];
  log: boolean;
  smoothing: number;
  zoom: Range | null;
  showX: (x: number) => string;
  onZoom: (range: Range | null) => void;
}

/** Lines over one axis. Drag to zoom, double-click to see all; arrows, + and Escape by keyboard. */
export function Chart({ name, lines, log, smoothing, zoom, showX, onZoom }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [pointed, setPointed] = useState<number | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const drawable = (value: number) => !log || value > 0;

  const { x, y } = useMemo(() => scales(lines, width, log, zoom), [lines, width, log, zoom]);
  const drawn = useMemo(() => {
    const even = smoothing > 0 ? lines.map((line) => smoothed(line, smoothing)) : lines;
    return even.map((line) => path(line, x, y, drawable));
  }, [lines, x, y, smoothing]);
  const faint = useMemo(
    () => (smoothing > 0 ? lines.map((line) => path(line, x, y, drawable)) : []),
    [lines, x, y, smoothing],
  );
  const clip = useMemo(() => `rw-${Math.random().toString(36).slice(2)}`, []);

  const valueAt = (event: PointerEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / Math.max(1, width - LEFT - RIGHT);
    return x.range[0] + Math.min(1, Math.max(0, share)) * (x.range[1] - x.range[0]);
  };
  const release = (event: PointerEvent) => {
    if (dragged === null) return;
    const to = valueAt(event);
    setDragged(null);
    if (Math.abs(x.place(to) - x.place(dragged)) >= LEAST_DRAG_PX) {
      onZoom([Math.min(dragged, to), Math.max(dragged, to)]);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const span = x.range[1] - x.range[0];
    const at = pointed ?? x.range[0] + span / 2;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => setPointed(Math.max(x.range[0], at - span / 40)),
      ArrowRight: () => setPointed(Math.min(x.range[1], at + span / 40)),
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
        onPointerMove={(event) => setPointed(valueAt(event))}
        onPointerLeave={() => setPointed(null)}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragged(valueAt(event));
        }}
        onPointerUp={release}
        onDblClick={() => onZoom(null)}
      >
        <Axes x={x} y={y} width={width} showX={showX} />
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
              x={Math.min(x.place(dragged), x.place(pointed))}
              width={Math.abs(x.place(pointed) - x.place(dragged))}
              y={TOP}
              height={HEIGHT - TOP - BOTTOM}
            />
          )}
        </g>
        {pointed !== null && (
          <line
            class="rw-cursor"
            x1={x.place(pointed)}
            x2={x.place(pointed)}
            y1={TOP}
            y2={HEIGHT - BOTTOM}
          />
        )}
      </svg>
      {pointed !== null && (
        <Reading
          lines={lines}
          at={pointed}
          reach={(x.range[1] - x.range[0]) / 20}
          left={x.place(pointed)}
          width={width}
          showX={showX}
        />
      )}
    </div>
  );
}

const colourOf = (line: Line | undefined): string => `rw-c${(line?.colour ?? 0) % 8}`;

function scales(
  lines: readonly Line[],
  width: number,
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
  const x = linear(xs, [LEFT, Math.max(LEFT + 1, width - RIGHT)], Math.max(2, width / 90));
  const y = (log ? logarithmic : linear)(ys, [HEIGHT - BOTTOM, TOP], 4);
  return { x, y };
}

interface AxesProps {
  x: Scale;
  y: Scale;
  width: number;
  showX: (x: number) => string;
}

function Axes({ x, y, width, showX }: AxesProps) {
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
          {showX(tick)}
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

interface ReadingProps {
  lines: readonly Line[];
  at: number;
  /** How far a line's nearest point may be. */
  reach: number;
  left: number;
  width: number;
  showX: (x: number) => string;
}

/** What all lines have where the pointer is. */
function Reading({ lines, at, reach, left, width, showX }: ReadingProps) {
  const box = useRef<HTMLDivElement>(null);
  const [own, setOwn] = useState(120);
  useEffect(() => {
    if (box.current) setOwn(box.current.offsetWidth);
  });
  const read = lines
    .map((line) => {
      const i = nearest(line.xs, at);
      return { line, x: line.xs[i] ?? at, y: line.ys[i] ?? null };
    })
    .filter(({ x }) => Math.abs(x - at) <= reach)
    .slice(0, MOST_READ);
  if (read.length === 0) return null;
  const place = left + own + 16 < width ? left + 10 : left - own - 10;
  return (
    <div class="rw-reading" ref={box} style={{ left: `${Math.max(0, place)}px` }} aria-live="off">
      <div class="rw-muted">{showX(read[0]?.x ?? at)}</div>
      {read.map(({ line, y }) => (
        <div key={line.runId} class={colourOf(line)}>
          <i class="rw-swatch" />
          {lines.length > 1 && <span class="rw-ellipsis rw-plain">{line.label}</span>}
          <b class="rw-number rw-plain">{metric(y ?? Number.NaN)}</b>
        </div>
      ))}
    </div>
  );
}
