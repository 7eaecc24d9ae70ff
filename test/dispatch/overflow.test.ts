import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type LaneOptions, LaneFullError } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, gated, Keyed, mismatches, n, Ping, toggle } from "./setup.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/* How many are still there. One collection may leave some: optimised code and its frames keep what they last saw. */
async function alive(refs: readonly WeakRef<object>[], expected: number): Promise<number> {
  let count = Infinity;
  for (let round = 0; round < 50 && count >= expected; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    count = refs.filter((ref) => ref.deref() !== undefined).length;
  }
  return count;
}

async function setup(lane: LaneOptions) {
  const { bus, time } = virtualBus({ lanes: { lane } });
  const dropped: string[] = [];
  bus.notices.on("delivery.dropped", ({ reason, eventId }) => {
    dropped.push(`${eventId} ${reason}`);
    dropped.push(...mismatches(bus));
  });
  await bus.start();
  return { bus, time, dropped, lane: bus.lanes.get("lane")! };
}

test("reject: a full lane refuses, and takes the next when there is room", async () => {
  const { bus, time, lane } = await setup({ capacity: 1, overflow: "reject" });
  bus.on(Ping, { lane: "lane" }, () => undefined);
  lane.pause();
  await bus.publish(new Ping({ n: 1 }));
  await expect(bus.publish(new Ping({ n: 2 }))).rejects.toThrow(LaneFullError);
  lane.resume();
  await time.rest();
  await expect(bus.publish(new Ping({ n: 3 }))).resolves.toBeDefined();
});

test("dropOldest: the oldest goes, the newcomer is accepted, and a notice and the counts say so", async () => {
  const { bus, time, lane, dropped } = await setup({ capacity: 2, overflow: "dropOldest" });
  const seen: number[] = [];
  bus.on(Ping, { name: "s", lane: "lane" }, ({ n: number }) => void seen.push(number));
  lane.pause();
  const receipts = [];
  for (const each of n(5)) receipts.push(await bus.publish(new Ping({ n: each }), { id: `p${each}` }));
  expect(receipts.map(({ accepted }) => accepted)).toEqual(n(5).map(() => ["s"]));
  expect(dropped).toEqual(["p0 evicted", "p1 evicted", "p2 evicted"]);
  expect(counts(bus, "s")).toMatchObject({ routed: 5, dropped: 3, waiting: 2 });
  expect([lane.waiting, lane.dropped]).toEqual([2, 3]);
  await expect(receipts[0]!.settled()).resolves.toMatchObject({
    dropped: 1,
    notHandled: [{ subscription: "s", eventId: "p0", outcome: "dropped", reason: "evicted" }],
  });
  lane.resume();
  await time.rest();
  expect(seen).toEqual([3, 4]);
});

test("dropOldest spares what has started: where nothing else is there, the newcomer goes", async () => {
  const { bus, time, lane, dropped } = await setup({ capacity: 1, concurrency: 1, overflow: "dropOldest" });
  let tries = 0;
  const retry = { attempts: 2, delay: "1s", jitter: false } as const;
  bus.on(Ping, { name: "s", lane: "lane", retry }, () => {
    if (++tries === 1) throw new Error("not yet");
  });
  await bus.publish(new Ping({ n: 1 }), { id: "first" });
  await time.rest();
  expect(lane.retrying).toBe(1);
  const receipt = await bus.publish(new Ping({ n: 2 }), { id: "second" });
  expect(receipt.accepted).toEqual([]);
  expect(dropped).toEqual(["second full"]);
  expectCountsToAddUp(bus);
  await time.advance(1_000);
  expect(counts(bus, "s")).toMatchObject({ routed: 2, handled: 1, dropped: 1 });
});

test("dropOldest loses nothing unsaid where retries hold more places than there are", async () => {
  const { bus, time, lane } = await setup({ capacity: 2, concurrency: 2, overflow: "dropOldest" });
  const { handler, calls } = gated();
  bus.on(Ping, { name: "s", lane: "lane", retry: { attempts: 2, delay: "1h" } }, handler);
  for (const each of n(4)) {
    await bus.publish(new Ping({ n: each }));
    await time.rest();
  }
  lane.pause();
  for (const { fail } of calls.splice(0)) fail(new Error("again"));
  await time.rest();
  expect([lane.waiting, lane.retrying]).toEqual([2, 2]);
  const receipt = await bus.publish(new Ping({ n: 4 }));
  expect(receipt.accepted).toEqual(["s"]);
  expectCountsToAddUp(bus);
  expect(counts(bus, "s")).toMatchObject({ routed: 5, dropped: 1, waiting: 2, retrying: 2 });
});

test("dropNewest: the newcomer is dropped and not accepted, others get it", async () => {
  const { bus, lane, dropped } = await setup({ capacity: 1, overflow: "dropNewest" });
  bus.on(Ping, { name: "s", lane: "lane" }, () => undefined);
  bus.on(Ping, { name: "other" }, () => undefined);
  lane.pause();
  await bus.publish(new Ping({ n: 1 }), { id: "a" });
  const receipt = await bus.publish(new Ping({ n: 2 }), { id: "b" });
  expect(receipt.accepted).toEqual(["other"]);
  expect(dropped).toEqual(["b full"]);
  await expect(receipt.settled()).resolves.toMatchObject({ done: 1, dropped: 1 });
});

