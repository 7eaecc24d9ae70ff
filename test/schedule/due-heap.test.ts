/** The heap of what is due: always the next first, whatever is put in and taken out. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Due, DueHeap } from "../../src/schedule/due-heap.js";

const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant("add" as const), at: fc.integer({ min: 0, max: 20 }) }),
  },
  fc.record({ does: fc.constant("delete" as const), which: fc.nat() }),
);

test("the first is the next to be due; equal times in their order, whatever is taken out from wherever", () => {
  const property = fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
    const heap = new DueHeap<Due>();
    const model: Due[] = [];
    const gone: Due[] = [];
    let order = 0;
    for (const each of acts) {
      if (each.does === "add") {
        const item = { at: each.at, order: order++, place: -1 };
        heap.add(item);
        model.push(item);
      } else if (model.length > 0) {
        const [item] = model.splice(each.which % model.length, 1);
        heap.delete(item!);
        heap.delete(item!);
        gone.push(item!);
      }
      model.sort((a, b) => a.at - b.at || a.order - b.order);
      expect(heap.first).toBe(model[0]);
    }
    const drained: Due[] = [];
    for (let first = heap.first; first !== undefined; first = heap.first) {
      drained.push(first);
      heap.delete(first);
    }
    expect(drained).toEqual(model);
    expect([...gone, ...drained].every(({ place }) => place === -1)).toBe(true);
  });
  fc.assert(property, { numRuns: 300, seed: Number(process.env["SEED"] ?? 1) });
});

test("takes all out at once", () => {
  const heap = new DueHeap<Due>();
  const items = [3, 1, 2].map((at, order) => ({ at, order, place: -1 }));
  for (const item of items) heap.add(item);
  expect(new Set(heap.clear())).toEqual(new Set(items));
  expect([heap.first, items.map(({ place }) => place)]).toEqual([undefined, [-1, -1, -1]]);
});
