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

/** Words of names; where some follow each other, they are joined by "_". The first table goes first. */
const HIGH_IS_GOOD =
  "acc accuracy auc auroc f1 precision r2 recall neg_log neg_mean neg_root " +
  "per_s per_sec per_second per_min per_minute per_hour";
const LOW_IS_GOOD =
  "loss losses logloss err error errors cross_entropy nll mae mape mse rmse perplexity ppl " +
  "cer fid wer cost costs duration latency ms runtime sec second seconds time";

/** The best value that a metric has had: the lowest of a loss, an error or a time, else the highest. */
export function best(series: Series): Extreme | null {
  const words = wordsOf(series.name);
  const low = isAmong(words.replace(/\d/g, ""), LOW_IS_GOOD) && !isAmong(words, HIGH_IS_GOOD);
  return low ? series.lowest : series.highest;
}

/** Returns the words of a name such as "val/f1 score" or "testMSELoss": "_val_f1_score_". */
function wordsOf(name: string): string {
  const apart = name.replace(/([a-z\d])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3 $2$4");
  return `_${apart.toLowerCase().replace(/[^\p{L}\d]+/gu, "_")}_`;
}

const isAmong = (words: string, table: string): boolean =>
  table.split(" ").some((one) => words.includes(`_${one}_`));

/** A step and what several series have there. */
export interface Row {
  step: number;
  values: (number | null | undefined)[];
}

/** Returns the points of several series beside each other; a step that came twice has two rows. */
export function sideBySide(all: readonly Series[]): Row[] {
  const rows = new Map<string, Row>();
  all.forEach((series, column) => {
    const seen = new Map<number, number>();
    series.steps.forEach((step, i) => {
      const time = seen.get(step) ?? 0;
      seen.set(step, time + 1);
      const row = rows.get(`${step} ${time}`) ?? { step, values: all.map(() => undefined) };
      row.values[column] = series.values[i];
      rows.set(`${step} ${time}`, row);
    });
  });
  return [...rows.values()].sort((a, b) => a.step - b.step);
}
