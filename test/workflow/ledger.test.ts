/** The ledger of a group: the first ending of a member counts, and nothing is counted along. */
import { expect, test } from "vitest";
import { Ledger } from "../../src/workflow/ledger.js";

test("the first ending of a member counts, whatever is told later", () => {
  const ledger = new Ledger(2);
  ledger.settle(0, { state: "done", value: 1 });
  ledger.settle(0, { state: "failed", error: new Error("late") });
  ledger.settle(0, { state: "done", value: 2 });
  expect([ledger.isComplete, ledger.ended, ledger.canGive(2)]).toEqual([false, 1, true]);
  ledger.settle(1, { state: "cancelled", error: new Error("away") });
  ledger.settle(1, { state: "done", value: 3 });
  expect([ledger.isComplete, ledger.ended, ledger.canGive(2)]).toEqual([true, 2, false]);
  expect(ledger.settled).toEqual([{ state: "done", value: 1 }, { state: "cancelled" }]);
  expect(ledger.values).toEqual([1, undefined]);
});

test("the failure is that of the first member that failed, and a cancelled one is none", () => {
  const ledger = new Ledger(3);
  ledger.settle(2, { state: "cancelled", error: new Error("cancelled") });
  ledger.settle(1, { state: "failed", error: "first" });
  ledger.settle(0, { state: "failed", error: "second" });
  expect(ledger.failure).toBe("first");
  expect(new Ledger(0)).toMatchObject({ isComplete: true, failure: undefined, settled: [] });
});
