import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TreeRow } from "../messages";
import { type Channel, type Tree, WINDOW_ROWS } from "../state/channel";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { type Stretch, TreeSelection } from "../state/tree-selection";
import { count, strings } from "../strings";
import { useNow } from "./clock";
import { Down, Up } from "./icons";
import { useKept } from "./kept";
import { useWidth } from "./measure";
import { ColumnMenu, kindOf, nameOfColumn } from "./tree-columns";
import { BEGINNING, isFocusNowhere, type Place, useTreeFocus } from "./tree-focus";
import { press } from "./tree-keys";
import { ROW_PX, Row, reasonOf } from "./tree-row";
import { SelectionBar } from "./tree-selection";

const MOST_SHOWN_ROWS = 12;
const MARGIN_ROWS = 8;
const FILTER_AFTER_MS = 150;
/** After so long the rows in sight are asked for, whether or not those have come that were before. */
const WINDOW_WITHIN_MS = 200;
/** Under this name a session keeps which run is just being opened from a tree. */
export const ENTERED = "entered";

interface Props {
  session: Session;
  channel: Channel;
  label: string;
  empty: string;
  onOpen: (row: TreeRow) => void;
  /** Leads to where the runs that are compared are drawn, if that is elsewhere. */
  onCompare?: () => void;
  /** The run that is open beside the tree. */
  current?: string | null;
}

/** A tree of runs: flat rows in a window, of which only those in sight are drawn. */
export function RunTree(props: Props) {
  const { session, channel, label, empty, onOpen, onCompare, current = null } = props;
  const tree = channel.tree.value;
  const look = channel.look.value;
  // A filter shows the way to what it finds, whatever is open.
  const filtered = look.filter.trim() !== "" && tree.filter_error === null;
  const kept = `${channel.runId ?? ""}/tree`;
  const [selection] = useKept(session, `${kept}/selection`, () => new TreeSelection());
  const [place] = useKept<Place>(session, `${kept}/place`, () => ({ ...BEGINNING }));
  const [, draw] = useState(0);
  const move = (to: Partial<Place>) => {
    Object.assign(place, to);
    draw((times) => times + 1);
  };
  const [within, setWithin] = useState(false);
  const body = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const now = useNow(
    channel,
    tree.rows.some((row) => isLive(row.status)),
  );
  useEffect(
    () => selection.follow(channel, session.commands),
    [selection, channel, session.commands],
  );

  const first = Math.max(0, Math.floor(place.top / ROW_PX) - MARGIN_ROWS);
  const last = Math.min(tree.total, first + MOST_SHOWN_ROWS + 2 * MARGIN_ROWS);
  const shown = rowsBetween(tree, first, last);
  const selected = selection.rows.value;
  const columns = look.columns !== null ? tree.columns : fitting(tree.columns, width);
  const flat = tree.rows.every((row) => row.level === 1 && row.child_count === 0);
  useWindow(channel, tree, first, last, selection.awaited.value);

  const found = indexIn(tree, place.id);
  if (found !== null) place.index = found;
  const at = Math.min(place.index, Math.max(0, tree.total - 1));
  const isDrawn = shown.some(([index]) => index === at);
  const belongs = isDrawn && (found !== null || place.id === null);
  const wanted = useTreeFocus(frame, belongs ? at : null);
  const held = found === null ? undefined : tree.rows[found - tree.offset];
  const reason = within && held ? reasonOf(held, now) : undefined;

  const go = (index: number) => {
    const to = Math.max(0, Math.min(tree.total - 1, index));
    wanted.current = true;
    scrollTo(body.current, to);
    move({ id: tree.rows[to - tree.offset]?.run_id ?? null, index: to });
  };
  useReturn({ tree, place, body, current, go });
  const toggle = (row: TreeRow) => channel.toggle(row.run_id, !row.expanded);
  // Rows keep what they were first given, so that these must not close over what was then.
  const select = (row: TreeRow, index: number, range: boolean) => {
    if (range) selection.extend(channel.tree.peek(), row, index);
    else selection.toggle(row, index);
  };
  const focus = (row: TreeRow, index: number) => {
    if (place.id !== row.run_id) move({ id: row.run_id, index });
  };
  const open = (row: TreeRow) => {
    place.id = row.run_id;
    place.opened = true;
    session.kept.set(ENTERED, row.run_id);
    onOpen(row);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const line = target.closest<HTMLElement>("[data-index]");
    const index = line ? Number(line.dataset.index) : at;
    const row = line ? tree.rows[index - tree.offset] : undefined;
    const inControl = target !== line && target !== event.currentTarget;
    const pageRows = MOST_SHOWN_ROWS - 1;
    const acts = { tree, selection, foldable: !filtered, pageRows, go, toggle, select, open };
    if (!press(event, { row, at: index, inControl }, acts)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="rw-tree" ref={frame}>
      <Bar channel={channel} tree={tree} columns={columns} />
      {selected.size > 0 && (
        <SelectionBar
          session={session}
          channel={channel}
          selection={selection}
          onCompare={onCompare}
        />
      )}
      {tree.total === 0 ? (
        <p class="rw-empty">{filtered ? strings.noMatch : empty}</p>
      ) : (
        <div
          class={flat ? "rw-grid rw-flat" : "rw-grid"}
          role="treegrid"
          tabIndex={isDrawn ? -1 : 0}
          aria-label={label}
          aria-multiselectable="true"
          aria-rowcount={tree.total + 1}
          style={{ "--rw-columns": widths(columns) }}
          onKeyDown={onKeyDown}
          onFocusIn={() => setWithin(true)}
          onFocusOut={() => setWithin(false)}
        >
          <Heading channel={channel} columns={columns} />
          <div
            class="rw-body"
            role="rowgroup"
            ref={body}
            style={{ height: `${Math.min(tree.total, MOST_SHOWN_ROWS) * ROW_PX}px` }}
            onScroll={(event) => move({ top: event.currentTarget.scrollTop })}
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
                  foldable={!filtered}
                  columns={columns}
                  now={isLive(row.status) ? now : 0}
                  onToggle={toggle}
                  onFocus={focus}
                  onSelect={select}
                  onOpen={open}
                />
              ))}
            </div>
          </div>
        </div>
      )}
      {reason && <p class="rw-reason">{reason}</p>}
    </div>
  );
}

