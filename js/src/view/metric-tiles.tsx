import type { Session } from "../state/session";
import { metric } from "./format";

const MOST_TILES = 6;

interface Tile {
  name: string;
  last: number | string | boolean | null;
  values: (number | null)[];
}

/** The last value of the first metrics, with the way it came. */
export function MetricTiles({ session }: { session: Session }) {
  const tiles = tilesOf(session);
  if (tiles.length === 0) return null;
  return (
    <ul class="rw-tiles">
      {tiles.slice(0, MOST_TILES).map((tile) => (
        <li class="rw-tile" key={tile.name}>
          <span class="rw-tile-name rw-ellipsis" title={tile.name}>
            {tile.name}
          </span>
          <span class="rw-tile-value">
            <span class="rw-number rw-ellipsis" title={String(tile.last)}>
              {metric(tile.last)}
            </span>
            <Sparkline values={tile.values} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The metrics that are known: from the record, or else from the summary. */
export function tilesOf(session: Session): Tile[] {
  if (!session.answered.value) {
    const known = Object.entries(session.known.metrics);
    return known.map(([name, last]) => ({ name, last, values: [] }));
  }
  return [...session.series.value.values()];
}

const WIDTH = 72;
const HEIGHT = 18;

function Sparkline({ values }: { values: (number | null)[] }) {
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
      aria-hidden="true"
    >
      <polyline points={points} fill="none" stroke="currentColor" stroke-width="1.5" />
    </svg>
  );
}
