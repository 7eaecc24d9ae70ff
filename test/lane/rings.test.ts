import fc from "fast-check";
import { expect, test } from "vitest";
import { Rings } from "../../src/lane/rings.js";
import { type Item, labels, subscription } from "./queueds.js";

function setup(priorities: readonly number[]) {
  const { item } = subscription();
  const rings = new Rings<Item>();
  const items = priorities.map((priority, index) => item(String.fromCharCode(97 + index), { priority }));
  for (const each of items) {
    each.standing = "waiting";
    rings.push(each);
  }
  const drained = (): string => labels(iterate(rings));
  return { rings, items, drained };
}

function* iterate(rings: Rings<Item>): Generator<Item> {
  for (let next = rings.shift(); next !== undefined; next = rings.shift()) yield next as Item;
}

test("the higher priority goes first, and within one the older", () => {
  expect(setup([3, 0, 7, 3, 7]).drained()).toBe("ceadb");
});

test("every sixteenth turn goes to the lowest priority that waits", () => {
  const { drained } = setup([...Array<number>(40).fill(7), 2, 5, 2].slice(-43));
  const order = drained();
  expect(order.indexOf(String.fromCharCode(97 + 40))).toBe(15);
  expect(order.indexOf(String.fromCharCode(97 + 42))).toBe(31);
  expect(order.indexOf(String.fromCharCode(97 + 41))).toBe(42);
});

test("what has ended is passed over and not counted, few or many of them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.boolean()), { maxLength: 200 }),
      (all) => {
        const { rings, items } = setup(all.map(([priority]) => priority));
        const left = items.filter((each, index) => {
          if (!all[index]![1]) return true;
          each.standing = "ended";
          rings.ended();
          return false;
        });
        expect(rings.length).toBe(left.length);
        expect(new Set(rings)).toEqual(new Set(left));
        expect(new Set(iterate(rings))).toEqual(new Set(left));
        expect(rings.length).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});

test("when most have ended, those that are left come in order, and priorities without any are passed over", () => {
  const { rings, items, drained } = setup(Array.from({ length: 90 }, (_, at) => (at % 9 === 0 ? 2 : 6)));
  for (const each of items.filter(({ priority }) => priority === 6)) {
    each.standing = "ended";
    rings.ended();
  }
  const left = labels(items.filter(({ priority }) => priority === 2));
  expect([rings.length, labels(rings as Iterable<Item>), drained()]).toEqual([10, left, left]);
});

test("the place of a superseded delivery belongs to its successor", () => {
  const { rings, items, drained } = setup([3, 3]);
  const [old] = items;
  const newcomer = subscription().item("n");
  newcomer.standing = "waiting";
  old!.standing = "ended";
  old!.successor = newcomer;
  expect(labels(rings as Iterable<Item>)).toBe("nb");
  expect(drained()).toBe("nb");
});
