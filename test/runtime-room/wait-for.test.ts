import fc from "fast-check";
import { expect, test } from "vitest";
import { circleOf, waitFor, waits } from "../../src/runtime/wait-for.js";

const [a, b, c] = [{ name: "a" }, { name: "b" }, { name: "c" }];

test("a lane that waits for itself is the smallest circle", () => {
  expect(circleOf(a, a)).toEqual(["a", "a"]);
});

test("a wait that closes no circle is none, however long the chain", () => {
  const ends = [waitFor(a, b), waitFor(b, c)];
  expect(circleOf(a, c)).toBeUndefined();
  expect(circleOf(c, { name: "d" })).toBeUndefined();
  for (const end of ends) end();
});

test("a circle is named in the order of waiting, from who would close it and back", () => {
  const ends = [waitFor(a, b), waitFor(b, c)];
  expect(circleOf(c, a)).toEqual(["c", "a", "b", "c"]);
  for (const end of ends) end();
  expect(circleOf(c, a)).toBeUndefined();
});

test("two lanes of one name are two lanes", () => {
  const end = waitFor(a, { name: "b" });
  expect(circleOf(b, a)).toBeUndefined();
  end();
});

test("a wait ends once for each time that it began", () => {
  const ends = [waitFor(a, b), waitFor(a, b)];
  expect(waits()).toBe(2);
  ends[0]!();
  expect(circleOf(b, a)).toBeDefined();
  ends[1]!();
  expect([circleOf(b, a), waits()]).toEqual([undefined, 0]);
});

test("it finds a circle exactly where there is one, and forgets everything that has ended", () => {
  const lanes = Array.from({ length: 6 }, (_, index) => ({ name: `lane-${index}` }));
  const edge = fc.tuple(fc.nat(5), fc.nat(5));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 15 }), edge, (edges, [from, to]) => {
      const ends = edges.map(([source, target]) => waitFor(lanes[source]!, lanes[target]!));
      const reached = new Set([to]);
      for (const node of reached)
        for (const [source, target] of edges) if (source === node) reached.add(target);
      const circle = circleOf(lanes[from]!, lanes[to]!);
      expect(circle !== undefined).toBe(reached.has(from));
      for (const end of ends) end();
      expect(waits()).toBe(0);
    }),
    { numRuns: 300 },
  );
});
