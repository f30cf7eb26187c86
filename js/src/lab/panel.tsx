// The runs panel in the main area, and the commands that open it and act on runs.

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import {
  ICommandPalette,
  InputDialog,
  MainAreaWidget,
  Notification,
  WidgetTracker,
} from "@jupyterlab/apputils";
import { ILauncher } from "@jupyterlab/launcher";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import { effect, type Signal, signal } from "@preact/signals";
import type { Order } from "../state/commands";
import { strings } from "../strings";
import type { Subject } from "../transport/server";
import { ASK_TO_OPEN } from "../view/ask-to-open";
import { NOWHERE, type Place, RunsPanel } from "../view/runs-panel";
import "../view/styles/index.css";
import { type Connection, IConnection } from "./connection";
import { runsIcon } from "./icon";
import { located } from "./located";
import { PreactWidget } from "./preact-widget";

export const OPEN = "runwatch:open";
const CANCEL = "runwatch:cancel";
const TAG = "runwatch:tag";

const ID = "runwatch-runs";

class RunsWidget extends MainAreaWidget<PreactWidget> {
  constructor(
    readonly place: Signal<Place>,
    content: PreactWidget,
  ) {
    super({ content });
    this.id = ID;
    this.title.label = strings.trainingRuns;
    this.title.icon = runsIcon;
    this.title.closable = true;
    this.toolbar.hide();
  }
}

export const panel: JupyterFrontEndPlugin<void> = {
  id: "runwatch:panel",
  description: "Shows the experiments and runs of a workspace; works with no kernel.",
  autoStart: true,
  requires: [IConnection],
  optional: [ICommandPalette, ILauncher, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    connection: Connection,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
  ) => {
    const tracker = new WidgetTracker<RunsWidget>({ namespace: "runwatch" });
    addOpen(app, connection, tracker);
    addCancel(app, connection, tracker);
    addTag(app, connection, tracker);
    void restorer?.restore(tracker, {
      command: OPEN,
      args: (widget) => argsOf(widget.place.value),
      name: () => "runs",
    });
    for (const command of [OPEN, CANCEL, TAG]) {
      palette?.addItem({ command, category: strings.trainingRuns });
    }
    launcher?.add({ command: OPEN, category: strings.other, rank: 50 });
    document.addEventListener(ASK_TO_OPEN, (event) => {
      const asked = (event as CustomEvent<Subject>).detail;
      void app.commands.execute(OPEN, {
        ...asked,
        run: asked.run_id,
        workspace: asked.workspace_id,
      });
    });
  },
};

type Args = ReadonlyPartialJSONObject;

const text = (value: unknown): string | null => (typeof value === "string" && value ? value : null);

function placeOf(args: Args): Place {
  return {
    workspaceId: text(args.workspace),
    experiment: text(args.experiment),
    runId: text(args.run),
  };
}

function argsOf({ workspaceId, experiment, runId }: Place): Args {
  return { workspace: workspaceId, experiment, run: runId };
}

function addOpen(
  app: JupyterFrontEnd,
  connection: Connection,
  tracker: WidgetTracker<RunsWidget>,
): void {
  app.commands.addCommand(OPEN, {
    label: strings.trainingRuns,
    caption: strings.openRunsPanel,
    icon: runsIcon,
    describedBy: { args: argumentsSchema(["workspace", "experiment", "run"]) },
    execute: async (args) => {
      const asked = await orTold(located(placeOf(args), connection));
      let shown = tracker.find(() => true);
      if (!shown) {
        shown = made(connection, asked);
        void tracker.add(shown);
        const widget = shown;
        const stop = effect(() => {
          void widget.place.value;
          void tracker.save(widget);
        });
        widget.disposed.connect(stop);
      } else if (asked.workspaceId ?? asked.experiment ?? asked.runId) {
        shown.place.value = asked;
      }
      if (!shown.isAttached) app.shell.add(shown, "main");
      // The main area of Notebook 7 is the notebook's alone.
      if (!shown.isAttached) app.shell.add(shown, "left");
      app.shell.activateById(shown.id);
      return shown;
    },
  });
}

function made(connection: Connection, asked: Place): RunsWidget {
  const place = signal<Place>({ ...NOWHERE, ...asked });
  const content = new PreactWidget(() => (
    <RunsPanel workspaces={connection.workspaces} place={place} open={connection.open} />
  ));
  return new RunsWidget(place, content);
}

/** The run that a command is about: the one named, or the one that the panel shows. */
function aim(args: Args, tracker: WidgetTracker<RunsWidget>): Place | null {
  const shown = tracker.currentWidget?.place.value ?? NOWHERE;
  const named = placeOf(args);
  const aimed =
    args.run === undefined
      ? { ...shown, workspaceId: named.workspaceId ?? shown.workspaceId }
      : named;
  return aimed.runId === null ? null : aimed;
}

/** The same with its workspace. */
async function aimedAt(
  args: Args,
  tracker: WidgetTracker<RunsWidget>,
  connection: Connection,
): Promise<{ runId: string; workspaceId: string }> {
  const aimed = aim(args, tracker);
  const { runId, workspaceId } = await orTold(located(aimed ?? NOWHERE, connection));
  if (runId === null || workspaceId === null) throw new Error(strings.whichRun);
  return { runId, workspaceId };
}

function addCancel(
  app: JupyterFrontEnd,
  connection: Connection,
  tracker: WidgetTracker<RunsWidget>,
): void {
  app.commands.addCommand(CANCEL, {
    label: strings.cancelRun,
    describedBy: { args: argumentsSchema(["workspace", "run"]) },
    isEnabled: (args) => aim(args, tracker) !== null,
    execute: async (args) => {
      const { workspaceId, runId } = await aimedAt(args, tracker, connection);
      return told(connection, workspaceId, { type: "cancel", run_ids: [runId] });
    },
  });
}

function addTag(
  app: JupyterFrontEnd,
  connection: Connection,
  tracker: WidgetTracker<RunsWidget>,
): void {
  app.commands.addCommand(TAG, {
    label: strings.tagRun,
    describedBy: { args: argumentsSchema(["workspace", "run", "key", "value"]) },
    isEnabled: (args) => aim(args, tracker) !== null,
    execute: async (args) => {
      const { workspaceId, runId } = await aimedAt(args, tracker, connection);
      const given = text(args.key);
      const tag = given === null ? await askForTag() : ([given, text(args.value)] as const);
      if (tag === null) return null;
      const [key, value] = tag;
      return told(connection, workspaceId, { type: "set_tag", run_ids: [runId], key, value });
    },
  });
}

async function askForTag(): Promise<readonly [string, string | null] | null> {
  const { value } = await InputDialog.getText({
    title: strings.tagRun,
    placeholder: strings.addTagHint,
    label: strings.addTag,
  });
  const [key = "", ...rest] = (value ?? "").split("=");
  return key.trim() ? [key.trim(), rest.length > 0 ? rest.join("=").trim() : null] : null;
}

/** Gives an order; what is refused is told to the person and to the caller. */
export async function told(
  connection: Connection,
  workspaceId: string,
  order: Order,
): Promise<string | null> {
  const message = await orTold(connection.order(workspaceId, order));
  if (message) Notification.info(message, { autoClose: 5_000 });
  return message;
}

async function orTold<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    Notification.error(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function argumentsSchema(names: readonly string[]) {
  const properties = Object.fromEntries(names.map((name) => [name, { type: ["string", "null"] }]));
  return { type: "object", properties };
}
