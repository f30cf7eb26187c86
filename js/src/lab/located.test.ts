import { expect, test } from "vitest";
import { NOWHERE } from "../view/runs-panel";
import { located } from "./located";

/** A server that has one run, in the second of its workspaces. */
function server(refusal?: string) {
  const asked: string[] = [];
  const get = async <T>(path: string): Promise<T> => {
    asked.push(path);
    if (refusal) throw new Error(refusal);
    return { workspace_id: "second", experiment: "digits" } as T;
  };
  return { asked, get };
}

test("the server says where a run is of which the id alone is known", async () => {
  const { asked, get } = server();
  const found = await located({ ...NOWHERE, runId: "run 1" }, { get });
  expect(found).toEqual({ workspaceId: "second", experiment: "digits", runId: "run 1" });
  expect(asked).toEqual(["runs/run%201"]);
});

test("what is known already is not asked for, and stays as it was said", async () => {
  const { asked, get } = server();
  for (const place of [
    NOWHERE,
    { ...NOWHERE, experiment: "digits" },
    { workspaceId: "first", experiment: null, runId: "run-1" },
  ]) {
    expect(await located(place, { get })).toBe(place);
  }
  expect(asked).toEqual([]);
  const named = await located({ workspaceId: null, experiment: "mine", runId: "run-1" }, { get });
  expect(named.experiment).toBe("mine");
});

test("a run that is nowhere, or in several workspaces, is guessed at nowhere", async () => {
  const { get } = server("There is a run run-1 in several workspaces.");
  await expect(located({ ...NOWHERE, runId: "run-1" }, { get })).rejects.toThrow("several");
});
