import fc from "fast-check";
import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { expectCountsToAddUp, gated, n, Ping, Pong, toggle } from "./setup.js";

async function setup(concurrency = 10) {
  const { bus, time } = virtualBus({ lanes: { lane: { concurrency } } });
  const gate = gated();
  bus.on(Ping, { name: "s", lane: "lane" }, gate.handler);
  await bus.start();
  return { bus, time, lane: bus.lanes.get("lane")!, ...gate };
}

test("ten run at once by default", async () => {
  const { bus, time } = virtualBus();
  const { handler, seen } = gated();
  bus.on(Ping, handler);
  await bus.start();
  await bus.publish(n(30).map((each) => new Ping({ n: each })));
  await time.rest();
  expect(seen.length).toBe(10);
});

test("several subscriptions of one lane share its slots", async () => {
  const { bus, time, lane, handler, seen } = await setup(3);
  bus.on(Ping, { lane: "lane" }, handler);
  await bus.publish(n(5).map((each) => new Ping({ n: each })));
  await time.rest();
  expect([seen, lane.running, lane.waiting]).toEqual([[0, 0, 1], 3, 7]);
});

test("a concurrency that is no integer from 1 up is a TypeError and changes nothing", async () => {
  const { lane } = await setup(3);
  for (const wrong of [0, -1, 1.5, NaN, Infinity, "2"])
    expect(() => (lane.concurrency = wrong as number)).toThrow(TypeError);
  expect(lane.concurrency).toBe(3);
});

test("raised by a handler that runs: more start at once", async () => {
  const { bus, time } = virtualBus({ lanes: { lane: { concurrency: 1 } } });
  const { handler, seen } = gated();
  const lane = bus.lanes.get("lane")!;
  bus.on(Ping, { lane: "lane" }, (event) => {
    lane.concurrency = 4;
    return handler(event);
  });
  await bus.start();
  await bus.publish(n(10).map((each) => new Ping({ n: each })));
  await time.rest();
  expect(seen.length).toBe(4);
});

test("lowered while nothing runs: what comes next runs nevertheless", async () => {
  const { bus, time } = virtualBus({ lanes: { lane: { concurrency: 10 } } });
  const lane = bus.lanes.get("lane")!;
  const seen: number[] = [];
  bus.on(Ping, { lane: "lane" }, ({ n: number }) => void seen.push(number));
  bus.on(Pong, async () => {
    await bus.publish(n(10).map((each) => new Ping({ n: each })));
    for (let step = 0; step < 30; step++) await Promise.resolve();
    lane.concurrency = 1;
    await bus.publish(new Ping({ n: 10 }));
  });
  await bus.start();
  await bus.publish(new Pong({ n: 0 }));
  await time.rest();
  expect(seen).toEqual(n(11));
});

test("the ceiling is never exceeded and always reached, whatever happens meanwhile", async () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ publish: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 3, arbitrary: fc.record({ end: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 2, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 1, arbitrary: fc.record({ microtasks: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 1, arbitrary: fc.constantFrom("rest" as const, "toggle" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 40 }), async (actions) => {
      const { bus, time, lane, calls, seen, openAll } = await setup(2);
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
    { numRuns: 200 },
  );
}, 60_000);

test("of a hundred handlers that end in any order no slot is lost", async () => {
  const { bus, time, lane, calls, seen } = await setup(7);
  await bus.publish(n(100).map((each) => new Ping({ n: each })));
  await time.rest();
  for (let left = 100; left > 0; left--) {
    expect(lane.running).toBe(Math.min(7, left));
    calls.splice((left * 31) % calls.length, 1)[0]![left % 3 === 0 ? "fail" : "go"](new Error("no"));
    await time.rest();
  }
  expect(seen.length).toBe(100);
});
