import type { TreeRow } from "../messages";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { CancelButton } from "./cancel";
import { elapsed, metric } from "./format";
import { Stop, Twisty } from "./icons";
import { StatusWord } from "./status-pill";
import { strings } from "./strings";

export const ROW_PX = 28;

interface Props {
  session: Session;
  row: TreeRow;
  index: number;
  focused: boolean;
  columns: readonly string[];
  now: number;
  onToggle: (row: TreeRow) => void;
  onFocus: (index: number) => void;
}

export function Row({ session, row, index, focused, columns, now, onToggle, onFocus }: Props) {
  const names = {
    ask: strings.cancelChild(row.display_name),
    confirm: strings.confirmCancelChild(row.display_name),
    keep: strings.keepChildRunning(row.display_name),
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys of all its rows
    <div
      class="rw-row"
      role="row"
      data-index={index}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-rowindex={index + 2}
      aria-expanded={row.child_count > 0 ? row.expanded : undefined}
      tabIndex={focused ? 0 : -1}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      onClick={() => onFocus(index)}
      onFocus={() => onFocus(index)}
    >
      <div
        class="rw-cell rw-name"
        role="gridcell"
        style={{ paddingLeft: `${(row.level - 1) * 16}px` }}
      >
        {row.child_count > 0 ? (
          <button
            type="button"
            class="rw-twisty"
            tabIndex={-1}
            aria-label={row.expanded ? strings.collapse : strings.expand}
            onClick={() => onToggle(row)}
          >
            <Twisty open={row.expanded} />
          </button>
        ) : (
          <span class="rw-twisty" />
        )}
        <span class="rw-ellipsis" title={row.display_name}>
          {row.display_name}
        </span>
      </div>
      <div class="rw-cell" role="gridcell">
        <StatusWord status={row.status} />
      </div>
      <div class="rw-cell rw-number rw-time" role="gridcell">
        {elapsed(row.started_ms, row.ended_ms, now)}
      </div>
      {columns.map((name) => (
        <div class="rw-cell rw-number rw-metric" role="gridcell" key={name}>
          {metric(row.metrics[name])}
        </div>
      ))}
      <div class="rw-cell rw-row-tags" role="gridcell">
        {Object.entries(row.tags).map(([key, value]) => {
          const text = value === null ? key : `${key}=${value}`;
          return (
            <span class="rw-chip" key={key} title={text}>
              {text}
            </span>
          );
        })}
      </div>
      <div class="rw-cell rw-action" role="gridcell">
        {isLive(row.status) && (
          <CancelButton
            quiet
            face={<Stop />}
            names={names}
            requested={row.status === "CancelRequested"}
            onCancel={() => session.commands.give({ type: "cancel", run_id: row.run_id })}
          />
        )}
      </div>
    </div>
  );
}
