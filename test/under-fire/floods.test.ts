/** A million events through bounded lanes under each overflow policy: nothing is lost to the counts, nothing stays in the heap. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { program } from "./program.js";
import type { Flood } from "./programs/flood.js";

const EVENTS = 1_000_000;
const SUBSCRIPTIONS = ["at-once", "later"];

/** What may stay: 2 MB or 5 %. */
const kept = (before: number): number => Math.max(2 * 1024 * 1024, before * 0.05);
const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

let flood: Awaited<ReturnType<typeof program>>;
beforeAll(async () => void (flood = await program("flood")));
afterAll(() => flood.drop());

describe.concurrent("of a million events through two bounded lanes", () => {
  const run = (overflow: string) => flood.report<Flood>(overflow, String(EVENTS));

  function expectOrder({ faults, looks, counts, mostWaiting, ...rest }: Flood): void {
    expect(faults).toEqual([]);
    expect(looks).toBeGreaterThan(200);
    expect(rest.otherErrors).toBe(0);
    expect(rest.published + rest.refused).toBe(EVENTS);
    expect(mostWaiting).toBeLessThanOrEqual(1_000);
    expect(Object.keys(counts)).toEqual(SUBSCRIPTIONS);
    for (const { routed, handled, dropped } of Object.values(counts)) {
      expect(routed).toBe(rest.published);
      expect(handled + dropped).toBe(routed);
      expect(handled).toBeGreaterThan(0);
    }
    expect(rest.heapAfter - rest.heapBefore).toBeLessThan(kept(rest.heapBefore));
  }

  const handled = ({ counts }: Flood): number => total(Object.values(counts).map((each) => each.handled));
  const dropped = ({ counts }: Flood): number => total(Object.values(counts).map((each) => each.dropped));

  test("`wait` hands over every one it took, and refuses only those past the publishes that may wait", async () => {
    const told = await run("wait");
    expectOrder(told);
    expect(dropped(told)).toBe(0);
    expect(handled(told)).toBe(told.accepted);
    expect(told.refused).toBeGreaterThan(EVENTS / 4);
    expect(told.refused).toBeLessThan(EVENTS / 2);
  }, 180_000);

  test("`reject` refuses what finds no room, in both lanes or in none, and hands over the rest", async () => {
    const told = await run("reject");
    expectOrder(told);
    expect(dropped(told)).toBe(0);
    expect(handled(told)).toBe(told.accepted);
    expect(told.accepted).toBe(2 * told.published);
    expect(told.refused).toBeGreaterThan(EVENTS / 4);
  }, 180_000);

  test("`dropOldest` takes every one and drops the oldest for it", async () => {
    const told = await run("dropOldest");
    expectOrder(told);
    expect(told.accepted).toBe(2 * EVENTS);
    expect(handled(told) + dropped(told)).toBe(told.accepted);
  }, 180_000);

  test("`dropNewest` drops the newcomer, which is then not accepted", async () => {
    const told = await run("dropNewest");
    expectOrder(told);
    expect(handled(told)).toBe(told.accepted);
  }, 180_000);

  test("`coalesce` keeps the latest of each key and drops what it replaces", async () => {
    const told = await run("coalesce");
    expectOrder(told);
    // Those without a key are dropped as newcomers, those with one are accepted and later replaced.
    expect(told.accepted).toBeGreaterThan(handled(told));
    expect(told.accepted).toBeLessThan(2 * EVENTS);
  }, 180_000);
});
