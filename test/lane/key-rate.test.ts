import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyRate } from "../../src/lane/key-rate.js";

test("each key has the whole limit at once, and its next when its part of the interval has passed", () => {
  const rate = new KeyRate(2, 1_000);
  expect(["a", "a", "b", "b"].map((key) => rate.take(key, 0))).toEqual([0, 0, 0, 0]);
  expect([rate.take("a", 0), rate.take("b", 400)]).toEqual([500, 100]);
  expect([rate.take("a", 500), rate.take("a", 500)]).toEqual([0, 500]);
});

test("a refused start uses up nothing", () => {
  const rate = new KeyRate(1, 1_000);
  rate.take("a", 0);
  for (let asked = 0; asked < 100; asked++) rate.take("a", 10);
  expect(rate.take("a", 1_000)).toBe(0);
});

test("a key is forgotten when its bucket is full again", () => {
  const rate = new KeyRate(2, 1_000);
  for (let key = 0; key < 10_000; key++) rate.take(`${key}`, key / 10);
  expect(rate.size).toBeLessThanOrEqual(10_000);
  rate.take("last", 2_000);
  expect(rate.size).toBe(1);
});

test("in no stretch of time do more of a key start than the limit and its refill", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.constantFrom("a", "b", "c")), { maxLength: 60 }),
      (limit, asks) => {
        const rate = new KeyRate(limit, 1_000);
        const starts = new Map<string, number[]>();
        let now = 0;
        for (const [gap, key] of asks) {
          now += gap;
          const wait = rate.take(key, now);
          expect(wait === 0 || rate.take(key, now + wait) === 0).toBe(true);
          starts.set(key, [...(starts.get(key) ?? []), (now += wait)]);
        }
        for (const times of starts.values())
          times.forEach((from, first) =>
            times.slice(first).forEach((to, more) => {
              expect(more + 1).toBeLessThanOrEqual(limit + ((to - from) * limit) / 1_000 + 1e-6);
            }),
          );
      },
    ),
  );
});
