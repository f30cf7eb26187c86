import type { Scalar } from "../messages";
import type { Channel } from "../state/channel";
import { best, type Extreme } from "../state/series";
import type { Session } from "../state/session";
import { count, strings } from "../strings";
import { metric } from "./format";
import { Sparkline } from "./sparkline";

const MOST_TILES = 6;

interface Tile {
  name: string;
  last: Scalar;
  best: Extreme | null;
  count: number;
  values: readonly (number | null)[];
}

interface Props {
  session: Session;
  channel: Channel;
  /** Leads to where all metrics are. */
  onMore: () => void;
}

/** The last and the best value of the first metrics, with the way they took. */
export function MetricTiles({ session, channel, onMore }: Props) {
  const tiles = tilesOf(session, channel);
  if (tiles.length === 0) return null;
  const more = strings.moreMetrics(count(tiles.length - MOST_TILES));
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
          {tile.best !== null && tile.count > 1 && (
            <span class="rw-tile-best rw-number rw-ellipsis">
              {strings.best(metric(tile.best.value), metric(tile.best.step))}
            </span>
          )}
        </li>
      ))}
      {tiles.length > MOST_TILES && (
        <li>
          <button type="button" class="rw-link" onClick={onMore}>
            {more}
          </button>
        </li>
      )}
    </ul>
  );
}

/** The metrics that are known: from the record, or else from the summary. */
export function tilesOf(session: Session, channel: Channel): Tile[] {
  if (!channel.answered.value) {
    const known = channel.runId === null ? Object.entries(session.summary.value.metrics) : [];
    return known.map(([name, last]) => ({ name, last, best: null, count: 1, values: [] }));
  }
  const runId = channel.run.value?.run_id ?? "";
  const own = [...channel.series.value.values()].map((runs) => runs.get(runId));
  return own.filter((series) => series !== undefined).map((one) => ({ ...one, best: best(one) }));
}
