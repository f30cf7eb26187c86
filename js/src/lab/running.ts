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
      shutdownAll: () => cancelAll(connection),
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
      void told(connection, workspace, { type: "cancel", run_ids: [run.run_id] });
    },
    icon: () => runsIcon,
    label: () => run.display_name,
    labelTitle: () => `${run.display_name}\n${run.experiment}\n${run.run_id}`,
    detail: () => `${run.status} ${time}`.trim(),
  };
}

function cancelAll(connection: Connection): void {
  const byWorkspace = new Map<string, string[]>();
  for (const run of connection.workspaces.live.value) {
    const id = run.workspace.workspace_id;
    byWorkspace.set(id, [...(byWorkspace.get(id) ?? []), run.run_id]);
  }
  for (const [id, run_ids] of byWorkspace) void told(connection, id, { type: "cancel", run_ids });
}
