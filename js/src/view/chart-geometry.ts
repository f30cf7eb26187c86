// The arithmetic of a line chart: scales, ticks, paths. Knows nothing of a page.

export interface Line {
  runId: string;
  label: string;
  /** Which of the palette's colours. */
  colour: number;
  xs: readonly number[];
  ys: readonly (number | null)[];
}

export type Axis = "step" | "time" | "relative";

export type Range = readonly [low: number, high: number];

export interface Scale {
  range: Range;
  ticks: number[];
  /** Returns where a value stands, in pixels. */
  place: (value: number) => number;
}

/** Returns the points in the order of x, which a chart needs and a script need not keep to. */
export function inOrder<T extends Pick<Line, "xs" | "ys">>(line: T): T {
  const { xs, ys } = line;
  if (xs.every((x, i) => i === 0 || x >= (xs[i - 1] as number))) return line;
  const order = xs.map((_, i) => i).sort((a, b) => (xs[a] as number) - (xs[b] as number));
  return { ...line, xs: order.map((i) => xs[i] as number), ys: order.map((i) => ys[i] ?? null) };
}

/** Returns the lowest and the highest of the values that pass, or null if none does. */
export function extent(
  values: Iterable<number | null>,
  passes: (v: number) => boolean,
): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null || !passes(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

export function linear(range: Range, pixels: Range, most: number): Scale {
  const [low, high] = range[0] === range[1] ? around(range[0]) : range;
  const slope = (pixels[1] - pixels[0]) / (high - low);
  return {
    range: [low, high],
    ticks: ticksBetween(low, high, most),
    place: (value) => pixels[0] + (value - low) * slope,
  };
}

export function logarithmic(range: Range, pixels: Range, most: number): Scale {
  const [low, high] = range[0] === range[1] ? [range[0] / 2, range[0] * 2] : range;
  const inner = linear([Math.log10(low), Math.log10(high)], pixels, most);
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const decades = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  const every = Math.max(1, Math.ceil(decades.length / most));
  const ticks =
    decades.length > 1
      ? decades.filter((_, i) => i % every === 0).map((power) => 10 ** power)
      : ticksBetween(low, high, most).filter((tick) => tick > 0);
  return { range: [low, high], ticks, place: (value) => inner.place(Math.log10(value)) };
}

/** A scale of moments in milliseconds, with round times of day as its ticks. */
export function temporal(range: Range, pixels: Range, most: number): Scale {
  const [low, high] = range[0] === range[1] ? [range[0] - 1_000, range[0] + 1_000] : range;
  const moments = momentsBetween(low, high, most);
  const ticks = moments.length > 0 ? moments : [low];
  return { ...linear([low, high], pixels, most), ticks };
}

const around = (value: number): [number, number] => {
  const margin = Math.abs(value) / 2 || 1;
  return [value - margin, value + margin];
};

/** Returns round numbers between two, some `most` of them. */
export function ticksBetween(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const ticks: number[] = [];
  for (let i = first; i * step <= high + step * 1e-9 && ticks.length < 50; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

const DAY_S = 86_400;
const TIMES_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
];

/** Returns round times of day between two moments, some `most` of them. */
export function momentsBetween(lowMs: number, highMs: number, most: number): number[] {
  const rough = (highMs - lowMs) / 1_000 / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const step = TIMES_S.find((seconds) => seconds >= rough) ?? Math.ceil(rough / DAY_S) * DAY_S;
  const low = new Date(lowMs);
  const begun = low.getHours() * 3_600 + low.getMinutes() * 60 + low.getSeconds();
  const moments: number[] = [];
  for (let i = Math.floor(begun / step); moments.length < 50; i++) {
    // Counted by the clock on the wall, so that they stay round when it is put forward or back.
    const at = new Date(low.getFullYear(), low.getMonth(), low.getDate(), 0, 0, i * step).getTime();
    if (at > highMs) break;
    if (at >= lowMs && at > (moments.at(-1) ?? 0)) moments.push(at);
  }
  return moments;
}

/** Returns the line as an SVG path; a gap where there is nothing to draw. */
export function path(line: Line, x: Scale, y: Scale, drawable: (v: number) => boolean): string {
  let drawn = "";
  let gap = true;
  for (let i = 0; i < line.xs.length; i++) {
    const value = line.ys[i] ?? null;
    if (value === null || !drawable(value)) {
      gap = true;
      continue;
    }
    const at = `${x.place(line.xs[i] as number).toFixed(1)} ${y.place(value).toFixed(1)}`;
    drawn += gap ? `M${at}` : `L${at}`;
    gap = false;
  }
  return drawn;
}

/** Returns the line smoothed by a moving average whose weights fall off by `weight` a point. */
export function smoothed(line: Line, weight: number): Line {
  let average = 0;
  let total = 0;
  const ys = line.ys.map((value) => {
    if (value === null) return null;
    average = average * weight + value * (1 - weight);
    total = total * weight + (1 - weight);
    return average / total;
  });
  return { ...line, ys };
}

/** Returns the index of the point that is nearest to `x`; -1 without points. */
export function nearest(xs: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return xs.length ? 0 : -1;
  if (low === xs.length) return low - 1;
  return x - (xs[low - 1] as number) <= (xs[low] as number) - x ? low - 1 : low;
}
