import { useMemo } from "preact/hooks";
import type { TreeRow } from "../messages";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { strings } from "../strings";
import { CancelButton, waiting } from "./cancel";
import { clockTime, elapsed, metric } from "./format";
import { Open, Stop, Twisty } from "./icons";
import { Sparkline } from "./sparkline";
import { StatusWord } from "./status-pill";
import { kindOf } from "./tree-columns";

export const ROW_PX = 28;

interface Props {
  session: Session;
  row: TreeRow;
  index: number;
  /** Whether Tab leads to this row and to what is in it. */
  focused: boolean;
  selected: boolean;
  current: boolean;
  /** Whether its children can be shown and hidden. */
  foldable: boolean;
  columns: readonly string[];
  now: number;
  onToggle: (row: TreeRow) => void;
  onFocus: (row: TreeRow, index: number) => void;
  onSelect: (row: TreeRow, index: number, range: boolean) => void;
  onOpen: (row: TreeRow) => void;
}

export function Row(props: Props) {
  const { session, row, index, focused, selected, current, foldable, columns, now } = props;
  // A row is drawn anew only if something of it is new: hundreds change while a person scrolls.
  return useMemo(
    () => <Cells {...props} />,
    [session, row, index, focused, selected, current, foldable, columns.join("\n"), now],
  );
}

function Cells(props: Props) {
  const { session, row, index, focused, selected, current, foldable, columns, now } = props;
  const { onToggle, onFocus, onSelect, onOpen } = props;
  const names = {
    ask: strings.cancelChild(row.display_name),
    confirm: strings.confirmCancelChild(row.display_name),
    keep: strings.keepChildRunning(row.display_name),
  };
  const opens = foldable && row.child_count > 0;
  const tabIndex = focused ? 0 : -1;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys of all its rows
    <div
      class={`rw-row${selected ? " rw-selected" : ""}${current ? " rw-current" : ""}`}
      role="row"
      data-index={index}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={-1}
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-current={current || undefined}
      aria-expanded={opens || row.expanded ? row.expanded : undefined}
      tabIndex={tabIndex}
      style={{ top: `${index * ROW_PX}px` }}
      onClick={() => onFocus(row, index)}
      onMouseDown={withoutSelecting}
      onDblClick={() => onOpen(row)}
      onFocus={() => onFocus(row, index)}
    >
      <div class="rw-cell rw-name" role="gridcell">
        <input
          type="checkbox"
          class="rw-select"
          tabIndex={-1}
          aria-label={strings.selectRun(row.display_name)}
          checked={selected}
          onClick={(event) => onSelect(row, index, event.shiftKey)}
        />
        <span style={{ width: `${(row.level - 1) * 16}px`, flex: "none" }} />
        {opens ? (
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
      {columns.map((column) => (
        <div class={`rw-cell ${kindOf(column)}`} role="gridcell" key={column}>
          <Cell row={row} column={column} now={now} />
        </div>
      ))}
      <div class="rw-cell rw-action" role="gridcell">
        {isLive(row.status) && (
          <CancelButton
            quiet
            face={<Stop />}
            names={names}
            tabIndex={tabIndex}
            requested={row.status === "CancelRequested"}
            onCancel={() => session.commands.give({ type: "cancel", run_ids: [row.run_id] })}
          />
        )}
        <button
          type="button"
          class="rw-icon-button"
          tabIndex={-1}
          aria-label={strings.openRun(row.display_name)}
          title={strings.openRun(row.display_name)}
          onClick={() => onOpen(row)}
        >
          <Open />
        </button>
      </div>
    </div>
  );
}

/** Why a run has failed, or what its cancellation is waiting for. */
export function reasonOf(row: TreeRow, now: number): string | undefined {
  return row.error ?? waiting(row, now) ?? undefined;
}

/** Keeps the second click of two from marking a word. */
function withoutSelecting(event: MouseEvent): void {
  if (event.detail > 1) event.preventDefault();
}

function Cell({ row, column, now }: { row: TreeRow; column: string; now: number }) {
  if (column === "status") {
    return <StatusWord status={row.status} reason={reasonOf(row, now)} />;
  }
  if (column === "duration") return <>{elapsed(row.started_ms, row.ended_ms, now)}</>;
  if (column === "created") return <>{clockTime(row.created_ms)}</>;
  if (column === "tags") return <Chips tags={row.tags} />;
  const value = row.values[column];
  if (Array.isArray(value)) return <Sparkline values={value} />;
  return <>{metric(value)}</>;
}

function Chips({ tags }: { tags: TreeRow["tags"] }) {
  return (
    <>
      {Object.entries(tags).map(([key, value]) => {
        const text = value === null ? key : `${key}=${value}`;
        return (
          <span class="rw-chip" key={key} title={text}>
            {text}
          </span>
        );
      })}
    </>
  );
}
