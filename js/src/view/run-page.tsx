import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RunHead, TreeRow } from "../messages";
import type { Channel } from "../state/channel";
import { textOrder } from "../state/commands";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { strings } from "../strings";
import { askToOpen } from "./ask-to-open";
import { CancelRun } from "./cancel";
import { useNow } from "./clock";
import { Details } from "./details";
import { Editable } from "./editable";
import { ErrorBox } from "./error-box";
import { Files } from "./files";
import { elapsed, metric } from "./format";
import { Back, Twisty } from "./icons";
import { useKept } from "./kept";
import { Knowledge } from "./knowledge";
import { LogView } from "./log-view";
import { MetricTiles, tilesOf } from "./metric-tiles";
import { Metrics } from "./metrics";
import { NotifyButton } from "./notify";
import { ProgressBar } from "./progress";
import { ENTERED, RunTree } from "./run-tree";
import { StatusBar, StatusCounts } from "./status-bar";
import { StatusPill } from "./status-pill";
import { type TabInfo, type TabName, Tabs } from "./tabs";
import { TagEditor } from "./tags";

const CARD_METRICS = 3;

interface Props {
  session: Session;
  channel: Channel;
  /** Where the back button leads, if the run was opened from somewhere. */
  from?: { name: string; onBack: () => void };
  /** Whether the person has just come from there: the focus comes, too. */
  entered?: boolean;
}

/** One run: a line that opens, and below it all that is known. */
export function RunPage({ session, channel, from, entered = false }: Props) {
  const run = channel.run.value;
  // A run that had ended when the view was made is a card; one that ends while watched stays open.
  const kept = channel.runId ?? "";
  const [open, setOpen] = useKept(
    session,
    `${kept}/open`,
    () => from !== undefined || (!session.compact && isLive(channel.run.peek()?.status ?? "")),
  );
  const [inside, setInside] = useKept<TreeRow | null>(session, `${kept}/inside`, () => null);
  if (inside && run) {
    return (
      <OpenedRun
        session={session}
        row={inside}
        from={{ name: run.display_name, onBack: () => setInside(null) }}
      />
    );
  }
  const empty = <p class="rw-empty">{channel.trouble.value ?? strings.loading}</p>;
  if (!run && !from) return empty;
  return (
    <>
      <Header
        session={session}
        channel={channel}
        run={run}
        from={from}
        entered={entered}
        open={open}
        onToggle={() => setOpen(!open)}
      />
      {run ? <Knowledge channel={channel} /> : empty}
      {run && open && <Body session={session} channel={channel} run={run} onOpen={setInside} />}
    </>
  );
}

interface OpenedProps {
  session: Session;
  row: TreeRow;
  from: { name: string; onBack: () => void };
}

/** A run of the tree, in the place of what it was opened from. */
export function OpenedRun({ session, row, from }: OpenedProps) {
  const channel = useMemo(() => session.open(row.run_id), [session, row.run_id]);
  const [entered] = useState(() => {
    const isJustOpened = session.kept.get(ENTERED) === row.run_id;
    session.kept.delete(ENTERED);
    return isJustOpened;
  });
  useEffect(() => {
    const unmount = channel.mount();
    return () => {
      unmount();
      channel.close();
    };
  }, [channel]);
  return <RunPage session={session} channel={channel} from={from} entered={entered} />;
}

interface HeaderProps extends Props {
  run: RunHead | null;
  open: boolean;
  onToggle: () => void;
}

/** The way back, or what opens the line; and the run, as soon as it is known. */
function Header({ session, channel, run, from, entered, open, onToggle }: HeaderProps) {
  const way = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (from && (entered || isTreeWithFocusHidden())) way.current?.focus();
  }, []);
  const label = from ? strings.back(from.name) : open ? strings.hideDetails : strings.showDetails;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a short way to a command that has keys
    <header class="rw-header" onDblClick={(event) => run && askToOpen(event, session, run)}>
      <button
        ref={way}
        type="button"
        class="rw-icon-button"
        aria-expanded={from ? undefined : open}
        aria-label={label}
        title={label}
        onClick={from?.onBack ?? onToggle}
      >
        {from ? <Back /> : <Twisty open={open} />}
      </button>
      {run && <Headline session={session} channel={channel} run={run} open={open} />}
    </header>
  );
}

