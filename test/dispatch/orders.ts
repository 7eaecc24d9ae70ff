/** What a lane keeps whatever is done to it, tried on lives of lanes that chance makes up: a few in its own tests, many under fire. */
import fc from "fast-check";
import { expect } from "vitest";
import { retry } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { expectCountsToAddUp, gated, n, Ping, toggle } from "./setup.js";

/** Order per key under retries, priorities, pauses and changes of the concurrency, and no more at once than it says. */
export async function keepsKeyOrder(numRuns: number): Promise<void> {
  const event = fc.record({
    key: fc.constantFrom("a", "b", "c", undefined),
    priority: fc.constantFrom(0, 3, 7) as fc.Arbitrary<0 | 3 | 7>,
    failures: fc.constantFrom(0, 0, 0, 1, 2, 3),
    how: fc.constantFrom("throws", "rejects", "asks"),
    takes: fc.constantFrom(0, 0, 1, 7, 30),
  });
  const action = fc.oneof(
    { weight: 6, arbitrary: event },
    { weight: 2, arbitrary: fc.record({ advance: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.constant("toggle" as const) },
  );
  const ran = { retries: 0, behind: 0, side: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 12, size: "max" }), async (actions) => {
      const { bus, time } = virtualBus({ lanes: { shared: { concurrency: 2 } } });
      const lane = bus.lanes.get("shared")!;
      const plan = new Map<number, { failures: number; how: string; takes: number }>();
      const finals = new Map<string, number[]>();
      const running = new Map<string, number>();
      // What a handler threw would be a failure like those of the plan.
      const faults: string[] = [];
      const inOrder = async (
        { n: number }: Ping,
        delivery: { key: string | undefined; attempt: number; sleep: (ms: number) => Promise<void> },
      ): Promise<unknown> => {
        const { failures, how, takes } = plan.get(number)!;
        const { key = `none-${number}` } = delivery;
        if (running.has(key)) faults.push(`${number} beside ${running.get(key)}, both of ${key}`);
        if (lane.running > lane.concurrency) faults.push(`${lane.running} of ${lane.concurrency} at once`);
        running.set(key, number);
        ran.side = Math.max(ran.side, running.size);
        if (delivery.attempt > 1) ran.retries++;
        if (takes > 0) await delivery.sleep(takes);
        running.delete(key);
        if (delivery.attempt > Math.min(failures, 2)) finals.set(key, [...(finals.get(key) ?? []), number]);
        if (delivery.attempt > failures) return undefined;
        if (how === "asks") return retry({ after: 5 });
        if (how === "throws") throw new Error("no");
        return Promise.reject(new Error("no"));
      };
      bus.on(Ping, { name: "s", lane: "shared", retry: { attempts: 3, delay: 20, jitter: false } }, inOrder);
      await bus.start();
      const accepted = new Map<string, number[]>();
      for (const [number, each] of actions.entries()) {
        if (each === "toggle") toggle(lane);
        else if ("advance" in each) await time.advance(each.advance);
        else if ("concurrency" in each) lane.concurrency = each.concurrency;
        else {
          plan.set(number, each);
          const { key = `none-${number}`, priority } = each;
          accepted.set(key, [...(accepted.get(key) ?? []), number]);
          if (accepted.get(key)!.length > 1) ran.behind++;
          await bus.publish(new Ping({ n: number }), { key: each.key, priority });
        }
        expectCountsToAddUp(bus);
      }
      lane.resume();
      await time.advance(100_000);
      expect(finals).toEqual(accepted);
      expect(faults).toEqual([]);
      expect([lane.waiting, lane.running, lane.retrying, time.timers]).toEqual([0, 0, 0, 0]);
    }),
    { numRuns },
  );
  // So that a change of the plan does not leave it with nothing to try.
  expect([ran.retries > numRuns / 2, ran.behind > numRuns / 2, ran.side > 1]).toEqual([true, true, true]);
}

/** A lane whose handlers wait until the test lets them go. */
export async function gatedLane(concurrency = 10) {
  const { bus, time } = virtualBus({ lanes: { lane: { concurrency } } });
  const gate = gated();
  bus.on(Ping, { name: "s", lane: "lane" }, gate.handler);
  await bus.start();
  return { bus, time, lane: bus.lanes.get("lane")!, ...gate };
}

/** Never more at once than the concurrency says, and as many wherever there is work for them. */
export async function keepsCeiling(numRuns: number): Promise<void> {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ publish: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 3, arbitrary: fc.record({ end: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 2, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 1, arbitrary: fc.record({ microtasks: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 1, arbitrary: fc.constantFrom("rest" as const, "toggle" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 25, size: "max" }), async (actions) => {
      const { bus, time, lane, calls, seen, openAll } = await gatedLane(2);
      let published = 0;
      let ceiling = 2;
      for (const each of actions) {
        if (each === "rest") await time.rest();
        else if (each === "toggle") toggle(lane);
        else if ("publish" in each)
          for (const _ of n(each.publish)) void bus.publish(new Ping({ n: published++ }));
        else if ("end" in each) for (const call of calls.splice(0, each.end)) call.go();
        else if ("microtasks" in each) for (const _ of n(each.microtasks)) await Promise.resolve();
        else {
          lane.concurrency = each.concurrency;
          ceiling = Math.max(lane.running, each.concurrency);
        }
        const { running, waiting, isPaused } = lane;
        expect(running).toBeLessThanOrEqual(ceiling);
        const reached =
          each !== "rest" || isPaused || running >= Math.min(lane.concurrency, running + waiting);
        expect(reached).toBe(true);
        if (each === "rest") ceiling = Math.max(running, lane.concurrency);
        expectCountsToAddUp(bus);
      }
      lane.resume();
      await time.rest();
      await openAll(time);
      expect(seen.toSorted((a, b) => a - b)).toEqual(n(published));
      expect([lane.waiting, lane.running]).toEqual([0, 0]);
    }),
    { numRuns },
  );
}
