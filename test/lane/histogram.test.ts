import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram } from "../../src/lane/histogram.js";

test("nothing measured is nothing", () => {
  expect(new Histogram().percentiles()).toEqual({ p50: 0, p99: 0, max: 0 });
});

test("percentiles are within an eighth of the exact ones, the maximum is exact", () => {
  const times = fc.array(fc.double({ min: 0.01, max: 3_600_000, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(times, (all) => {
      const histogram = new Histogram();
      for (const ms of all) histogram.add(ms);
      const sorted = all.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1]!;
      const { p50, p99, max } = histogram.percentiles();
      expect(Math.abs(p50 - at(0.5))).toBeLessThanOrEqual(at(0.5) / 8);
      expect(Math.abs(p99 - at(0.99))).toBeLessThanOrEqual(at(0.99) / 8);
      expect(max).toBe(sorted.at(-1));
    }),
    { numRuns: 200 },
  );
});

test("times too short to tell count as none, and absurd ones as the longest", () => {
  const histogram = new Histogram();
  histogram.add(0);
  expect(histogram.percentiles()).toEqual({ p50: 0, p99: 0, max: 0 });
  histogram.add(1e15);
  expect(histogram.percentiles().max).toBe(1e15);
  expect(histogram.percentiles().p99).toBeGreaterThan(1e9);
});

test("a time too short to tell is one of the times", () => {
  const histogram = new Histogram();
  histogram.add(0);
  histogram.add(1_000);
  const { p50, p99 } = histogram.percentiles();
  expect(p50).toBe(0);
  expect(Math.abs(p99 - 1_000)).toBeLessThanOrEqual(125);
});

test("the last bucket is that of 2³¹ milliseconds and holds whatever is longer", () => {
  const p99 = (ms: number): number => {
    const histogram = new Histogram();
    histogram.add(ms);
    return histogram.percentiles().p99;
  };
  expect(p99(2 ** 31)).toBe(2 ** 31);
  const middle = 2 ** 31 * 1.125;
  expect([2 ** 31 * 1.3, 2 ** 33, 1e15].map(p99)).toEqual([middle, middle, middle]);
});