/** Asks for the rows around those in sight when they come near the window's end, and for those
 * that are to be selected. While a person scrolls quickly one answer is waited for at a time. */
function useWindow(
  channel: Channel,
  tree: Tree,
  first: number,
  last: number,
  awaited: Stretch | null,
): void {
  const asked = useRef({ from: -1, untilMs: 0 });
  const [waited, wait] = useState(0);
  useEffect(() => {
    if (tree.total === 0) return;
    const look = channel.look.value;
    const ask = (offset: number, limit: number) => {
      if (offset !== look.offset || limit !== look.limit) channel.changeLook({ offset, limit });
    };
    if (awaited) {
      ask(awaited.low, awaited.high - awaited.low);
      return;
    }
    const held = tree.offset <= first && last <= tree.offset + tree.ids.length;
    if (held && look.limit === WINDOW_ROWS) return;
    const leftMs =
      asked.current.from === tree.offset ? asked.current.untilMs - performance.now() : 0;
    if (leftMs > 0) {
      const timer = setTimeout(() => wait((times) => times + 1), leftMs);
      return () => clearTimeout(timer);
    }
    asked.current = { from: tree.offset, untilMs: performance.now() + WINDOW_WITHIN_MS };
    ask(Math.max(0, Math.floor((first + last - WINDOW_ROWS) / 2)), WINDOW_ROWS);
  }, [channel, first, last, awaited, tree.offset, tree.ids.length, tree.total, waited]);
}

interface Returning {
  tree: Tree;
  place: Place;
  body: { current: HTMLElement | null };
  current: string | null;
  go: (index: number) => void;
}

/** Brings back to where a run was opened, when it is closed. */
function useReturn({ tree, place, body, current, go }: Returning): void {
  const isEmpty = tree.total === 0;
  useLayoutEffect(() => {
    if (!body.current) return;
    body.current.scrollTop = place.top;
    if (place.opened && isFocusNowhere()) go(indexIn(tree, place.id) ?? place.index);
    place.opened = false;
  }, [isEmpty]);
  const before = useRef(current);
  useLayoutEffect(() => {
    const closed = current === null ? indexIn(tree, before.current) : null;
    before.current = current;
    if (closed !== null && isFocusNowhere()) go(closed);
  }, [current]);
}

function indexIn(tree: Tree, runId: string | null): number | null {
  const found = tree.rows.findIndex((row) => row.run_id === runId);
  return found < 0 ? null : tree.offset + found;
}

/** The least width of a column in pixels, and what share of the room that is left it takes. */
const WIDTHS: Record<string, readonly [px: number, share: number]> = {
  status: [118, 0],
  duration: [72, 0],
  created: [120, 1],
  tags: [100, 1.4],
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
  const problem = tree.filter_problem;
  const error =
    (problem && strings.filterProblems[problem.code]?.(...problem.about)) ?? tree.filter_error;
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
