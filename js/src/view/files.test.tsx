import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import { head, snapshot } from "../testing/fake-transport";
import { partOfView } from "../testing/part";
import { Files } from "./files";

const part = partOfView();

async function list(...names: string[]): Promise<void> {
  part.transport.receive(snapshot({ files: names.map((name) => ({ name, size_bytes: 1 })) }));
  await part.draw(<Files session={part.session} channel={part.channel} run={head()} />);
}

/** Opens a file of which the record sends a part. */
async function open(name: string, content: string | Uint8Array, sizeBytes?: number): Promise<void> {
  const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
  part.transport.answer = (request) => {
    if (request.type !== "read_file") return undefined;
    const size_bytes = sizeBytes ?? data.length;
    return { type: "file_read", name, start_bytes: 0, size_bytes, data };
  };
  await list(name);
  await act(() => part.place.querySelector<HTMLElement>(`[title="Preview ${name}"]`)?.click());
  await vi.waitFor(() => expect(preview()?.textContent).not.toContain("Loading"));
}

const preview = () => part.place.querySelector(".rw-preview");
const said = () => preview()?.querySelector("p")?.textContent;

test("a list that may not have all files says so", async () => {
  const names = Array.from({ length: 500 }, (_, i) => `outputs/${i}`);
  await list(...names.slice(1));
  expect(part.place.querySelector("p")).toBeNull();
  await list(...names);
  expect(part.place.querySelector("p")?.textContent).toMatch(
    /^No more than 500 files are listed here/,
  );
});

const rows = (count: number) => `a,b\n${"1,2\n".repeat(count)}`;

test("of a table with many rows it is said how many are shown", async () => {
  await open("outputs/long.csv", rows(201));
  expect(preview()?.querySelectorAll("tbody tr")).toHaveLength(200);
  expect(said()).toBe("The first 200 rows are shown.");
});

test("of a table with long rows it is said how much is shown, without the row that is torn", async () => {
  await open("outputs/wide.csv", `a,b\n1,2\n3,4${" ".repeat(255_988)}`, 300_000);
  expect(preview()?.querySelectorAll("tbody tr")).toHaveLength(1);
  expect(said()).toBe("The first 256 kB are shown.");
});

test("of a table that is shown as a whole nothing is said", async () => {
  await open("outputs/fits.csv", rows(200));
  expect(preview()?.querySelectorAll("tbody tr")).toHaveLength(200);
  expect(said()).toBeUndefined();
});

test("of an image that is too large it is said that it is", async () => {
  await open("outputs/large.png", new Uint8Array(10), 6_200_000);
  expect(said()).toBe(
    "This file has 6.2 MB; files up to 4.0 MB can be shown. Download it instead.",
  );
});
