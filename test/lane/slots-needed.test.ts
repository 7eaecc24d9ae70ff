import { expect, test } from "vitest";
import { adviceOf } from "../../src/lane/advice.js";
import { slotsNeeded } from "../../src/lane/slots-needed.js";

const at = (perSecond: number, serviceMs: number) => ({
  arrivalsPerMs: perSecond / 1_000,
  serviceMs,
  busy: 0,
});

/** Erlang's C by its definition, with factorials. */
function meanWaitMs(slots: number, perSecond: number, serviceMs: number): number {
  const offered = (perSecond / 1_000) * serviceMs;
  const term = (n: number): number => (n === 0 ? 1 : (term(n - 1) * offered) / n);
  const all = (term(slots) * slots) / (slots - offered);
  const others = Array.from({ length: slots }, (_, n) => term(n)).reduce((sum, each) => sum + each, 0);
  return ((all / (others + all)) * serviceMs) / (slots - offered);
}

test("it is enough, and one fewer would wait too long or leave no fifth free", () => {
  for (const perSecond of [0.5, 3, 20, 90])
    for (const serviceMs of [5, 80, 400])
      for (const target of [1, 50, 250, 2_000]) {
        const slots = slotsNeeded(at(perSecond, serviceMs), target);
        const offered = (perSecond / 1_000) * serviceMs;
        const isEnough = (count: number): boolean =>
          count > 0 && offered / count <= 0.8 + 1e-9 && meanWaitMs(count, perSecond, serviceMs) <= target;
        expect([isEnough(slots), isEnough(slots - 1)]).toEqual([true, false]);
      }
});

test("nothing needs one slot, and a flood is counted by the share alone", () => {
  expect(slotsNeeded(at(0, 100), 250)).toBe(1);
  expect(slotsNeeded(at(0, 0), 250)).toBe(1);
  expect(slotsNeeded(at(1_000_000, 1_000), 250)).toBe(1_250_000);
});

test("the advice names slots, target and what there is; or the rate, where no number of slots helps", () => {
  const advised = { rates: at(20, 270), concurrency: 4, targetMs: undefined, startsPerMsMax: Infinity };
  expect(adviceOf(advised)).toBe("needs 7 slots for 250 ms at this rate, has 4");
  expect(adviceOf({ ...advised, targetMs: 10 })).toBe("needs 9 slots for 10 ms at this rate, has 4");
  expect(adviceOf({ ...advised, rates: at(1, 10) })).toBe("needs 1 slot for 250 ms at this rate, has 4");
  expect(adviceOf({ ...advised, startsPerMsMax: 0.005 })).toBe(
    "its rate lets 5 a second start, and 20 a second arrive: no number of slots helps",
  );
  expect(adviceOf({ ...advised, rates: at(0, 0) })).toBeUndefined();
});
