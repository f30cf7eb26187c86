// What a notebook keeps of a view, drawn again: at once as it was, and live when the run is there.
//
// In a notebook whose kernel has the widget, that is shown: it goes on by the server when the
// kernel is silent. Where nothing answers for the widget, as after a restart, the view is drawn
// from what the notebook keeps, and the server is asked.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { type IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Panel, Widget } from "@lumino/widgets";
import type { Snapshot, Summary } from "../messages";
import type { Session } from "../state/session";
import { withBase64 } from "../transport/buffers";
import { mountView } from "../view/mount";
import { notePreferences, OUTPUT_CLASS } from "../view/output-place";
import { type Connection, IConnection } from "./connection";
import { IPreferences } from "./preferences";

const MIME_TYPE = "application/vnd.runwatch.view+json";
const WIDGET_TYPE = "application/vnd.jupyter.widget-view+json";
/** Below that of widgets, so that this renderer is preferred. */
const RANK = -20;
/** How long a widget has to draw itself before what the notebook keeps is drawn. */
const WIDGET_WITHIN_MS = 250;

interface Kept {
  summary: Summary;
  snapshot: Snapshot;
}

export const output: JupyterFrontEndPlugin<void> = {
  id: "runwatch:output",
  description: "Draws the views of saved notebooks again.",
  autoStart: true,
  requires: [IConnection, IPreferences, IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (
    _app: JupyterFrontEnd,
    connection: Connection,
    preferences: IPreferences,
    everywhere: IRenderMimeRegistry,
    notebooks: INotebookTracker | null,
  ) => {
    const add = (rendermime: IRenderMimeRegistry) => {
      rendermime.addFactory(
        {
          safe: true,
          mimeTypes: [MIME_TYPE],
          createRenderer: () => new ViewOutput(connection, preferences, rendermime),
        },
        RANK,
      );
    };
    add(everywhere);
    // Each notebook has a registry of its own, with the renderer of its kernel's widgets.
    notebooks?.widgetAdded.connect((_tracker, panel) => add(panel.content.rendermime));
    notebooks?.forEach((panel) => {
      add(panel.content.rendermime);
    });
  },
};

class ViewOutput extends Panel implements IRenderMime.IRenderer {
  /** Which model is shown, and whether its widget may draw it. */
  private shows = "";
  private widgetView: Widget | null = null;
  private keptView: Widget | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private observer: MutationObserver | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly preferences: IPreferences,
    private readonly rendermime: IRenderMimeRegistry,
  ) {
    super();
    this.addClass(OUTPUT_CLASS);
    this.note();
    preferences.changed.connect(this.note, this);
  }

  /** Lets the widget in this output know what the person has set. */
  private note(): void {
    notePreferences(this.node, this.preferences);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const reference = model.data[WIDGET_TYPE] as { model_id?: string } | undefined;
    const modelId = reference?.model_id;
    const hasWidget =
      modelId !== undefined && model.trusted && this.rendermime.mimeTypes.includes(WIDGET_TYPE);
    // What is live needs no newer picture: the notebook alone keeps it.
    const shows = `${modelId} ${hasWidget}`;
    if (modelId !== undefined && shows === this.shows) return;
    this.clear();
    this.shows = shows;
    const draw = () => this.draw(model);
    if (!hasWidget) {
      draw();
      return;
    }
    const view = this.rendermime.createRenderer(WIDGET_TYPE);
    this.widgetView = view;
    view.hide();
    this.addWidget(view);
    this.observer = new MutationObserver(() => this.look());
    this.observer.observe(view.node, {
      subtree: true,
      childList: true,
      attributeFilter: ["data-answered"],
    });
    this.timer = setTimeout(draw, WIDGET_WITHIN_MS);
    await view.renderModel(model);
  }

  /** Shows the widget once its kernel has answered, unless the person has begun with the other. */
  private look(): void {
    if (!this.widgetView?.node.querySelector('[data-answered="true"]')) return;
    this.observer?.disconnect();
    clearTimeout(this.timer);
    if (this.keptView instanceof KeptView && this.keptView.touched) return;
    this.keptView?.dispose();
    this.keptView = null;
    this.widgetView.show();
  }

  /** Draws what the notebook keeps: a live view, or where it is of another version its HTML. */
  private draw(model: IRenderMime.IMimeModel): void {
    const kept = keptIn(model.data[MIME_TYPE]);
    if (kept) this.keptView = new KeptView(this.connection, kept);
    else if ("text/html" in model.data) {
      const html = this.rendermime.createRenderer("text/html");
      void html.renderModel(model);
      this.keptView = html;
    }
    if (this.keptView) this.addWidget(this.keptView);
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.observer?.disconnect();
    this.widgetView = this.keptView = null;
    for (const widget of [...this.widgets]) widget.dispose();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.preferences.changed.disconnect(this.note, this);
    this.clear();
    super.dispose();
  }
}

/** A view that begins with what the notebook keeps, and is kept current by the server. */
class KeptView extends Widget {
  /** Whether the person has done something in it. */
  touched = false;
  private readonly session: Session;
  private readonly unmount: () => void;

  constructor(connection: Connection, { summary, snapshot }: Kept) {
    super();
    const { workspace_id, run, experiment } = summary;
    this.session = connection.open(
      { workspace_id, run_id: run?.run_id ?? null, experiment: experiment?.name ?? null },
      summary,
    );
    const channel = this.session.open(null);
    channel.begin(snapshot);
    this.unmount = mountView(this.session, channel, this.node);
    for (const kind of ["pointerdown", "keydown", "focusin", "input"]) {
      this.node.addEventListener(kind, () => {
        this.touched = true;
      });
    }
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.unmount();
    this.session.close();
    super.dispose();
  }
}

/** Reads what a notebook keeps; null if it is of another version, or no such thing. */
function keptIn(data: unknown): Kept | null {
  const { version, view } = (data ?? {}) as { version?: unknown; view?: unknown };
  if (version !== 1 || typeof view !== "string") return null;
  try {
    const { summary, snapshot } = JSON.parse(view) as Partial<Kept>;
    const whole = Array.isArray(snapshot?.tree?.ids) && Array.isArray(snapshot?.rows);
    if (!summary?.workspace_id || !snapshot || !whole) return null;
    return { summary, snapshot: withBase64(snapshot) as Snapshot };
  } catch {
    return null; // it is no JSON, or what should be base64 is not
  }
}
