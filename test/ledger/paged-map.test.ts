/** A map of numbers in pages, and of texts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { PagedMap } from "../../src/ledger/paged-map.js";

const key = fc.oneof(
  fc.integer({ min: 0, max: 600 }),
  { weight: 5, arbitrary: fc.constantFrom(0, 256) }, // so few that a page is often left by its last, and taken again
  fc.constantFrom(2 ** 40, 2 ** 40 + 1),
  fc.constantFrom("a", "b"),
);
const step = fc.record({ key, does: fc.constantFrom("set", "delete", "get") });

test("a paged map is a map", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const [paged, plain] = [new PagedMap<number>(), new Map<number | string, number>()];
      steps.forEach((each, index) => {
        for (const map of [paged, plain]) {
          if (each.does === "set") map.set(each.key, index);
          else if (each.does === "delete") map.delete(each.key);
        }
        expect(paged.get(each.key)).toBe(plain.get(each.key));
        expect(paged.size).toBe(plain.size);
      });
      for (const [at, value] of plain) expect(paged.get(at)).toBe(value);
    }),
  );
});
