import type { Points } from "../messages";

/** What a view holds of one metric. Replaced as a whole, so that a change is seen by identity. */
export interface Series {
  name: string;
  last: Points["last"];
  /** How many points were logged; fewer may be held. */
  count: number;
  steps: number[];
  values: (number | null)[];
}

/** Returns the series with news taken in; what can't be drawn (NaN, infinities) becomes a gap. */
export function withPoints(known: Series | undefined, news: Points): Series {
  const steps = Array.from(news.steps);
  const values = Array.from(news.values, (value) => (Number.isFinite(value) ? value : null));
  const before = news.replace ? undefined : known;
  return {
    name: news.name,
    last: news.last,
    count: news.count,
    ...inOrder([...(before?.steps ?? []), ...steps], [...(before?.values ?? []), ...values]),
  };
}

/** Sorts by step if a script went back, as a chart's x axis must grow. */
function inOrder(steps: number[], values: (number | null)[]): Pick<Series, "steps" | "values"> {
  const grows = steps.every((step, i) => i === 0 || step >= (steps[i - 1] as number));
  if (grows) return { steps, values };
  const order = steps.map((_, i) => i).sort((a, b) => (steps[a] as number) - (steps[b] as number));
  return {
    steps: order.map((i) => steps[i] as number),
    values: order.map((i) => values[i] ?? null),
  };
}
