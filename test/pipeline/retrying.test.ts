import { describe, expect, it } from "vitest";
import { done, drop } from "../../src/index.js";
import { retryPolicy } from "../../src/pipeline/retrying.js";

const random = (): number => 0.5;
const delays = (policy: ReturnType<typeof retryPolicy>, ...attempts: number[]) =>
  attempts.map((attempt) => policy.delayMs(attempt, undefined));

describe("retryPolicy", () => {
  it("is one attempt by default", () => {
    expect(retryPolicy(undefined, random).attempts).toBe(1);
    expect(retryPolicy(4, random).attempts).toBe(4);
  });

  it("doubles the wait from 1 s to 5 min, less up to a half", () => {
    const policy = retryPolicy({ attempts: 99 }, random);
    expect(delays(policy, 1, 2, 3, 20)).toEqual([750, 1_500, 3_000, 225_000]);
  });

  it("waits the same each time where it is fixed, never longer than delayMax", () => {
    const policy = retryPolicy({ attempts: 9, backoff: "fixed", delay: "2s", jitter: false }, random);
    expect(delays(policy, 1, 5)).toEqual([2_000, 2_000]);
    const short = retryPolicy(
      { attempts: 9, backoff: "fixed", delay: "2s", delayMax: "1s", jitter: false },
      random,
    );
    expect(delays(short, 1)).toEqual([1_000]);
  });

  it("does not cut a first wait that is longer than the default of delayMax", () => {
    const policy = retryPolicy({ attempts: 9, delay: "1h", jitter: false }, random);
    expect(delays(policy, 1, 2)).toEqual([3_600_000, 3_600_000]);
  });

  it("gives a number for any attempt", () => {
    for (const delay of [0, 1, "5m"] as const) {
      const policy = retryPolicy({ attempts: 9, delay, jitter: false }, random);
      for (const wait of delays(policy, 1, 60, 1_025, 1e9)) expect(wait).toBeGreaterThanOrEqual(0);
    }
  });

  it("takes outcomes from a rule, and nothing else", () => {
    const answers: unknown[] = [
      done(),
      drop("x"),
      undefined,
      true,
      "retry",
      { outcome: "drop", reason: "x" },
    ];
    const rules = answers.map(
      (answer) => retryPolicy({ attempts: 1, on: () => answer as never }, random).rule,
    );
    expect(rules.map((rule) => rule(new Error("x"), 1))).toEqual([
      done(),
      drop("x"),
      ...Array(4).fill(undefined),
    ]);
  });

  it("throws what a rule or a backoff throws", () => {
    const bad = () => {
      throw new Error("bad");
    };
    expect(() => retryPolicy({ attempts: 1, on: bad }, random).rule(1, 1)).toThrow("bad");
    expect(() => retryPolicy({ attempts: 1, backoff: bad }, random).delayMs(1, 1)).toThrow("bad");
    expect(() => retryPolicy({ attempts: 1, backoff: () => -1 }, random).delayMs(1, 1)).toThrow(TypeError);
  });
});
