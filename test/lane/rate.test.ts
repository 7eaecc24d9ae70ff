import fc from "fast-check";
import { expect, test } from "vitest";
import { TokenBucket } from "../../src/lane/rate.js";

test("the whole limit goes at once, the next when its part of the interval has passed", () => {
  const bucket = new TokenBucket(5, 1_000, 0);
  expect(Array.from({ length: 5 }, () => bucket.take(0))).toEqual([0, 0, 0, 0, 0]);
  expect(bucket.take(0)).toBeCloseTo(200);
  expect(bucket.take(150)).toBeCloseTo(50);
  expect(bucket.take(200)).toBe(0);
  expect(bucket.take(200)).toBeCloseTo(200);
});

test("a calm time saves up no more than the limit", () => {
  const bucket = new TokenBucket(2, 1_000, 0);
  expect(Array.from({ length: 3 }, () => bucket.take(60_000) === 0)).toEqual([true, true, false]);
});

test("in no stretch of time do more start than the limit and its refill, and the wait it names is enough", () => {
  const options = {
    limit: fc.integer({ min: 1, max: 50 }),
    intervalMs: fc.integer({ min: 1, max: 100_000 }),
  };
  fc.assert(
    fc.property(
      fc.record(options),
      fc.array(fc.nat(5_000), { maxLength: 60 }),
      ({ limit, intervalMs }, gaps) => {
        const bucket = new TokenBucket(limit, intervalMs, 0);
        let now = 0;
        let started = 0;
        for (const gap of gaps) {
          now += gap;
          const wait = bucket.take(now);
          const again = wait === 0 ? 0 : bucket.take((now += wait));
          expect(again).toBe(0);
          started++;
          expect(started).toBeLessThanOrEqual(limit + (now * limit) / intervalMs + 1e-6);
        }
      },
    ),
    { numRuns: 200 },
  );
});
