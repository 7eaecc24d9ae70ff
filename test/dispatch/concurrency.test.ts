import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { gatedLane, keepsCeiling } from "./orders.js";
import { gated, n, Ping, Pong } from "./setup.js";

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
  const { bus, time, lane, handler, seen } = await gatedLane(3);
  bus.on(Ping, { lane: "lane" }, handler);
  await bus.publish(n(5).map((each) => new Ping({ n: each })));
  await time.rest();
  expect([seen, lane.running, lane.waiting]).toEqual([[0, 0, 1], 3, 7]);
});

test("a concurrency that is no integer from 1 up is a TypeError and changes nothing", async () => {
  const { lane } = await gatedLane(3);
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

test(
  "the ceiling is never exceeded and always reached, whatever happens meanwhile",
  () => keepsCeiling(200),
  60_000,
);

test("of a hundred handlers that end in any order no slot is lost", async () => {
  const { bus, time, lane, calls, seen } = await gatedLane(7);
  await bus.publish(n(100).map((each) => new Ping({ n: each })));
  await time.rest();
  for (let left = 100; left > 0; left--) {
    expect(lane.running).toBe(Math.min(7, left));
    calls.splice((left * 31) % calls.length, 1)[0]![left % 3 === 0 ? "fail" : "go"](new Error("no"));
    await time.rest();
  }
  expect(seen.length).toBe(100);
});

test("fewer slots, while some linger and one is still to start, lose nothing", async () => {
  const { bus, time } = virtualBus({ lanes: { shared: { concurrency: 2 } } });
  const ran: number[] = [];
  bus.on(Ping, { name: "s", lane: "shared" }, async ({ n }) => void ran.push(n));
  await bus.start();
  const lane = bus.lanes.get("shared" as never)!;
  lane.pause();
  await bus.publish(new Ping({ n: 1 }), { key: "a", priority: 0 });
  await bus.publish(new Ping({ n: 2 }), { key: "b", priority: 0 });
  lane.resume();
  lane.concurrency = 4;
  await bus.publish(new Ping({ n: 5 }), { key: "a", priority: 0 });
  lane.concurrency = 1;
  await time.advance(100_000);
  expect(ran).toEqual([1, 2, 5]);
});
