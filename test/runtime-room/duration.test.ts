/** Durations: what is one, and how long it is. */
import { describe, expect, it } from "vitest";

import { isDuration, toMs, type Duration } from "../../src/runtime/duration.js";

describe("toMs", () => {
  it.each<[Duration, number]>([
    [0, 0],
    [250, 250],
    [0.5, 0.5],
    ["250ms", 250],
    ["10s", 10_000],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["0s", 0],
  ])("reads %s as %d milliseconds", (duration, milliseconds) => {
    expect(toMs(duration, "delay")).toBe(milliseconds);
  });

  it("names the option and the value it refuses", () => {
    expect(() => toMs("10 sec" as Duration, "retry.delay")).toThrow(
      new TypeError(
        'Expected `retry.delay` to be a duration such as 250 (ms), "10s" or "5m", got `"10 sec"` (string).',
      ),
    );
  });
});

describe("isDuration", () => {
  it.each([
    [-1],
    [NaN],
    [Infinity],
    [2 ** 53],
    [10n],
    [null],
    [undefined],
    [{}],
    [["10s"]],
    [""],
    ["10"],
    ["s"],
    ["-5s"],
    ["+5s"],
    ["10S"],
    ["10 s"],
    ["10s "],
    ["10s\n"],
    ["10sec"],
    ["1w"],
    ["1y"],
    [".5s"],
    ["1e3ms"],
    ["Infinityms"],
    ["9999999999999999d"],
    [`${"9".repeat(200)}s`],
  ])("refuses %s", (value) => {
    expect(isDuration(value)).toBe(false);
  });

  it("takes numbers and texts with a unit", () => {
    expect([0, 1.5, "1.5h", "7d"].map(isDuration)).toEqual([true, true, true, true]);
  });
});
