const WIDTH = 72;
const HEIGHT = 18;

/** The way that values took, as a small line. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const numbers = values.filter((value): value is number => value !== null);
  if (numbers.length < 2) return null;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of numbers) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const span = high - low || 1;
  const x = (i: number) => (i / (numbers.length - 1)) * WIDTH;
  const y = (value: number) => HEIGHT - 1.5 - ((value - low) / span) * (HEIGHT - 3);
  const points = numbers.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return (
    <svg
      class="rw-sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polyline
        points={points}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}
