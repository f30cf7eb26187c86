import { useEffect, useRef, useState } from "preact/hooks";
import type { TreeRow } from "../messages";
import { type Session, WINDOW_ROWS } from "../state/session";
import { isLive } from "../state/status";
import { useNow } from "./clock";
import { strings } from "./strings";
import { ROW_PX, Row } from "./tree-row";

const MOST_SHOWN_ROWS = 12;
const MARGIN_ROWS = 6;
const MOST_METRIC_COLUMNS = 4;
const FILTER_AFTER_MS = 150;

/** The tree of child runs: flat rows in a window, of which only those in sight are drawn. */
export function ChildTree({ session }: { session: Session }) {
  const tree = session.tree.value;
  const filtered = session.look.value.filter !== "";
  const [focused, setFocused] = useState(0);
  const [top, setTop] = useState(0);
  const body = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const now = useNow(
    session,
    tree.rows.some((row) => isLive(row.status)),
  );

  const columns = tree.metric_names.slice(0, MOST_METRIC_COLUMNS);
  const first = Math.max(0, Math.floor(top / ROW_PX) - MARGIN_ROWS);
  const last = Math.min(tree.total, first + MOST_SHOWN_ROWS + 2 * MARGIN_ROWS);
  const shown = rowsBetween(tree.offset, tree.rows, first, last);
  const at = Math.min(focused, Math.max(0, tree.total - 1));

  useEffect(() => {
    const held = tree.offset <= first && last <= tree.offset + tree.rows.length;
    if (held || tree.total === 0) return;
    const middle = Math.floor((first + last - WINDOW_ROWS) / 2);
    const offset = Math.max(0, middle);
    if (offset !== session.look.value.offset) session.changeLook({ offset });
  }, [session, first, last, tree.offset, tree.rows.length, tree.total]);

  useEffect(() => {
    if (!moved.current) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-index="${at}"]`);
    if (row) {
      moved.current = false;
      row.focus({ preventScroll: true });
    }
  });

  const go = (index: number) => {
    const to = Math.max(0, Math.min(tree.total - 1, index));
    moved.current = true;
    setFocused(to);
    scrollTo(body.current, to);
  };
  const toggle = (row: TreeRow) => session.toggle(row.run_id, !row.expanded);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target.role !== "row") {
      // A button in a row: its own keys, and the arrows bring back to the row.
      if (!event.key.startsWith("Arrow")) return;
    }
    const row = tree.rows[at - tree.offset];
    const done = row && act(event.key, row, at, go, toggle, tree);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="rw-tree">
      <Filter session={session} total={tree.total} />
      {tree.total === 0 ? (
        <p class="rw-empty">{filtered ? strings.noMatch : strings.noChildren}</p>
      ) : (
        <div
          class="rw-grid"
          role="treegrid"
          tabIndex={-1}
          aria-label={strings.childRuns}
          aria-rowcount={tree.total + 1}
          style={{ "--rw-metrics": columns.length }}
          onKeyDown={onKeyDown}
        >
          <Heading columns={columns} />
          <div
            class="rw-body"
            role="rowgroup"
            ref={body}
            style={{ height: `${Math.min(tree.total, MOST_SHOWN_ROWS) * ROW_PX}px` }}
            onScroll={(event) => setTop(event.currentTarget.scrollTop)}
          >
            <div class="rw-rows" role="presentation" style={{ height: `${tree.total * ROW_PX}px` }}>
              {shown.map(([index, row]) => (
                <Row
                  key={row.run_id}
                  session={session}
                  row={row}
                  index={index}
                  focused={index === at}
                  columns={columns}
                  now={now}
                  onToggle={toggle}
                  onFocus={setFocused}
                />
              ))}
            </div>
          </div>
        </div>
      )}
    </div>
  );
}

function Heading({ columns }: { columns: readonly string[] }) {
  const names = strings.columns;
  return (
    <div class="rw-row rw-heading" role="row" aria-rowindex={1}>
      <Column name={names.name} kind="rw-name" />
      <Column name={names.status} />
      <Column name={names.duration} kind="rw-number rw-time" />
      {columns.map((name) => (
        <Column key={name} name={name} kind="rw-number rw-metric" />
      ))}
      <Column name={names.tags} kind="rw-row-tags" />
      <Column name={names.action} kind="rw-action" hidden />
    </div>
  );
}

function Column({ name, kind = "", hidden }: { name: string; kind?: string; hidden?: boolean }) {
  return (
    <div class={`rw-cell rw-ellipsis ${kind}`} role="columnheader" title={name}>
      <span class={hidden ? "rw-hidden" : undefined}>{name}</span>
    </div>
  );
}

function Filter({ session, total }: { session: Session; total: number }) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div class="rw-filter">
      <input
        type="search"
        aria-label={strings.filterRuns}
        placeholder={strings.filterHint}
        defaultValue={session.look.value.filter}
        onKeyDown={(event) => event.stopPropagation()}
        onInput={(event) => {
          const filter = event.currentTarget.value;
          clearTimeout(timer.current);
          timer.current = setTimeout(
            () => session.changeLook({ filter, offset: 0 }),
            FILTER_AFTER_MS,
          );
        }}
      />
      <span class="rw-muted">{strings.countRuns(total)}</span>
    </div>
  );
}

/** What a key does in the tree, as the ARIA treegrid pattern says; returns whether it did. */
function act(
  key: string,
  row: TreeRow,
  at: number,
  go: (index: number) => void,
  toggle: (row: TreeRow) => void,
  tree: { offset: number; rows: readonly TreeRow[]; total: number },
): boolean {
  const opens = row.child_count > 0;
  const moves: Record<string, () => void> = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    PageDown: () => go(at + MOST_SHOWN_ROWS - 1),
    PageUp: () => go(at - MOST_SHOWN_ROWS + 1),
    Home: () => go(0),
    End: () => go(tree.total - 1),
    ArrowRight: () => {
      if (opens && !row.expanded) toggle(row);
      else if (opens) go(at + 1);
    },
    ArrowLeft: () => {
      if (opens && row.expanded) toggle(row);
      else go(parentOf(row, at, tree));
    },
  };
  moves[key]?.();
  return key in moves;
}

function parentOf(
  row: TreeRow,
  at: number,
  tree: { offset: number; rows: readonly TreeRow[] },
): number {
  for (let index = at - 1; index >= tree.offset; index--) {
    if ((tree.rows[index - tree.offset]?.level ?? 0) < row.level) return index;
  }
  return at;
}

function rowsBetween(
  offset: number,
  rows: readonly TreeRow[],
  first: number,
  last: number,
): [number, TreeRow][] {
  const found: [number, TreeRow][] = [];
  for (let index = Math.max(first, offset); index < last; index++) {
    const row = rows[index - offset];
    if (row) found.push([index, row]);
  }
  return found;
}

function scrollTo(body: HTMLElement | null, index: number): void {
  if (!body) return;
  const start = index * ROW_PX;
  if (start < body.scrollTop) body.scrollTop = start;
  else if (start + ROW_PX > body.scrollTop + body.clientHeight) {
    body.scrollTop = start + ROW_PX - body.clientHeight;
  }
}
