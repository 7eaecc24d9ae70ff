import { expect, test } from "vitest";
import { Credits } from "../../src/dispatch/credits.js";

test("a group gets as much as it wants in all, whatever it has had already, and each group for itself", () => {
  const credits = new Credits();
  expect([credits.topUp("a", 10), credits.topUp("a", 10), credits.topUp("b", 4)]).toEqual([10, 0, 4]);
  expect([credits.topUp("a", 12), credits.topUp("a", 5)]).toEqual([2, 0]);
});

test("what is handed out counts until it is settled, and only then may more come for it", () => {
  const credits = new Credits();
  credits.topUp("a", 3);
  for (let out = 0; out < 3; out++) credits.handedOut("a");
  expect(credits.topUp("a", 3)).toBe(0);
  credits.settled("a");
  credits.settled("a");
  expect([credits.topUp("a", 3), credits.topUp("a", 3)]).toEqual([2, 0]);
});

test("a credit without end is granted once", () => {
  const credits = new Credits();
  expect([credits.topUp("a", Infinity), credits.topUp("a", Infinity)]).toEqual([Infinity, 0]);
});

test("after a restart everything is granted anew", () => {
  const credits = new Credits();
  credits.topUp("a", 3);
  credits.handedOut("a");
  credits.clear();
  expect(credits.topUp("a", 3)).toBe(3);
});

test("settlements that the store has not answered cost no credit, until there are more than a group gets in all", () => {
  const credits = new Credits();
  const settleAll = (): void => {
    for (let out = 0; out < 3; out++) {
      credits.handedOut("a");
      credits.settled("a");
      credits.settling("a");
    }
  };
  credits.topUp("a", 3);
  settleAll();
  expect(credits.topUp("a", 3)).toBe(3);
  settleAll();
  expect(credits.topUp("a", 3)).toBe(0);
  credits.answered("a");
  expect(credits.topUp("a", 3)).toBe(1);
});
