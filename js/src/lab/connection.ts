// The page's one connection to the server extension, for all plugins.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { Token } from "@lumino/coreutils";
import type { Command, Summary } from "../messages";
import { type Order, withGrace } from "../state/commands";
import { newId } from "../state/ids";
import { Session } from "../state/session";
import { Workspaces } from "../state/workspaces";
import { strings } from "../strings";
import type { FeedSocket } from "../transport/feed-socket";
import { sharedSocket } from "../transport/page-socket";
import { ServerCarrier, type Subject } from "../transport/server";
import type { CommandRoute, Transport } from "../transport/transport";
import { IPreferences } from "./preferences";

/** What the plugins share. */
export interface Connection {
  workspaces: Workspaces;
  /** Opens what a view needs to show a run or an experiment. */
  open(subject: Subject, summary?: Summary): Session;
  /** Gives a command and waits for the answer; an error says in words why it was refused. */
  order(workspaceId: string, order: Order): Promise<string | null>;
  /** Reads one of the server extension's resources. */
  get<T>(path: string): Promise<T>;
}

export const IConnection = new Token<Connection>(
  "runwatch:IConnection",
  "The connection to runwatch's server extension.",
);

export const connection: JupyterFrontEndPlugin<Connection> = {
  id: "runwatch:connection",
  description: "Connects the page to the record of runs.",
  autoStart: true,
  provides: IConnection,
  requires: [IPreferences],
  activate: (app: JupyterFrontEnd, preferences: IPreferences) => {
    const settings = app.serviceManager.serverSettings;
    const api = URLExt.join(settings.baseUrl, "runwatch", "api");
    const request = async (path: string, init: RequestInit): Promise<Response> => {
      const response = await ServerConnection.makeRequest(`${api}/${path}`, init, settings);
      if (!response.ok) throw await ServerConnection.ResponseError.create(response);
      return response;
    };
    const route: CommandRoute = async (workspace_id, command, signal) => {
      const body = JSON.stringify({ workspace_id, command });
      return (await request("commands", { method: "POST", body, signal })).json();
    };
    const socket = sharedSocket(() => {
      const url = URLExt.join(settings.wsUrl, "runwatch", "api", "feed");
      const { appendToken, token } = settings;
      return appendToken && token ? `${url}?token=${encodeURIComponent(token)}` : url;
    });
    return {
      workspaces: new Workspaces(socket),
      open: (subject, summary = bare(subject)) =>
        new Session(viewOf(socket, subject, summary), route, {
          preferences: () => preferences,
          noAnswer: () => strings.noServerAnswer,
        }),
      order: async (workspaceId, order) => {
        const command = { ...withGrace(order, preferences.graceSeconds), id: newId() } as Command;
        const answer = await route(workspaceId, command, new AbortController().signal);
        if (answer.type === "refusal") throw new Error(answer.message);
        return answer.message;
      },
      get: async (path) => (await request(path, { method: "GET" })).json(),
    };
  },
};

/** What is known of something before the record has told of it. */
function bare({ workspace_id, experiment }: Subject): Summary {
  return {
    workspace_id,
    run: null,
    experiment: experiment === null ? null : { name: experiment, run_counts: {} },
    metrics: {},
    now_ms: Date.now(),
  };
}

function viewOf(socket: FeedSocket, subject: Subject, summary: Summary): Transport {
  return Object.assign(new ServerCarrier(socket, () => subject), {
    summary: () => summary,
    compact: () => false,
    onSummary: () => undefined,
  });
}
