import { render } from "preact";
import { afterEach, expect, test } from "vitest";
import type { RunHead } from "../messages";
import type { Session } from "../state/session";
import { speak } from "../strings";
import { head } from "../testing/fake-transport";
import { Details } from "./details";

afterEach(() => speak("en"));

function shown(details: RunHead["details"]): (string | null)[] {
  const place = document.createElement("div");
  render(<Details session={{} as Session} run={head({ details })} />, place);
  return [...place.querySelectorAll("th")].map((name) => name.textContent);
}

test("details are named in the language of the view, those that it does not know as they are", () => {
  const details = { run_id: "digits_7", target: "local", gpu_count: "2" };
  expect(shown(details)).toEqual(["Run id", "Compute target", "gpu_count"]);
  speak("pt");
  expect(shown(details)).toEqual(["Id da execução", "Destino de computação", "gpu_count"]);
});