/** Whether the focus was left in a tree: on little room the run that is opened takes its place. */
function isTreeWithFocusHidden(): boolean {
  return document.activeElement?.closest(".rw-tree")?.getClientRects().length === 0;
}

interface HeadlineProps {
  session: Session;
  channel: Channel;
  run: RunHead;
  open: boolean;
}

function Headline({ session, channel, run, open }: HeadlineProps) {
  const now = useNow(channel, isLive(run.status));
  const rename = (value: string) => {
    session.commands.give(textOrder(run, "display_name", value), [
      textOrder(run, "display_name", run.display_name),
    ]);
  };
  return (
    <>
      <div class="rw-headline">
        <StatusPill status={run.status} />
        <Editable
          kind="rw-title"
          label={strings.editName}
          value={run.display_name}
          onChange={rename}
        />
        <span class="rw-number">{elapsed(run.started_ms, run.ended_ms, now)}</span>
        <span class="rw-muted rw-ellipsis rw-origin">
          {strings.ofExperiment(run.number, run.experiment)}
        </span>
        {!open && <CardFacts session={session} channel={channel} run={run} />}
      </div>
      <div class="rw-deeds">
        <NotifyButton session={session} run={run} />
        <CancelRun session={session} channel={channel} run={run} />
      </div>
    </>
  );
}

function CardFacts({ session, channel, run }: Omit<HeadlineProps, "open">) {
  const why = run.error?.message.split("\n")[0];
  return (
    <span class="rw-facts">
      {why && <span class="rw-why rw-ellipsis">{why}</span>}
      {Object.keys(run.child_counts).length > 0 && (
        <StatusCounts counts={run.child_counts} label={strings.childrenByStatus} />
      )}
      {tilesOf(session, channel)
        .slice(0, CARD_METRICS)
        .map(({ name, last }) => (
          <span class="rw-fact" key={name}>
            <span class="rw-muted">{name}</span> {metric(last)}
          </span>
        ))}
    </span>
  );
}

interface BodyProps {
  session: Session;
  channel: Channel;
  run: RunHead;
  onOpen: (row: TreeRow) => void;
}

function Body({ session, channel, run, onOpen }: BodyProps) {
  const [chosen, setChosen] = useKept<TabName | null>(
    session,
    `${channel.runId ?? ""}/tab`,
    () => null,
  );
  const children = Object.values(run.child_counts).reduce((sum, count) => sum + count, 0);
  const metrics = channel.series.value.size + channel.structures.value.length;
  const tabs: TabInfo[] = [
    { name: "children", count: children },
    { name: "metrics", count: metrics },
    { name: "logs" },
    { name: "files", count: channel.files.value.length },
    { name: "details" },
  ];
  const fitting = children > 0 ? "children" : metrics > 0 ? "metrics" : "logs";
  const preferred = tabs.find((tab) => tab.name === session.preferences().defaultTab)?.name;
  const shown = chosen ?? preferred ?? fitting;
  const content = useRef<HTMLDivElement>(null);
  const showCharts = () => {
    setChosen("metrics");
    content.current?.querySelector<HTMLElement>("[data-tab=metrics]")?.focus();
  };
  return (
    <div class="rw-content" ref={content}>
      {run.error && <ErrorBox error={run.error} />}
      {run.progress && <ProgressBar channel={channel} progress={run.progress} />}
      <TagEditor session={session} run={run} />
      <StatusBar counts={run.child_counts} label={strings.childrenByStatus} />
      {shown !== "metrics" && (
        <MetricTiles session={session} channel={channel} onMore={showCharts} />
      )}
      <Tabs tabs={tabs} chosen={shown} onChoose={setChosen}>
        {shown === "children" && (
          <RunTree
            session={session}
            channel={channel}
            label={strings.childRuns}
            empty={strings.noChildren}
            onOpen={onOpen}
            onCompare={showCharts}
          />
        )}
        {shown === "metrics" && <Metrics session={session} channel={channel} run={run} />}
        {shown === "logs" && <LogView session={session} channel={channel} run={run} />}
        {shown === "files" && <Files session={session} channel={channel} run={run} />}
        {shown === "details" && <Details session={session} run={run} />}
      </Tabs>
    </div>
  );
}
