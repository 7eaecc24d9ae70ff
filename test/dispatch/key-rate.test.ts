/** A rate per key: what must wait for it keeps no slot. */
import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { expectCountsToAddUp, gated, Keyed, n, Ping } from "./setup.js";

async function setup({ limit = 1, concurrency = 2, more = {} } = {}) {
  const lane = { concurrency, rate: { limit, interval: "1s", by: "key" }, ...more } as const;
  const { bus, time } = virtualBus({ lanes: { api: lane } });
  const starts: [string, number][] = [];
  bus.on(Keyed, { name: "s", lane: "api", retry: { attempts: 2, delay: 0, jitter: false } }, (event) => {
    starts.push([`${event.key}${event.n}`, time.runtime.host.monotonic()]);
    if (event.n === 99 && starts.length === 1) throw new Error("again");
  });
  await bus.start();
  const publish = (key: string, ...numbers: number[]) =>
    bus.publish(numbers.map((number) => new Keyed({ key, n: number })));
  return { bus, time, starts, publish, lane: bus.lanes.get("api")! };
}

test("one that must wait for its key's rate delays no other key, though there is one slot", async () => {
  const { bus, time, starts, publish, lane } = await setup({ concurrency: 1 });
  await publish("a", 1, 2, 3);
  await publish("b", 1);
  await publish("c", 1);
  await time.rest();
  expect(starts).toEqual([
    ["a1", 0],
    ["b1", 0],
    ["c1", 0],
  ]);
  expect([lane.waiting, lane.running, time.timers]).toEqual([2, 0, 1]);
  expectCountsToAddUp(bus);
  await time.advance(2_000);
  expect(starts.slice(3)).toEqual([
    ["a2", 1_000],
    ["a3", 2_000],
  ]);
  expect([lane.waiting, time.timers]).toEqual([0, 0]);
});

test("never more of a key start than its rate allows, however long they have waited for a slot", async () => {
  const { bus, time, starts, publish, lane } = await setup({ limit: 2 });
  lane.pause();
  await publish("a", ...n(6));
  await time.advance(60_000);
  lane.resume();
  await time.advance(2_000);
  expect(starts.map(([, at]) => at - 60_000)).toEqual([0, 0, 500, 1_000, 1_500, 2_000]);
  expectCountsToAddUp(bus);
});

test("what has no key is not limited", async () => {
  const { bus, time } = await setup();
  let seen = 0;
  bus.on(Ping, { lane: "api" }, () => void seen++);
  await bus.publish(n(100).map((each) => new Ping({ n: each })));
  await time.rest();
  expect(seen).toBe(100);
});

test("a key's rate counts all subscriptions of the lane together", async () => {
  const { bus, time, starts, publish } = await setup();
  bus.on(Keyed, { name: "t", lane: "api" }, (event) => {
    starts.push([`t${event.key}${event.n}`, time.runtime.host.monotonic()]);
  });
  await publish("a", 1);
  await time.advance(1_000);
  expect(starts).toEqual([
    ["a1", 0],
    ["ta1", 1_000],
  ]);
});

test("a retry is a start of its key like any other", async () => {
  const { time, starts, publish } = await setup();
  await publish("a", 99);
  await time.advance(1_000);
  expect(starts).toEqual([
    ["a99", 0],
    ["a99", 1_000],
  ]);
});

test("idle() does not wait for it, and close() runs it until the deadline", async () => {
  const { bus, time, starts, publish } = await setup();
  await publish("a", 1, 2, 3);
  await time.rest();
  await bus.idle();
  expect(starts.length).toBe(1);
  const closing = bus.close({ deadline: "1500ms" });
  await time.advance(1_500);
  expect((await closing).abandoned).toEqual([expect.stringContaining("s (test.keyed")]);
  expect([starts.length, time.timers]).toEqual([2, 0]);
});

test("coalesced while it waits aside, the latest takes its place and its time", async () => {
  const { bus, time, starts, publish, lane } = await setup({ more: { overflow: "coalesce" } });
  await publish("a", 1);
  await time.rest();
  await publish("a", 2);
  await time.rest();
  await publish("a", 3);
  await publish("a", 4);
  expect(lane.waiting).toBe(1);
  await time.advance(1_000);
  expect(starts).toEqual([
    ["a1", 0],
    ["a4", 1_000],
  ]);
  expectCountsToAddUp(bus);
});

test("one that was coalesced before it had to wait aside may be coalesced there once more", async () => {
  const { bus, time, starts, publish, lane } = await setup({ more: { overflow: "coalesce" } });
  await publish("a", 1);
  await time.rest();
  lane.pause();
  await publish("a", 2);
  await publish("a", 3); // in the ring 2 stands for it
  lane.resume();
  await time.rest();
  await publish("a", 4);
  await time.advance(1_000);
  expect(starts.map(([label]) => label)).toEqual(["a1", "a4"]);
  expect(lane.waiting).toBe(0);
  expectCountsToAddUp(bus);
});

test("a probe of the breaker that finds only what must wait is not used up", async () => {
  const lane = {
    rate: { limit: 1, interval: "10s", by: "key" },
    breaker: { failures: 1, pause: "1s" },
  } as const;
  const { bus, time } = virtualBus({ lanes: { api: lane } });
  const seen: string[] = [];
  bus.on(Keyed, { lane: "api" }, ({ key, n: number }) => {
    seen.push(`${key}${number}`);
    if (number === 1) throw new Error("down");
  });
  await bus.start();
  await bus.publish([new Keyed({ key: "a", n: 1 }), new Keyed({ key: "a", n: 2 })]);
  await time.advance(2_000);
  await bus.publish(new Keyed({ key: "b", n: 2 }));
  await time.rest();
  expect(seen).toEqual(["a1", "b2"]);
  await time.advance(8_000);
  expect(seen).toEqual(["a1", "b2", "a2"]);
});

test("one key that is limited leaves the slots to those that run", async () => {
  const { bus, time, publish } = await setup({ concurrency: 2 });
  const { handler, seen, openAll } = gated();
  bus.on(Ping, { lane: "api" }, handler);
  await publish("a", ...n(50));
  await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
  await time.rest();
  expect(seen).toEqual([1, 2]);
  await openAll(time);
});
