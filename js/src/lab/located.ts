// Finds out in which workspace a run is, of which a command was told the id alone.

import type { Place } from "../view/runs-panel";
import type { Connection } from "./connection";

/** What is used of the server's answer to a question for a run. */
interface Found {
  workspace_id: string;
  experiment: string;
}

/**
 * Completes a place by asking the server, which looks through all workspaces. Its refusal says
 * that there is no such run, or that several workspaces have one: a copied folder has the same ids.
 */
export async function located(place: Place, { get }: Pick<Connection, "get">): Promise<Place> {
  if (place.runId === null || place.workspaceId !== null) return place;
  const found = await get<Found>(`runs/${encodeURIComponent(place.runId)}`);
  return {
    ...place,
    workspaceId: found.workspace_id,
    experiment: place.experiment ?? found.experiment,
  };
}
