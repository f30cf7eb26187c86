// The number of live runs, in the status bar.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IStatusBar } from "@jupyterlab/statusbar";
import { Signal } from "@lumino/signaling";
import { effect } from "@preact/signals";
import type { Workspaces } from "../state/workspaces";
import { count, strings } from "../strings";
import { type Connection, IConnection } from "./connection";
import { OPEN } from "./panel";
import { PreactWidget } from "./preact-widget";

export const status: JupyterFrontEndPlugin<void> = {
  id: "runwatch:status",
  description: "Shows the number of live runs in the status bar.",
  autoStart: true,
  requires: [IConnection],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, { workspaces }: Connection, bar: IStatusBar | null) => {
    if (bar === null) return;
    const item = new PreactWidget(() => (
      <LiveCount workspaces={workspaces} onOpen={() => void app.commands.execute(OPEN)} />
    ));
    const changed = new Signal<object, void>({});
    effect(() => {
      void workspaces.liveCount.value;
      changed.emit();
    });
    bar.registerStatusItem("runwatch:live", {
      item,
      align: "left",
      rank: 10,
      isActive: () => workspaces.liveCount.value > 0,
      activeStateChanged: changed,
    });
  },
};

function LiveCount({ workspaces, onOpen }: { workspaces: Workspaces; onOpen: () => void }) {
  const live = workspaces.liveCount.value;
  return (
    <button
      type="button"
      class="rw-status-item"
      title={strings.trainingRuns}
      aria-label={strings.countLive(count(live))}
      onClick={onOpen}
    >
      {strings.countLive(count(live))}
    </button>
  );
}
