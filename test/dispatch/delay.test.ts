/** Publishing for later: when it is delivered, and what becomes of it until then. */
import { expect, test } from "vitest";
import { DelayedFullError, type PublishOptions } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { expectCountsToAddUp, Keyed, Ping, watched } from "./setup.js";

async function setup(options: Parameters<typeof virtualBus>[0] = {}) {
  const made = virtualBus(options as object);
  const seen: number[] = [];
  made.bus.on(Ping, { name: "a" }, ({ n }) => void seen.push(n));
  await made.bus.start();
  const later = (n: number, delay: PublishOptions["delay"], more: PublishOptions = {}) =>
    made.bus.publish(new Ping({ n }), { delay, ...more });
  return { ...made, seen, later };
}

const START = Date.UTC(2026, 0, 1);

test("a delayed event is delivered when it is due, and not before", async () => {
  const { time, seen, later } = await setup();
  const receipt = await later(1, "5m");
  expect(receipt).toMatchObject({ held: true, accepted: [], unhandled: "unknown" });
  await time.advance(299_999);
  expect(seen).toEqual([]);
  await time.advance(1);
  expect(seen).toEqual([1]);
});

test("events for one moment are delivered in the order in which they were published", async () => {
  const { time, seen, later } = await setup({ defaults: { lane: { concurrency: 1 } } });
  for (let n = 0; n < 5; n++) await later(n, "1s");
  await time.advance(1_000);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  ["a Date", new Date(START + 60_000), 60_000],
  ["beyond 2^31 ms, as a duration", "60d" as const, 60 * 86_400_000],
  ["beyond 2^31 ms, as a Date", new Date(START + 60 * 86_400_000), 60 * 86_400_000],
])("a delay may be %s", async (_, delay, ms) => {
  const { time, seen, later } = await setup();
  await later(1, delay);
  await time.advance(ms - 1);
  expect(seen).toEqual([]);
  await time.advance(1);
  expect(seen).toEqual([1]);
});

test.each([
  ["a moment in the past", new Date(START - 1)],
  ["no time at all", 0],
])("%s means now", async (_, delay) => {
  const { time, seen, later } = await setup();
  const { accepted } = await later(1, delay);
  await time.rest();
  expect([accepted, seen]).toEqual([["a"], [1]]);
});

test("its receipt is settled when it has been delivered; whoever published it in a delivery does not wait for it", async () => {
  const { bus, time } = await setup();
  bus.on(Keyed, { name: "parent" }, (_, delivery) => delivery.publish(new Ping({ n: 1 }), { delay: "1h" }));
  const parent = await bus.publish(new Keyed({ key: "k", n: 0 }));
  expect(await parent.settled()).toMatchObject({ done: 1 });
  const own = watched((await bus.publish(new Ping({ n: 2 }), { delay: "1h" })).settled());
  await time.rest();
  expect(own.isSettled).toBe(false);
  await time.advance(3_600_000);
  expect(own.value).toMatchObject({ done: 1 });
});

test("it knows its cause, and begins to count hops anew", async () => {
  const { bus, time } = await setup();
  const hops: number[] = [];
  bus.tap("test.ping", (_, envelope) => hops.push(envelope.hops));
  let rounds = 0;
  bus.on(Ping, { name: "again" }, ({ n }, delivery) => {
    if (++rounds < 200) return delivery.publish(new Ping({ n }), { delay: 1 });
  });
  await bus.publish(new Ping({ n: 0 }));
  await time.advance(300);
  expect([rounds, Math.max(...hops), (await bus.deadLetters.list()).length]).toEqual([200, 0, 0]);
});

test("routes are taken when it is due", async () => {
  const { bus, time, later } = await setup();
  const late: number[] = [];
  await later(1, "1s");
  bus.on(Ping, { name: "b" }, ({ n }) => void late.push(n));
  await time.advance(1_000);
  expect(late).toEqual([1]);
});

