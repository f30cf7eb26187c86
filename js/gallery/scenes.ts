// The states of a run that the gallery shows.

import type { RunHead, TreeRow } from "../src/messages";
import { head, row } from "../src/testing/fake-transport";
import { pointsOf, type Scene } from "./gallery-record";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const now = Date.now();

function run(change: Partial<RunHead>): RunHead {
  return head({
    created_ms: now - 13 * MINUTE,
    started_ms: now - 12 * MINUTE,
    display_name: "patient_otter_h4k2",
    experiment: "digits-sweep",
    number: 42,
    details: {
      "Run id": "digits-sweep_1795468291_h4k2",
      Command: "python train.py --learning-rate 0.05 --epochs 40",
      Host: "workstation-3",
      Python: "3.11.9",
      "Source folder": "/home/ada/digits",
    },
    ...change,
  });
}

/** Deterministic noise, so that two screenshots of one state are alike. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43758.5453;
  return x - Math.floor(x);
}

const curve = (points: number, from: number, to: number, seed: number) =>
  Array.from(
    { length: points },
    (_, i) => to + (from - to) * Math.exp((-4 * i) / points) * (0.9 + 0.2 * noise(i + seed)),
  );

function metrics(points: number): Map<string, number[]> {
  return new Map([
    ["loss", curve(points, 2.3, 0.18, 1)],
    ["val_loss", curve(points, 2.4, 0.31, 5).map((v, i) => (i % 29 === 13 ? Number.NaN : v))],
    ["accuracy", curve(points, 0.1, 0.962, 9)],
    ["learning_rate", Array.from({ length: points }, (_, i) => 0.05 * 0.98 ** i)],
    ["samples_per_s", Array.from({ length: points }, (_, i) => 1800 + 240 * noise(i))],
    ["parameters", [1_284_312]],
  ]);
}

const CHILD_STATUSES = [
  "Completed",
  "Completed",
  "Failed",
  "Completed",
  "Running",
  "Running",
  "CancelRequested",
  "Canceled",
  "NotResponding",
  "Finalizing",
  "Queued",
  "Queued",
];

function child(i: number, siblings: number, level = 1): TreeRow {
  const status = CHILD_STATUSES[i % CHILD_STATUSES.length] as string;
  const waits = status === "Queued";
  const ended = ["Completed", "Failed", "Canceled"].includes(status);
  const started = now - (9 - (i % 9)) * MINUTE - Math.floor(noise(i) * 50) * SECOND;
  return row({
    run_id: `child-${level}-${i}`,
    level,
    position: i + 1,
    siblings,
    number: 43 + i,
    display_name: `lr=${(0.1 / (1 + (i % 7))).toFixed(4)} depth=${2 + (i % 5)}`,
    status,
    started_ms: waits ? null : started,
    ended_ms: ended ? started + 95 * SECOND + i * 3000 : null,
    child_count: level === 1 && i % 4 === 0 ? 3 : 0,
    tags: i % 3 === 0 ? { fold: String(i % 5), kept: null } : {},
    metrics: waits
      ? {}
      : { loss: 0.2 + noise(i), accuracy: 0.8 + noise(i) / 6, epoch: 10 + i, note: "ok" },
  });
}

function family(count: number): { children: Map<string, TreeRow[]>; counts: Record<string, number> } {
  const first = Array.from({ length: count }, (_, i) => child(i, count));
  const children = new Map([["run-1", first]]);
  for (const parent of first.filter((one) => one.child_count > 0)) {
    const rows = Array.from({ length: 3 }, (_, i) => ({
      ...child(i, 3, 2),
      run_id: `${parent.run_id}-${i}`,
      display_name: `fold ${i}`,
    }));
    children.set(parent.run_id, rows);
  }
  const counts: Record<string, number> = {};
  for (const one of [...children.values()].flat())
    counts[one.status] = (counts[one.status] ?? 0) + 1;
  return { children, counts };
}

function output(epochs: number): string {
  const lines = Array.from(
    { length: epochs },
    (_, i) =>
      `\x1b[2m2026-11-23 10:${String(10 + (i % 50))}:07\x1b[0m \x1b[32mINFO\x1b[0m epoch ${i} ` +
      `loss=${(2.3 * 0.95 ** i).toFixed(4)} accuracy=${(1 - 0.9 * 0.95 ** i).toFixed(4)}`,
  );
  lines.splice(12, 0, "\x1b[33mWARNING\x1b[0m the learning rate is large for this batch size");
  return `${lines.join("\n")}\n`;
}

const LOGS = new Map([
  ["logs/setup.txt", "Copied 12 files to the working folder.\n"],
  ["user_logs/std_log.txt", output(60)],
]);
const FILES: [string, number][] = [
  ["outputs/model.pt", 5_300_000],
  ["outputs/confusion.png", 48_213],
  ["outputs/report.json", 912],
];

function train(scene: Scene, tick: number) {
  const points = [...(scene.metrics ?? [])]
    .filter(([name]) => name !== "parameters")
    .map(([name, values]) => {
      values.push((values.at(-1) as number) * (0.98 + 0.04 * noise(tick)));
      return pointsOf("run-1", name, values, values.length - 1);
    });
  const text = `\x1b[32mINFO\x1b[0m epoch ${60 + tick} loss=${(0.2).toFixed(4)}\n`;
  const log_text = {
    name: "user_logs/std_log.txt",
    start_bytes: 0,
    end_bytes: text.length,
    text,
    replace: false,
  };
  return { points, log_text };
}

const TRACEBACK = `Traceback (most recent call last):
  File "/home/ada/digits/train.py", line 88, in <module>
    main()
  File "/home/ada/digits/train.py", line 61, in main
    loss = step(batch)
  File "/home/ada/digits/train.py", line 37, in step
    raise ValueError("loss is NaN at step 1200")
ValueError: loss is NaN at step 1200`;

const sweep = family(12);
const crowd = family(10_000);
const HOSTILE = `<img src=x onerror="document.title='owned'">`;

export const scenes: Record<string, Scene> = {
  running: {
    head: run({
      tags: { dataset: "digits-v3", model: "resnet18", "worth a look": null },
      properties: { commit: "9f2c1ab", dirty: "false" },
      child_counts: sweep.counts,
    }),
    children: sweep.children,
    metrics: metrics(120),
    logs: LOGS,
    files: FILES,
    step: train,
  },
  single: {
    head: run({ display_name: "train.py", description: "A first try with the full data." }),
    metrics: metrics(30),
    logs: LOGS,
    files: FILES,
    step: train,
  },
  completed: {
    head: run({
      status: "Completed",
      ended_ms: now - 3 * MINUTE,
      child_counts: { Completed: 11, Failed: 1 },
    }),
    children: family(12).children,
    metrics: metrics(120),
    logs: LOGS,
  },
  compact: { head: run({ child_counts: sweep.counts }), metrics: metrics(40), compact: true },
  failed: {
    head: run({
      status: "NotResponding",
      error: null,
      number: 43,
      display_name: "brave_heron_2c81",
    }),
    metrics: metrics(18),
    logs: LOGS,
    step: (scene, tick) => {
      if (tick > 1) return {};
      scene.head = {
        ...scene.head,
        status: "Failed",
        ended_ms: Date.now(),
        error: {
          message: "ValueError: loss is NaN at step 1200\nThe script ended with exit code 1.",
          code: "UserError",
          traceback: TRACEBACK,
        },
      };
      return { run: scene.head };
    },
  },
  "cancel-requested": {
    head: run({
      status: "CancelRequested",
      cancel_requested_ms: now - 3000,
      cancel_forced_ms: now + 60_000,
    }),
    metrics: metrics(60),
    logs: LOGS,
  },
  canceled: { head: run({ status: "Canceled", ended_ms: now }), metrics: metrics(9) },
  queued: { head: run({ status: "Queued", started_ms: null }) },
  stale: {
    head: run({ child_counts: { Running: 3, Completed: 2 } }),
    metrics: metrics(9),
    silent: true,
  },
  refusing: {
    head: run({ tags: { dataset: "digits" } }),
    metrics: metrics(20),
    logs: LOGS,
    refuses: "Run 42 can't be changed: the record is read-only here. Open it where it was written.",
  },
  crowd: {
    head: run({ display_name: "sweep of ten thousand", child_counts: crowd.counts }),
    children: crowd.children,
  },
  hostile: {
    head: run({
      display_name: `${HOSTILE} ${"very-long-name-".repeat(12)}`,
      experiment: HOSTILE,
      tags: { [HOSTILE]: HOSTILE, ["k".repeat(200)]: "v".repeat(400), עברית: "שלום ‮abc" },
      child_counts: { [HOSTILE]: 2, Running: 1 },
      details: { [HOSTILE]: HOSTILE },
    }),
    children: new Map([
      [
        "run-1",
        [
          row({
            run_id: "h",
            display_name: `${HOSTILE}${"x".repeat(300)}`,
            status: HOSTILE,
            started_ms: now - 5000,
            tags: { [HOSTILE]: HOSTILE },
            metrics: { [HOSTILE]: "y".repeat(300), big: 1e300, nan: "NaN" },
          }),
        ],
      ],
    ]),
    metrics: new Map([
      [HOSTILE, [1, 2, 3]],
      ["constant", [1, 1, 1]],
      ["only NaN", [Number.NaN, Number.NaN]],
      ["huge", [1e300, -1e300, 1e-300]],
    ]),
    logs: new Map([[HOSTILE, `${HOSTILE}\n<script>document.title='owned'</script>\n`]]),
    files: [[HOSTILE, 1]],
  },
};
