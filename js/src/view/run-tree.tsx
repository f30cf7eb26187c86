import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { TreeRow } from "../messages";
import { type Channel, type Tree, WINDOW_ROWS } from "../state/channel";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { count, strings } from "../strings";
import { useNow } from "./clock";
import { Down, Up } from "./icons";
import { useWidth } from "./measure";
import { ColumnMenu, kindOf, nameOfColumn } from "./tree-columns";
import { ROW_PX, Row } from "./tree-row";
import { Selection } from "./tree-selection";

const MOST_SHOWN_ROWS = 12;
const MARGIN_ROWS = 8;
const FILTER_AFTER_MS = 150;

interface Props {
  session: Session;
  channel: Channel;
  label: string;
  empty: string;
  onOpen: (row: TreeRow) => void;
  /** The run that is open beside the tree. */
  current?: string | null;
}

/** A tree of runs: flat rows in a window, of which only those in sight are drawn. */
export function RunTree({ session, channel, label, empty, onOpen, current }: Props) {
  const tree = channel.tree.value;
  const filtered = channel.look.value.filter !== "";
  const [focused, setFocused] = useState(0);
  const [top, setTop] = useState(0);
  const [selected, setSelected] = useState<ReadonlyMap<string, TreeRow>>(new Map());
  const anchor = useRef(0);
  const body = useRef<HTMLDivElement>(null);
  /** The row that the keyboard has gone to, until it is drawn and has the focus. */
  const goal = useRef<number | null>(null);
  const now = useNow(
    channel,
    tree.rows.some((row) => isLive(row.status)),
  );

  const first = Math.max(0, Math.floor(top / ROW_PX) - MARGIN_ROWS);
  const last = Math.min(tree.total, first + MOST_SHOWN_ROWS + 2 * MARGIN_ROWS);
  const shown = rowsBetween(tree, first, last);
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const chosen = channel.look.value.columns !== null;
  const columns = chosen ? tree.columns : fitting(tree.columns, width);
  const flat = tree.rows.every((row) => row.level === 1 && row.child_count === 0);
  const at = Math.min(focused, Math.max(0, tree.total - 1));
  useWindow(channel, tree, first, last);

  useEffect(() => {
    if (goal.current === null) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-index="${goal.current}"]`);
    if (row) {
      goal.current = null;
      row.focus({ preventScroll: true });
    }
  });

  const go = (index: number) => {
    const to = Math.max(0, Math.min(tree.total - 1, index));
    goal.current = to;
    setFocused(to);
    scrollTo(body.current, to);
  };
  const toggle = (row: TreeRow) => channel.toggle(row.run_id, !row.expanded);
  // Rows keep what they were first given, so that this must not close over what was then.
  const select = (row: TreeRow, index: number, range: boolean) => {
    const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
    anchor.current = index;
    setSelected((before) => {
      const next = new Map(before);
      if (range) {
        const between = rowsBetween(channel.tree.peek(), from, to + 1);
        for (const [, one] of between) next.set(one.run_id, one);
      } else if (!next.delete(row.run_id)) next.set(row.run_id, row);
      return next;
    });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const onRow = event.target instanceof HTMLElement && event.target.role === "row";
    // A control in a row has its own keys; the arrows bring back to the row.
    if (!onRow && !event.key.startsWith("Arrow")) return;
    const row = tree.rows[at - tree.offset];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { row, at, tree, go, toggle, select, onOpen, shift: event.shiftKey };
    if (!act(event.key, keys)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="rw-tree" ref={frame}>
      <Bar channel={channel} tree={tree} columns={columns} />
      {selected.size > 0 && (
        <Selection
          session={session}
          channel={channel}
          selected={selected}
          onClear={() => setSelected(new Map())}
        />
      )}
      {tree.total === 0 ? (
        <p class="rw-empty">{filtered ? strings.noMatch : empty}</p>
      ) : (
        <div
          class={flat ? "rw-grid rw-flat" : "rw-grid"}
          role="treegrid"
          tabIndex={-1}
          aria-label={label}
          aria-multiselectable="true"
          aria-rowcount={tree.total + 1}
          style={{ "--rw-columns": widths(columns) }}
          onKeyDown={onKeyDown}
        >
          <Heading channel={channel} columns={columns} />
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
                  selected={selected.has(row.run_id)}
                  current={row.run_id === current}
                  columns={columns}
                  now={isLive(row.status) ? now : 0}
                  onToggle={toggle}
                  onFocus={setFocused}
                  onSelect={select}
                  onOpen={onOpen}
                />
              ))}
            </div>
          </div>
        </div>
      )}
    </div>
  );
}

/** Asks for the rows around those in sight when they come near the window's end. */
function useWindow(channel: Channel, tree: Tree, first: number, last: number): void {
  useEffect(() => {
    const held = tree.offset <= first && last <= tree.offset + tree.ids.length;
    if (held || tree.total === 0) return;
    const offset = Math.max(0, Math.floor((first + last - WINDOW_ROWS) / 2));
    if (offset !== channel.look.value.offset) channel.changeLook({ offset });
  }, [channel, first, last, tree.offset, tree.ids.length, tree.total]);
}

/** The least width of a column in pixels, and what share of the room that is left it takes. */
const WIDTHS: Record<string, readonly [px: number, share: number]> = {
  status: [118, 0],
  duration: [72, 0],
  created: [84, 1],
  tags: [60, 1.4],
};
const OTHER = [62, 1] as const;
const SPARK = [76, 1] as const;
const NAME_AND_ACTIONS_PX = 222;
const GAP_PX = 8;

function widthOf(column: string): readonly [number, number] {
  return WIDTHS[column] ?? (column.startsWith("spark:") ? SPARK : OTHER);
}

function widths(columns: readonly string[]): string {
  const track = ([px, share]: readonly [number, number]) =>
    share === 0 ? `${px}px` : `minmax(${px}px,${share}fr)`;
  return columns.map((column) => track(widthOf(column))).join(" ");
}

/** Returns those of the columns that nobody chose for which there is room: numbers go last. */
function fitting(columns: readonly string[], width: number): readonly string[] {
  const kept = [...columns];
  const needed = () =>
    kept.reduce((sum, column) => sum + widthOf(column)[0] + GAP_PX, NAME_AND_ACTIONS_PX);
  while (needed() > width && kept.length > 1) {
    const tags = kept.indexOf("tags");
    kept.splice(tags >= 0 && kept.length > 4 ? tags - 1 : kept.length - 1, 1);
  }
  return kept;
}

interface BarProps {
  channel: Channel;
  tree: Tree;
  columns: readonly string[];
}

function Bar({ channel, tree, columns }: BarProps) {
  const { sort } = channel.look.value;
  const error = tree.filter_error;
  return (
    <div class="rw-filter">
      <Filter channel={channel} invalid={error !== null} />
      {error !== null && (
        <span class="rw-filter-error" role="alert">
          {error}
        </span>
      )}
      <span class="rw-space" />
      <span class="rw-muted rw-number">{strings.countRuns(count(tree.total))}</span>
      {sort !== null && (
        <button
          type="button"
          class="rw-link"
          onClick={() => channel.changeLook({ sort: { ...sort, asked: sort.asked + 1 } })}
        >
          {strings.sortAgain}
        </button>
      )}
      <ColumnMenu channel={channel} columns={channel.look.value.columns ?? columns} />
    </div>
  );
}

function Filter({ channel, invalid }: { channel: Channel; invalid: boolean }) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      type="search"
      aria-label={strings.filterRuns}
      aria-invalid={invalid}
      placeholder={strings.filterHint}
      title={strings.filterHint}
      defaultValue={channel.look.value.filter}
      onKeyDown={(event) => event.stopPropagation()}
      onInput={(event) => {
        const filter = event.currentTarget.value;
        clearTimeout(timer.current);
        timer.current = setTimeout(
          () => channel.changeLook({ filter, offset: 0 }),
          FILTER_AFTER_MS,
        );
      }}
    />
  );
}

function Heading({ channel, columns }: { channel: Channel; columns: readonly string[] }) {
  return (
    <div class="rw-row rw-heading" role="row" aria-rowindex={1}>
      <Head channel={channel} column="name" kind="rw-name">
        {strings.columnNames.name}
      </Head>
      {columns.map((column) => (
        <Head key={column} channel={channel} column={column} kind={kindOf(column)}>
          {nameOfColumn(column)}
        </Head>
      ))}
      <div class="rw-cell rw-action" role="columnheader">
        <span class="rw-hidden">{strings.columnNames.action}</span>
      </div>
    </div>
  );
}

interface HeadProps {
  channel: Channel;
  column: string;
  kind: string;
  children: ComponentChildren;
}

/** A column's name; a click sorts by it, up, then down, then not at all. */
function Head({ channel, column, kind, children }: HeadProps) {
  const { sort } = channel.look.value;
  const here = sort?.column === column ? sort : null;
  const next = () => {
    if (!here) channel.changeLook({ sort: { column, descending: false, asked: 0 } });
    else if (!here.descending) channel.changeLook({ sort: { ...here, descending: true } });
    else channel.changeLook({ sort: null });
  };
  const sorted = here === null ? "none" : here.descending ? "descending" : "ascending";
  return (
    <div class={`rw-cell ${kind}`} role="columnheader" aria-sort={sorted}>
      <button type="button" class="rw-sort" title={String(children)} onClick={next}>
        <span class="rw-ellipsis">{children}</span>
        {here && (here.descending ? <Down /> : <Up />)}
      </button>
    </div>
  );
}

interface Keys {
  row: TreeRow;
  at: number;
  tree: Tree;
  go: (index: number) => void;
  toggle: (row: TreeRow) => void;
  select: (row: TreeRow, index: number, range: boolean) => void;
  onOpen: (row: TreeRow) => void;
  shift: boolean;
}

/** What a key does in the tree, as the ARIA treegrid pattern says; returns whether it did. */
function act(key: string, { row, at, tree, go, toggle, select, onOpen, shift }: Keys): boolean {
  const opens = row.child_count > 0;
  const step = (to: number) => {
    const next = tree.rows[to - tree.offset];
    if (shift && next) select(next, to, false);
    go(to);
  };
  const moves: Record<string, () => void> = {
    ArrowDown: () => step(at + 1),
    ArrowUp: () => step(at - 1),
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
    Enter: () => onOpen(row),
    " ": () => select(row, at, shift),
  };
  moves[key]?.();
  return key in moves;
}

function parentOf(row: TreeRow, at: number, tree: Tree): number {
  for (let index = at - 1; index >= tree.offset; index--) {
    if ((tree.rows[index - tree.offset]?.level ?? 0) < row.level) return index;
  }
  return at;
}

function rowsBetween(tree: Tree, first: number, last: number): [number, TreeRow][] {
  const found: [number, TreeRow][] = [];
  for (let index = Math.max(first, tree.offset); index < last; index++) {
    const row = tree.rows[index - tree.offset];
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
