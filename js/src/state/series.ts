import type { Numbers, Points, Scalar } from "../messages";

/** What a view holds of one metric of one run. Replaced as a whole, so that a change is seen by identity. */
export interface Series {
  runId: string;
  name: string;
  last: Scalar;
  lastStep: number;
  lastMs: number;
  lowest: Extreme | null;
  highest: Extreme | null;
  /** When the first point was logged. */
  originMs: number;
  /** How many points were logged; fewer may be held. */
  count: number;
  steps: number[];
  /** In milliseconds since the Unix epoch. */
  times: number[];
  values: (number | null)[];
}

export interface Extreme {
  value: number;
  step: number;
}

/** The series of a view: by metric, then by run. */
export type AllSeries = ReadonlyMap<string, ReadonlyMap<string, Series>>;

/** Returns all series with news taken in. */
export function withNews(known: AllSeries, news: readonly Points[]): AllSeries {
  const all = new Map(known);
  for (const points of news) {
    const runs = new Map(all.get(points.name));
    runs.set(points.run_id, withPoints(runs.get(points.run_id), points));
    all.set(points.name, runs);
  }
  return all;
}

/** Returns the series with news taken in; what can't be drawn (NaN, infinities) becomes a gap. */
export function withPoints(known: Series | undefined, news: Points): Series {
  const before = news.replace ? undefined : known;
  const times = decoded(news.times).map((time) => time + news.origin_ms);
  const values = decoded(news.values).map((value) => (Number.isFinite(value) ? value : null));
  return {
    runId: news.run_id,
    name: news.name,
    last: news.last,
    lastStep: news.last_step,
    lastMs: news.last_ms,
    lowest: extreme(news.lowest, news.lowest_step),
    highest: extreme(news.highest, news.highest_step),
    originMs: before?.originMs ?? news.origin_ms,
    count: news.count,
    steps: [...(before?.steps ?? []), ...decoded(news.steps)],
    times: [...(before?.times ?? []), ...times],
    values: [...(before?.values ?? []), ...values],
  };
}

const extreme = (value: number | null, step: number): Extreme | null =>
  value === null ? null : { value, step };

function decoded(numbers: Numbers): number[] {
  if (numbers.kind === "range") {
    const { start = 0, step = 0, count = 0 } = numbers;
    return Array.from({ length: count }, (_, i) => start + i * step);
  }
  const data = numbers.data ?? new Uint8Array();
  // By hand, as a buffer need not be aligned.
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const size = numbers.kind === "f8" ? 8 : 4;
  const read = {
    f8: (at: number) => view.getFloat64(at, true),
    i4: (at: number) => view.getInt32(at, true),
    u4: (at: number) => view.getUint32(at, true),
  }[numbers.kind];
  return Array.from({ length: Math.floor(data.byteLength / size) }, (_, i) => read(i * size));
}

const LOW_IS_GOOD = /loss|err|mae|mse|rmse|perplexity|wer|cer|fid|time|latency|seconds|_ms\b|cost/i;

/** The best value that a metric has had: the lowest of a loss, an error or a time, else the highest. */
export function best(series: Series): Extreme | null {
  return LOW_IS_GOOD.test(series.name) ? series.lowest : series.highest;
}
