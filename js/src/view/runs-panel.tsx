import type { Signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ExperimentRow, Overview, WorkspaceHead } from "../messages";
import type { Channel } from "../state/channel";
import type { Session } from "../state/session";
import { toneOf } from "../state/status";
import type { Workspaces } from "../state/workspaces";
import { count, strings } from "../strings";
import type { Subject } from "../transport/server";
import { useNow } from "./clock";
import { ExperimentPage } from "./experiment-page";
import { elapsed } from "./format";
import { StatusIcon } from "./icons";
import { Notices } from "./notices";
import { RunPage } from "./run-page";

/** What a runs panel shows: kept when the page is loaded anew. */
export interface Place {
  workspaceId: string | null;
  experiment: string | null;
  runId: string | null;
}

export const NOWHERE: Place = { workspaceId: null, experiment: null, runId: null };

interface Props {
  workspaces: Workspaces;
  place: Signal<Place>;
  /** Makes the session of what is shown; it is closed when that goes. */
  open: (subject: Subject) => Session;
}

/** The experiments and runs of a workspace, and one run beside them. */
export function RunsPanel({ workspaces, place, open }: Props) {
  const known = workspaces.known.value;
  const workspace = chosen(known, place.value.workspaceId);
  // What is asked for of a workspace that is gone is not asked for of another.
  const away = (place.value.workspaceId ?? workspace?.workspace_id) !== workspace?.workspace_id;
  const { experiment, runId } = away ? NOWHERE : place.value;
  const overview = workspaces.overviews.value.get(workspace?.workspace_id ?? "");
  const shown = experiment ?? overview?.experiments[0]?.name ?? null;
  const go = (to: Partial<Place>) => {
    place.value = { ...place.value, workspaceId: workspace?.workspace_id ?? null, ...to };
  };
  return (
    <section class="rw-root rw-whole" aria-label={strings.trainingRuns}>
      {workspace === null ? (
        <p class="rw-empty">{known ? strings.noWorkspace : waitingFor(workspaces)}</p>
      ) : (
        <div class={runId === null ? "rw-workbench" : "rw-workbench rw-with-run"}>
          <nav class="rw-side" aria-label={strings.experiments}>
            <WorkspaceChoice
              known={known ?? []}
              workspace={workspace}
              onChoose={(workspaceId) => go({ workspaceId, experiment: null, runId: null })}
            />
            <LiveRuns
              workspaces={workspaces}
              overview={overview}
              runId={runId}
              // One that was archived has no name to be asked for by.
              onChoose={(of, run) => go({ experiment: of || shown, runId: run })}
            />
            <Experiments
              experiments={overview?.experiments ?? []}
              shown={shown}
              onChoose={(name) => go({ experiment: name, runId: null })}
            />
          </nav>
          {shown !== null && (
            <Pane
              key={`${workspace.workspace_id}/${shown}`}
              kind="rw-pane rw-pane-table"
              subject={{ workspace_id: workspace.workspace_id, run_id: null, experiment: shown }}
              open={open}
              draw={(session, channel) => (
                <ExperimentPage
                  session={session}
                  channel={channel}
                  onOpen={(row) => go({ experiment: shown, runId: row.run_id })}
                  current={runId}
                />
              )}
            />
          )}
          {runId !== null && (
            <Pane
              key={`${workspace.workspace_id}#${runId}`}
              kind="rw-pane rw-pane-run"
              subject={{ workspace_id: workspace.workspace_id, run_id: runId, experiment: null }}
              open={open}
              draw={(session, channel) => (
                <RunPage
                  session={session}
                  channel={channel}
                  from={{ name: shown ?? workspace.name, onBack: () => go({ runId: null }) }}
                />
              )}
            />
          )}
        </div>
      )}
    </section>
  );
}

function waitingFor(workspaces: Workspaces): string {
  return workspaces.unreachable.value ? strings.noServerExtension : strings.loading;
}

function chosen(known: readonly WorkspaceHead[] | null, id: string | null): WorkspaceHead | null {
  return known?.find((one) => one.workspace_id === id) ?? known?.[0] ?? null;
}

interface PaneProps {
  kind: string;
  subject: Subject;
  open: (subject: Subject) => Session;
  draw: (session: Session, channel: Channel) => ComponentChild;
}

