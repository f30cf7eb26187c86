import { render } from "preact";
import { useState } from "preact/hooks";
import type { RunHead } from "../messages";
import type { Session } from "../state/session";
import { isLive } from "../state/status";
import { CancelRun } from "./cancel";
import { ChildTree } from "./child-tree";
import { useNow } from "./clock";
import { Details } from "./details";
import { ErrorBox } from "./error-box";
import { Files } from "./files";
import { clockTime, elapsed, metric } from "./format";
import { Twisty } from "./icons";
import { LogView } from "./log-view";
import { MetricTiles, tilesOf } from "./metric-tiles";
import { Metrics } from "./metrics";
import { Notices } from "./notices";
import { StatusBar, StatusCounts } from "./status-bar";
import { StatusPill } from "./status-pill";
import { strings } from "./strings";
import { type TabInfo, type TabName, Tabs } from "./tabs";
import { TagEditor } from "./tags";

const CARD_METRICS = 3;

/** Draws the run into `el`; call what is returned to remove it. */
export function mountRun(session: Session, el: HTMLElement): () => void {
  const unmount = session.mount();
  render(<RunView session={session} />, el);
  return () => {
    render(null, el);
    unmount();
  };
}

function RunView({ session }: { session: Session }) {
  const run = session.run.value;
  // A run that had ended when the view was made is a card; one that ends while watched stays open.
  const [open, setOpen] = useState(() => !session.compact && isLive(session.run.peek().status));
  return (
    <section class="rw-root" aria-label={strings.run(run.display_name)}>
      <Header session={session} run={run} open={open} onToggle={() => setOpen(!open)} />
      <Notices session={session} />
      {open && <Body session={session} run={run} />}
    </section>
  );
}

interface HeaderProps {
  session: Session;
  run: RunHead;
  open: boolean;
  onToggle: () => void;
}

function Header({ session, run, open, onToggle }: HeaderProps) {
  const now = useNow(session, isLive(run.status));
  const label = open ? strings.hideDetails : strings.showDetails;
  return (
    <header class="rw-header">
      <button
        type="button"
        class="rw-icon-button"
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={onToggle}
      >
        <Twisty open={open} />
      </button>
      <StatusPill status={run.status} />
      <strong class="rw-title rw-ellipsis" title={run.display_name}>
        {run.display_name}
      </strong>
      <span class="rw-muted rw-ellipsis rw-origin">
        {strings.ofExperiment(run.number, run.experiment)}
      </span>
      <span class="rw-number rw-clock">{elapsed(run.started_ms, run.ended_ms, now)}</span>
      {!open && <CardFacts session={session} run={run} />}
      {session.staleSince.value !== null && (
        <span class="rw-muted">{strings.lastKnown(clockTime(session.staleSince.value))}</span>
      )}
      <span class="rw-space" />
      <CancelRun session={session} run={run} />
    </header>
  );
}

function CardFacts({ session, run }: { session: Session; run: RunHead }) {
  return (
    <span class="rw-facts">
      {Object.keys(run.child_counts).length > 0 && <StatusCounts counts={run.child_counts} />}
      {tilesOf(session)
        .slice(0, CARD_METRICS)
        .map(({ name, last }) => (
          <span class="rw-fact" key={name}>
            <span class="rw-muted">{name}</span> {metric(last)}
          </span>
        ))}
    </span>
  );
}

function Body({ session, run }: { session: Session; run: RunHead }) {
  const [chosen, setChosen] = useState<TabName | null>(null);
  const children = Object.values(run.child_counts).reduce((sum, count) => sum + count, 0);
  const tabs: TabInfo[] = [
    { name: "children", count: children },
    { name: "metrics", count: session.series.value.size },
    { name: "logs" },
    { name: "files", count: session.files.value.length },
    { name: "details" },
  ];
  const fitting = children > 0 ? "children" : session.series.value.size > 0 ? "metrics" : "logs";
  const shown = chosen ?? fitting;
  return (
    <div class="rw-content">
      {run.error && <ErrorBox error={run.error} />}
      <TagEditor session={session} run={run} />
      <StatusBar counts={run.child_counts} />
      {shown !== "metrics" && <MetricTiles session={session} />}
      <Tabs tabs={tabs} chosen={shown} onChoose={setChosen}>
        {shown === "children" && <ChildTree session={session} />}
        {shown === "metrics" && <Metrics session={session} />}
        {shown === "logs" && <LogView session={session} />}
        {shown === "files" && <Files session={session} />}
        {shown === "details" && <Details run={run} />}
      </Tabs>
    </div>
  );
}
