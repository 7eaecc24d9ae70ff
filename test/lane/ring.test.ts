import fc from "fast-check";
import { expect, test } from "vitest";
import { Ring } from "../../src/lane/ring.js";

test("what goes in comes out in the same order, across any number of blocks", () => {
  const ring = new Ring<number>();
  for (let number = 0; number < 1_000; number++) ring.push(number);
  expect([...ring]).toEqual(Array.from({ length: 1_000 }, (_, number) => number));
  expect(Array.from({ length: 1_000 }, () => ring.shift())).toEqual(
    Array.from({ length: 1_000 }, (_, number) => number),
  );
  expect(ring.shift()).toBeUndefined();
  expect(ring.peek()).toBeUndefined();
});

test("a ring behaves like an array, whatever is done to it", () => {
  const step = fc.oneof(
    fc.record({ does: fc.constant("push" as const), times: fc.integer({ min: 1, max: 600 }) }),
    fc.record({ does: fc.constant("shift" as const), times: fc.integer({ min: 1, max: 600 }) }),
    fc.record({ does: fc.constant("keep" as const), times: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const ring = new Ring<number>();
      let model: number[] = [];
      let count = 0;
      let agrees = true;
      for (const { does, times } of steps) {
        for (let each = 0; each < times; each++)
          if (does === "push") model.push(ring.push((count += 1)) ?? count);
          else if (does === "shift") agrees &&= ring.shift() === model.shift();
        if (does === "keep") {
          ring.keep((number) => number % times !== 0);
          model = model.filter((number) => number % times !== 0);
        }
        expect(agrees).toBe(true);
        expect(ring.length).toBe(model.length);
        expect(ring.peek()).toBe(model[0]);
      }
      expect([...ring]).toEqual(model);
    }),
    { numRuns: 200 },
  );
});