test("coalesce: of one key only the latest waits, in the place of the one before, full or not", async () => {
  const { bus, time, lane, dropped } = await setup({ capacity: 10, concurrency: 1, overflow: "coalesce" });
  const seen: string[] = [];
  bus.on(Keyed, { name: "s", lane: "lane" }, ({ key, n: number }) => void seen.push(`${key}${number}`));
  lane.pause();
  for (const each of ["a0", "b0", "a1", "c0", "a2"]) {
    const receipt = await bus.publish(new Keyed({ key: each[0]!, n: Number(each[1]) }), { id: each });
    expect(receipt.accepted).toEqual(["s"]);
  }
  expect(dropped).toEqual(["a0 superseded", "a1 superseded"]);
  expect(lane.waiting).toBe(3);
  lane.resume();
  await time.rest();
  expect(seen).toEqual(["a2", "b0", "c0"]);
  expect(counts(bus, "s")).toMatchObject({ routed: 5, dropped: 2, handled: 3 });
});

test("coalesce never replaces what has started, nor events without a key; full, it drops the newcomer", async () => {
  const { bus, time, lane, dropped } = await setup({ capacity: 2, concurrency: 1, overflow: "coalesce" });
  const { handler, seen, openAll } = gated();
  bus.on(Keyed, { name: "s", lane: "lane" }, handler);
  bus.on(Ping, { name: "plain", lane: "lane" }, () => undefined);
  await bus.publish(new Keyed({ key: "a", n: 0 }), { id: "a0" });
  await time.rest();
  await bus.publish(new Keyed({ key: "a", n: 1 }), { id: "a1" });
  await bus.publish(new Keyed({ key: "a", n: 2 }), { id: "a2" });
  await bus.publish(new Ping({ n: 1 }), { id: "p1" });
  const full = await bus.publish(new Ping({ n: 2 }), { id: "p2" });
  expect(full.accepted).toEqual([]);
  expect(dropped).toEqual(["a1 superseded", "p2 full"]);
  await openAll(time);
  expect(seen).toEqual([0, 2]);
  expect(lane.waiting).toBe(0);
});

test("a flood on a paused lane with dropOldest keeps no more than its capacity in memory", async () => {
  const { bus, lane } = await setup({ capacity: 100, overflow: "dropOldest" });
  bus.on(Keyed, { name: "s", lane: "lane" }, () => undefined);
  lane.pause();
  const flood: WeakRef<Keyed>[] = [];
  for (const each of n(20_000)) {
    const event = new Keyed({ key: `k${each % 7}`, n: each });
    if (each % 10 === 0) flood.push(new WeakRef(event));
    void bus.publish(event);
  }
  expect(await alive(flood, 100)).toBeLessThan(100);
  expect(lane.waiting).toBe(100);
});

test("a flood behind a key whose head runs on keeps no more than the capacity either", async () => {
  const { bus, time, lane } = await setup({ capacity: 10, overflow: "dropOldest" });
  const { handler, seen, openAll } = gated();
  bus.on(Keyed, { name: "s", lane: "lane" }, handler);
  await bus.publish(new Keyed({ key: "k", n: -1 }));
  await time.rest();
  const flood: WeakRef<Keyed>[] = [];
  for (const each of n(5_000)) {
    const event = new Keyed({ key: "k", n: each });
    flood.push(new WeakRef(event));
    void bus.publish(event);
  }
  await time.rest();
  expect(await alive(flood, 20)).toBeLessThan(20);
  expect(lane.waiting).toBe(10);
  await openAll(time);
  expect(seen).toEqual([-1, ...n(10, 4_990)]);
});

test("what was handled is forgotten, even where one that came before it waits for ever", async () => {
  const { bus, time } = await setup({ capacity: 10, concurrency: 2, overflow: "dropOldest" });
  const { handler, openAll } = gated();
  bus.on(Keyed, { lane: "lane" }, handler);
  bus.on(Ping, { lane: "lane" }, () => undefined);
  await bus.publish([new Keyed({ key: "k", n: 1 }), new Keyed({ key: "k", n: 2 })]);
  const handled: WeakRef<Ping>[] = [];
  for (const each of n(2_000)) {
    const event = new Ping({ n: each });
    handled.push(new WeakRef(event));
    await bus.publish(event);
    if (each % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await time.rest();
  expect(await alive(handled, 100)).toBeLessThan(100);
  await openAll(time);
});

test("whatever the policy, a lane never holds more than its capacity, and every event is accounted for", async () => {
  const policy = fc.constantFrom("reject", "dropOldest", "dropNewest", "coalesce" as const);
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ key: fc.constantFrom(undefined, "a", "b") }) },
    { weight: 1, arbitrary: fc.constant("rest" as const) },
    { weight: 1, arbitrary: fc.constant("toggle" as const) },
  );
  await fc.assert(
    fc.asyncProperty(
      policy,
      fc.integer({ min: 1, max: 4 }),
      fc.array(action, { maxLength: 40 }),
      async (overflow, capacity, actions) => {
        const { bus, time, lane } = await setup({ capacity, concurrency: 1, overflow });
        let seen = 0;
        let refused = 0;
        bus.on(Ping, { name: "s", lane: "lane" }, () => void seen++);
        for (const each of actions) {
          if (each === "rest") await time.rest();
          else if (each === "toggle") toggle(lane);
          else await bus.publish(new Ping({ n: 1 }), each).catch(() => refused++);
          expect(lane.waiting).toBeLessThanOrEqual(capacity);
          expectCountsToAddUp(bus);
        }
        lane.resume();
        await time.rest();
        const published = actions.filter((each) => typeof each === "object").length;
        expect(counts(bus, "s")).toMatchObject({
          routed: published - refused,
          handled: seen,
          waiting: 0,
          running: 0,
        });
        expect(seen + refused + lane.dropped).toBe(published);
      },
    ),
    { numRuns: 60 },
  );
});
