// The section "Training runs" of JupyterLab's Running panel.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IRunningSessionManagers, type IRunningSessions } from "@jupyterlab/running";
import { Signal } from "@lumino/signaling";
import { effect } from "@preact/signals";
import type { Live } from "../state/workspaces";
import { strings } from "../strings";
import { elapsed } from "../view/format";
import { type Connection, IConnection } from "./connection";
import { runsIcon } from "./icon";
import { OPEN, told } from "./panel";

const TICK_MS = 5_000;
const RUNS_AT_ONCE = 500;

/** What is used of the server's answer to a question for runs. */
interface RunsPage {
  runs: { run_id: string }[];
  next: string | null;
}

/** The person has been told of it. */
const alreadyTold = (error: unknown) => console.warn("runwatch:", error);

export const running: JupyterFrontEndPlugin<void> = {
  id: "runwatch:running",
  description: "Shows live runs in the Running panel.",
  autoStart: true,
  requires: [IConnection],
  optional: [IRunningSessionManagers],
  activate: (
    app: JupyterFrontEnd,
    connection: Connection,
    managers: IRunningSessionManagers | null,
  ) => {
    if (managers === null) return;
    const { live } = connection.workspaces;
    const changed = new Signal<object, void>({});
    effect(() => {
      void live.value;
      changed.emit();
    });
    // What is shown has clocks in it.
    setInterval(() => {
      if (live.value.length > 0) changed.emit();
    }, TICK_MS);
    managers.add({
      name: strings.trainingRuns,
      supportsMultipleViews: false,
      running: () => live.value.map((run) => item(app, connection, run)),
      shutdownAll: () => {
        cancelAll(connection).catch(alreadyTold);
      },
      refreshRunning: () => undefined,
      runningChanged: changed,
      shutdownLabel: strings.cancelRun,
      shutdownAllLabel: strings.cancelAll,
      shutdownAllConfirmationText: strings.reallyCancelAll,
    });
  },
};

function item(
  app: JupyterFrontEnd,
  connection: Connection,
  run: Live,
): IRunningSessions.IRunningItem {
  const workspace = run.workspace.workspace_id;
  const time = elapsed(run.started_ms, null, connection.workspaces.now());
  return {
    className: "rw-running-item",
    open: () => {
      void app.commands.execute(OPEN, { workspace, experiment: run.experiment, run: run.run_id });
    },
    shutdown: () => {
      told(connection, workspace, { type: "cancel", run_ids: [run.run_id] }).catch(alreadyTold);
    },
    icon: () => runsIcon,
    label: () => run.display_name,
    labelTitle: () => `${run.display_name}\n${run.experiment}\n${run.run_id}`,
    detail: () => `${run.status} ${time}`.trim(),
  };
}

/** Cancels all live runs, also those that the list has no room for. */
async function cancelAll(connection: Connection): Promise<void> {
  for (const { workspace_id } of connection.workspaces.known.value ?? []) {
    const first = `runs?workspace=${workspace_id}&status=live&limit=${RUNS_AT_ONCE}`;
    for (let path: string | null = first; path !== null; ) {
      const page: RunsPage = await connection.get(path);
      const run_ids = page.runs.map((run) => run.run_id);
      if (run_ids.length > 0) await told(connection, workspace_id, { type: "cancel", run_ids });
      path = page.next === null ? null : `${first}&before=${encodeURIComponent(page.next)}`;
    }
  }
}
