// Tells of the end of runs, if the person has asked for that in the settings.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Notification as Toast } from "@jupyterlab/apputils";
import { effect } from "@preact/signals";
import { isLive } from "../state/status";
import type { Live } from "../state/workspaces";
import { strings } from "../strings";
import { type Connection, IConnection } from "./connection";
import { OPEN } from "./panel";
import { IPreferences } from "./preferences";

export const notifications: JupyterFrontEndPlugin<void> = {
  id: "runwatch:notifications",
  description: "Tells of the end of runs.",
  autoStart: true,
  requires: [IConnection, IPreferences],
  activate: (app: JupyterFrontEnd, connection: Connection, preferences: IPreferences) => {
    let before: ReadonlyMap<string, Live> = new Map();
    effect(() => {
      const live = new Map(connection.workspaces.live.value.map((run) => [run.run_id, run]));
      const ended = [...before.values()].filter((run) => !live.has(run.run_id));
      before = live;
      if (!preferences.notifications) return;
      for (const run of ended) {
        tell(app, connection, run).catch((error: unknown) => {
          console.warn("runwatch: the end of a run could not be told", error);
        });
      }
    });
    askWhenTurnedOn(preferences);
  },
};

/** Asks for the browser's notifications when a person turns the setting on, not at each start. */
function askWhenTurnedOn(preferences: IPreferences): void {
  let loaded = false;
  let on = false;
  preferences.changed.connect(() => {
    const turnedOn = loaded && !on && preferences.notifications;
    loaded = true;
    on = preferences.notifications;
    const undecided = typeof Notification !== "undefined" && Notification.permission === "default";
    if (turnedOn && undecided) void Notification.requestPermission();
  });
}

async function tell(app: JupyterFrontEnd, connection: Connection, run: Live): Promise<void> {
  const workspace = run.workspace.workspace_id;
  const { status } = await connection.get<{ status: string }>(
    `runs/${encodeURIComponent(run.run_id)}?workspace=${workspace}`,
  );
  if (isLive(status)) return; // there is no room for it in the list, or its workspace is away
  const text = strings.notified(run.display_name, status);
  const open = () =>
    void app.commands.execute(OPEN, { workspace, experiment: run.experiment, run: run.run_id });
  const options = { actions: [{ label: strings.openIt, callback: open }] };
  if (status === "Completed") Toast.success(text, options);
  else Toast.warning(text, options);
  if (typeof Notification !== "undefined" && Notification.permission === "granted") {
    new Notification(text, { tag: run.run_id });
  }
}
