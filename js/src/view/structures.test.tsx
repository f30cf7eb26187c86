import { expect, test, vi } from "vitest";
import type { Structure } from "../messages";
import { head, snapshot } from "../testing/fake-transport";
import { partOfView } from "../testing/part";
import { Structures } from "./structures";

const part = partOfView();

async function show(...structures: Structure[]): Promise<void> {
  part.transport.receive(snapshot({ structures }));
  await part.draw(<Structures session={part.session} channel={part.channel} run={head()} />);
  await vi.waitFor(() => expect(part.place.textContent).not.toContain("Loading"));
}

/** Answers for images, of which one has some bytes more than are sent. */
function images(count: number, missingBytes = 0): void {
  const files = Array.from({ length: count }, (_, i) => `outputs/picture-${i + 1}.png`);
  part.transport.answer = (request) => {
    if (request.type === "read_table") {
      return { type: "table_read", columns: [], rows: [], total: 0, files };
    }
    if (request.type !== "read_file") return undefined;
    const data = new Uint8Array(8);
    const size_bytes = data.length + missingBytes;
    return { type: "file_read", name: request.name, start_bytes: 0, size_bytes, data };
  };
}

const alts = () => [...part.place.querySelectorAll("img")].map((one) => one.alt);

test("of many images the newest are shown, with their numbers, and how many there are", async () => {
  images(40);
  await show({ name: "picture", kind: "artifact", count: 40 });
  expect(alts()).toHaveLength(12);
  expect([alts()[0], alts()[11]]).toEqual(["picture, image 29", "picture, image 40"]);
  expect(part.place.querySelector("p")?.textContent).toBe("The last 12 of 40 are shown.");
});

test("few images are all shown", async () => {
  images(2);
  await show({ name: "picture", kind: "artifact", count: 2 });
  expect(alts()).toEqual(["picture, image 1", "picture, image 2"]);
  expect(part.place.querySelector("p")).toBeNull();
});

test("an image that is too large is not shown in part", async () => {
  images(1, 6_000_000);
  await show({ name: "picture", kind: "artifact", count: 1 });
  expect(alts()).toEqual([]);
  expect(part.place.textContent).toContain(
    "This file has 6.0 MB; files up to 4.0 MB can be shown.",
  );
});

test("a table says which of its rows are shown", async () => {
  part.transport.answer = (request) =>
    request.type === "read_table"
      ? { type: "table_read", columns: ["a"], rows: [[1], [2]], total: 700, files: [] }
      : undefined;
  await show({ name: "history", kind: "row", count: 700 });
  expect(part.place.querySelector("p")?.textContent).toBe("The first 2 of 700 rows are shown.");
});
