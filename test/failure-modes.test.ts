/** Holds the page of failure modes to what it is: every mode once, with a test that is there. */
import { expect, test } from "vitest";
import { textOf } from "./support/repository.js";

/* Nothing exists yet that daylight saving could break. */
const WITHOUT_TEST = ["F19"];

test("every failure mode from F1 to F35 is on its page once, and names a test", () => {
  const rows = textOf("docs/failure-modes.md").matchAll(/^\| (F\d+) .*$/gm);
  const tests = Array.from(rows, ([row, id]) => [id, row.includes("<!-- test: ")] as const);
  const ids = Array.from({ length: 35 }, (_, index) => `F${index + 1}`);
  expect(new Set(tests.map(([id]) => id))).toEqual(new Set(ids));
  expect(tests).toHaveLength(ids.length);
  expect(tests.filter(([, isTested]) => !isTested).map(([id]) => id)).toEqual(WITHOUT_TEST);
});
