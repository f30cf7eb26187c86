import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Request, TextFound } from "../messages";
import { delta, FakeTransport, snapshot } from "../testing/fake-transport";
import type { Channel } from "./channel";
import { overwritten } from "./log";
import { LogReader } from "./log-reader";
import { Session } from "./session";

let files: Record<string, Uint8Array>;
let found: Pick<TextFound, "lines_bytes" | "searched_bytes">;
let transport: FakeTransport;
let session: Session;
let channel: Channel;
let reader: LogReader;
let seq: number;

const encoded = (text: string) => new TextEncoder().encode(text);
const lines = (count: number, text = "line") =>
  Array.from({ length: count }, (_, n) => `${text} ${n}\n`).join("");
const sizeBytes = (text: string) => encoded(text).length;
const size = (name: string) => files[name]?.length ?? 0;
const shown = () => {
  const log = reader.shown.value;
  return [...(log?.lines ?? []), overwritten(log?.open ?? "")].join("\n");
};

function answer(request: Request) {
  if (request.type === "find_text")
    return { type: "text_found", ...found, size_bytes: size(request.name) } as const;
  if (request.type !== "read_file") return undefined;
  const { name, start_bytes, limit_bytes } = request;
  const data = files[name]?.slice(start_bytes, start_bytes + limit_bytes) ?? new Uint8Array();
  return { type: "file_read", name, start_bytes, size_bytes: size(name), data } as const;
}

/** What the record sends of a file from a place on: alone, or for what the view has. */
function news(name: string, start_bytes: number, replace: boolean) {
  const text = new TextDecoder().decode(files[name]?.subarray(start_bytes));
  return { name, start_bytes, end_bytes: size(name), text, replace };
}

function begin(name: string, text: string, startBytes = 0): void {
  files[name] = encoded(text);
  transport.receive(snapshot({ seq, log_text: news(name, startBytes, true) }));
}

function grow(name: string, text: string, tailFrom?: number): void {
  const before = size(name);
  files[name] = encoded(new TextDecoder().decode(files[name]) + text);
  seq += 1;
  const log_text = news(name, tailFrom ?? before, tailFrom !== undefined);
  transport.receive(delta(seq, { log_text }));
}

beforeEach(() => {
  vi.useFakeTimers();
  files = {};
  found = { lines_bytes: [], searched_bytes: 0 };
  seq = 1;
  transport = new FakeTransport();
  transport.answer = answer;
  session = new Session(transport, null);
  channel = session.open(null);
  channel.mount();
  reader = new LogReader(session, channel, "run-1");
});

afterEach(() => {
  session.close();
  vi.useRealTimers();
});

test("what is read stays, and what comes is counted", () => {
  begin("a.txt", "one\ntwo\n");
  reader.hold();
  grow("a.txt", "three\nfour\n");
  expect(shown()).toBe("one\ntwo\n");
  expect(reader.lacking()).toBe(2);
  grow("a.txt", lines(100), 500);
  expect(shown()).toBe("one\ntwo\n");
  expect(reader.lacking()).toBe(null);
  reader.follow();
  expect(reader.lacking()).toBe(0);
  expect(shown()).toContain("line 99");
});

test("at the end of what was read the next lines come, and few of them are followed", async () => {
  begin("a.txt", "one\ntwo\n");
  reader.hold();
  grow("a.txt", lines(100), 500);
  await reader.reachedEnd(17);
  expect(shown()).toBe(`one\ntwo\n${lines(100)}`);
  expect(reader.piece.value).not.toBe(null);
  grow("a.txt", lines(17));
  await reader.reachedEnd(17);
  expect(reader.piece.value).toBe(null);
});

test.each(["ç", "█", "🙂"])("%s is whole where pieces that are read meet", async (character) => {
  // An odd beginning, so that the edges of the pieces fall into characters.
  const text = `x${character.repeat(300_000)}\n${lines(10)}`;
  const last = sizeBytes(lines(10));
  begin("a.txt", text, sizeBytes(text) - last);
  while ((reader.shown.value?.startBytes ?? 0) > 0) await reader.earlier();
  const all = text.replaceAll("\n", "");
  expect(shown().replaceAll("\n", "")).toBe(all);

  found = { lines_bytes: [0], searched_bytes: sizeBytes(text) };
  await reader.find("x");
  while ((reader.shown.value?.endBytes ?? 0) < sizeBytes(text)) await reader.reachedEnd(0);
  expect(shown()).toBe(text);
});

test("a line is found where it stands", async () => {
  const text = lines(20_000);
  begin("a.txt", text, text.length - 6_000);
  const place = (n: number) => text.indexOf(`line ${n}\n`);
  found = { lines_bytes: [10, 9_000, 19_990].map(place), searched_bytes: text.length };
  await reader.find("line");
  const here = () => {
    const log = reader.shown.value;
    return log?.lines[(reader.line.value ?? 0) - log.first];
  };
  expect(here()).toBe("line 19990");
  await reader.go(-1);
  expect(here()).toBe("line 9000");
  await reader.earlier();
  expect(here()).toBe("line 9000");
  await reader.go(-1);
  expect(here()).toBe("line 10");
  expect(reader.found.value).toMatchObject({ at: 0, searchedBytes: null });
});

test("what was looked for is looked for in another file, which is shown from its end", async () => {
  begin("a.txt", "one\ntwo\n");
  found = { lines_bytes: [4], searched_bytes: 4 };
  await reader.find("two");
  expect(reader.found.value).toMatchObject({ name: "a.txt", searchedBytes: 4 });
  files["b.txt"] = encoded("first\ntwo two\n");
  seq += 1;
  transport.receive(delta(seq, { log_text: news("b.txt", 0, true) }));
  expect(reader.found.value).toBe(null);
  expect(shown()).toBe("first\ntwo two\n");
  found = { lines_bytes: [6], searched_bytes: 14 };
  await reader.changedFile();
  expect(reader.found.value).toMatchObject({ name: "b.txt", linesBytes: [6] });
  expect(reader.piece.value).toBe(null);
  await reader.go(-1);
  expect(reader.line.value).toBe(1);
});

test("an answer that comes after that of a later search is passed over", async () => {
  begin("a.txt", "one\ntwo\n");
  transport.answer = () => undefined;
  const first = reader.find("o");
  const [early] = transport.of("find_text");
  transport.answer = answer;
  found = { lines_bytes: [4], searched_bytes: 8 };
  await reader.find("two");
  const id = early?.id ?? "";
  const late = { lines_bytes: [0], searched_bytes: 8, size_bytes: 8 };
  transport.receive({ type: "text_found", id, ...late });
  await first;
  expect(reader.found.value).toMatchObject({ text: "two", linesBytes: [4] });
});
