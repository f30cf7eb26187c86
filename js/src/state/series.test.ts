import { expect, test } from "vitest";
import { points } from "../testing/fake-transport";
import { best, sideBySide, withPoints } from "./series";

const series = (name: string, steps: number[], values: number[]) =>
  withPoints(undefined, points(name, steps, values));
const isLowGood = (name: string) => best(series(name, [0, 1], [1, 2]))?.value === 1;

test.each([
  "loss",
  "val_loss",
  "train/loss",
  "valLoss",
  "testMSELoss",
  "loss2",
  "log-loss",
  "cross entropy",
  "RMSE",
  "mae.test",
  "word error",
  "wer",
  "FID",
  "perplexity",
  "latency_p99_ms",
  "seconds_per_step",
  "time_per_epoch",
  "epoch time",
  "errors",
])("the best of %s is the lowest", (name) => expect(isLowGood(name)).toBe(true));

test.each([
  "accuracy",
  "answer_accuracy",
  "answer_f1",
  "power",
  "confidence",
  "sentiment_accuracy",
  "certainty",
  "timesteps_per_sec",
  "samples_per_second",
  "time/accuracy",
  "error_f1",
  "errorF1",
  "neg_mean_squared_error",
  "reward",
  "interrupts",
])("the best of %s is the highest", (name) => expect(isLowGood(name)).toBe(false));

test("series stand side by side, in the order of steps, and a step that came twice has two rows", () => {
  const one = series("loss", [0, 2, 2], [9, 8, 7]);
  const other = series("loss", [2, 1], [6, Number.NaN]);
  expect(sideBySide([one, other])).toEqual([
    { step: 0, values: [9, undefined] },
    { step: 1, values: [undefined, null] },
    { step: 2, values: [8, 6] },
    { step: 2, values: [7, undefined] },
  ]);
  expect(sideBySide([])).toEqual([]);
});