/** A part of the panel with a session of its own; give it another key for another subject. */
function Pane({ kind, subject, open, draw }: PaneProps) {
  const { session, channel } = useMemo(() => {
    const made = open(subject);
    return { session: made, channel: made.open(null) };
  }, []);
  useEffect(() => {
    const unmount = channel.mount();
    return () => {
      unmount();
      session.close();
    };
  }, [session, channel]);
  const run = channel.run.value;
  const name = subject.experiment
    ? strings.experiment(subject.experiment)
    : strings.run(run?.display_name ?? "");
  return (
    <section class={kind} aria-label={name}>
      {draw(session, channel)}
      <Notices session={session} />
    </section>
  );
}

interface ChoiceProps {
  known: readonly WorkspaceHead[];
  workspace: WorkspaceHead;
  onChoose: (workspaceId: string) => void;
}

function WorkspaceChoice({ known, workspace, onChoose }: ChoiceProps) {
  if (known.length < 2) return null;
  return (
    <select
      class="rw-workspaces"
      aria-label={strings.workspace}
      value={workspace.workspace_id}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      {known.map((one) => (
        <option key={one.workspace_id} value={one.workspace_id}>
          {one.folder === "." ? one.name : one.folder}
        </option>
      ))}
    </select>
  );
}

interface LiveProps {
  workspaces: Workspaces;
  overview: Overview | undefined;
  runId: string | null;
  onChoose: (experiment: string, runId: string) => void;
}

function LiveRuns({ workspaces, overview, runId, onChoose }: LiveProps) {
  const live = overview?.live ?? [];
  const now = useNow(workspaces, live.length > 0);
  if (live.length === 0) return null;
  return (
    <>
      <h4 class="rw-side-title">
        {strings.liveRuns} <span class="rw-count">{count(overview?.live_count ?? 0)}</span>
      </h4>
      <ul class="rw-side-list" aria-label={strings.liveRuns}>
        {live.map((run) => (
          <li key={run.run_id}>
            <button
              type="button"
              class="rw-side-item"
              aria-current={run.run_id === runId}
              title={`${run.display_name} · ${run.experiment} · ${run.status}`}
              onClick={() => onChoose(run.experiment, run.run_id)}
            >
              <span class={`rw-tone-${toneOf(run.status)}`}>
                <StatusIcon tone={toneOf(run.status)} />
              </span>
              <span class="rw-ellipsis">{run.display_name}</span>
              <span class="rw-space" />
              <span class="rw-muted rw-number">{elapsed(run.started_ms, null, now)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface ExperimentsProps {
  experiments: readonly ExperimentRow[];
  shown: string | null;
  onChoose: (name: string) => void;
}

const MOST_WITHOUT_SEARCH = 12;

function Experiments({ experiments, shown, onChoose }: ExperimentsProps) {
  const [wanted, setWanted] = useState("");
  const found = experiments.filter((one) =>
    one.name.toLowerCase().includes(wanted.trim().toLowerCase()),
  );
  return (
    <>
      <h4 class="rw-side-title">{strings.experiments}</h4>
      {experiments.length > MOST_WITHOUT_SEARCH && (
        <input
          type="search"
          class="rw-side-search"
          aria-label={strings.findExperiment}
          placeholder={strings.findExperiment}
          onKeyDown={(event) => event.stopPropagation()}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {experiments.length === 0 && <p class="rw-muted">{strings.noExperiments}</p>}
      <ul class="rw-side-list" aria-label={strings.experiments}>
        {found.map((one) => (
          <li key={one.name}>
            <button
              type="button"
              class="rw-side-item"
              aria-current={one.name === shown}
              title={one.name}
              onClick={() => onChoose(one.name)}
            >
              <span class="rw-ellipsis">{one.name}</span>
              <span class="rw-space" />
              <Marks counts={one.run_counts} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** How many runs an experiment has, and whether some need a look. */
function Marks({ counts }: { counts: Record<string, number> }) {
  const total = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const failed = counts.Failed ?? 0;
  return (
    <>
      {failed > 0 && (
        <span class="rw-tone-bad rw-number" title={`${count(failed)} Failed`}>
          <StatusIcon tone="bad" /> {count(failed)}
        </span>
      )}
      <span class="rw-muted rw-number" title={strings.countRuns(count(total))}>
        {count(total)}
      </span>
    </>
  );
}