test("it can be listed, the next to be due first, moved and cancelled", async () => {
  const { bus, time, seen, later } = await setup();
  const [a, b, c] = [await later(1, "1h"), await later(2, "2h"), await later(3, "3h")];
  expect(
    (await bus.delayed.list()).map(({ id, event, dueAt }) => [id, event, dueAt.getTime() - START]),
  ).toEqual([
    [a.id, "test.ping", 3_600_000],
    [b.id, "test.ping", 7_200_000],
    [c.id, "test.ping", 10_800_000],
  ]);
  expect(await bus.delayed.cancel(a.id)).toBe(true);
  expect(await bus.delayed.move(b.id, "10m")).toBe(true);
  expect(await bus.delayed.move(c.id, new Date(START + 60_000))).toBe(true);
  await time.advance(60_000);
  expect(seen).toEqual([3]);
  await time.advance(10_800_000);
  expect([seen, bus.delayed.size]).toEqual([[3, 2], 0]);
  expect([await bus.delayed.cancel(a.id), await bus.delayed.move(b.id, 1)]).toEqual([false, false]);
  expect(await a.settled()).toMatchObject({
    dropped: 1,
    notHandled: [{ reason: "cancelled before it was due" }],
  });
  await expect(bus.delayed.move("x", new Date(NaN))).rejects.toThrow(TypeError);
});

test("two with one id are cancelled together", async () => {
  const { bus, time, seen, later } = await setup();
  await later(1, "1s", { id: "same" });
  await later(2, "2s", { id: "same" });
  expect(await bus.delayed.cancel("same")).toBe(true);
  await time.advance(5_000);
  expect([seen, bus.delayed.size]).toEqual([[], 0]);
});

test("no more than delayedMax wait for their time; the next rejects, and is not published", async () => {
  const { bus, time, seen, later } = await setup({ delayedMax: 2 });
  await later(1, "1s");
  await later(2, "1s");
  await expect(later(3, "1s")).rejects.toThrow(DelayedFullError);
  await expect(bus.publish([new Ping({ n: 4 })], { delay: "1s" })).rejects.toThrow("delayedMax");
  await time.advance(1_000);
  expect(seen).toEqual([1, 2]);
  await later(5, "1s");
  expect(bus.atRisk).toBe(1);
});

test("a full lane makes it wait, and does not refuse it", async () => {
  const { bus, time, later } = await setup({ defaults: { lane: { capacity: 1, overflow: "reject" } } });
  bus.lanes.get("a" as never)!.pause();
  for (let n = 0; n < 3; n++) await later(n, "1s");
  await time.advance(1_000);
  expect(bus.lanes.get("a" as never)!.waitingPublishes).toBe(2);
  bus.lanes.get("a" as never)!.resume();
  await time.rest();
  expect(bus.describe().subscriptions[0]!.counts.handled).toBe(3);
  expectCountsToAddUp(bus);
});

test("before start() it is held, and its time runs", async () => {
  const { bus, time } = virtualBus();
  const seen: number[] = [];
  bus.on(Ping, ({ n }) => void seen.push(n));
  await bus.publish(new Ping({ n: 1 }), { delay: "1s" });
  await bus.publish(new Ping({ n: 2 }), { delay: "1h" });
  await time.advance(2_000);
  await bus.start();
  await time.rest();
  expect([seen, bus.delayed.size]).toEqual([[1], 1]);
  await time.advance(3_600_000);
  expect(seen).toEqual([1, 2]);
});

test("in a transaction it is kept when that succeeds, and forgotten when it fails", async () => {
  const { bus, time, seen, later } = await setup();
  const failed = bus.transaction(async () => {
    await later(1, "1s");
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  await bus.transaction(async () => {
    await later(2, "1s");
    expect(bus.delayed.size).toBe(0);
  });
  expect(bus.delayed.size).toBe(1);
  await time.advance(1_000);
  expect(seen).toEqual([2]);
});

test("a close gives it up by name, at once, and its receipt says so", async () => {
  const { bus, time, later } = await setup();
  const receipt = await later(1, "1h");
  const report = await bus.close();
  expect(report.abandoned).toEqual(["test.ping (delayed)"]);
  expect(await receipt.settled()).toMatchObject({ abandoned: 1 });
  expect(time.timers).toBe(0);
});

test("a moment hours away is looked at again on the way", async () => {
  const { bus, time, seen, later } = await setup();
  await later(1, new Date(START + 2 * 3_600_000));
  await time.advance(3_600_000);
  expect(bus.delayed.size).toBe(1);
  await time.advance(3_600_000);
  expect(seen).toEqual([1]);
});

test.each([
  ["a negative number", -1],
  ["an unknown unit", "5 weeks"],
  ["an invalid Date", new Date(NaN)],
])("a delay that is %s is a TypeError", async (_, delay) => {
  const { later } = await setup();
  await expect(later(1, delay as never)).rejects.toThrow(
    "Expected `publish options.delay` to be a duration such as",
  );
});
