/** Events that are worth nothing after a while. */
import { expect, test } from "vitest";
import { type DeliveryNotice, EventExpiredError, type PublishOptions } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, gated, Ping, Pong } from "./setup.js";

async function setup(options: Parameters<typeof virtualBus>[0] = {}) {
  const made = virtualBus(options as object);
  const told: DeliveryNotice[] = [];
  made.bus.notices.on("delivery.expired", (notice) => told.push(notice));
  await made.bus.start();
  const publish = (n: number, more: PublishOptions) => made.bus.publish(new Ping({ n }), more);
  return { ...made, told, publish };
}

test("what has not started when its time is over does not start, and counts as expired", async () => {
  const { bus, time, told, publish } = await setup();
  const { handler, seen, openAll } = gated();
  bus.on(Ping, { name: "a", lane: { concurrency: 1 } }, handler);
  await publish(1, {});
  const stale = await publish(2, { expiresIn: "1s" });
  await publish(3, { expiresIn: "1m" });
  await time.advance(1_000);
  await openAll(time);
  expect(seen).toEqual([1, 3]);
  expect(counts(bus, "a")).toMatchObject({ handled: 2, expired: 1, deadLettered: 0 });
  expect(told.map(({ subscription, reason }) => [subscription, reason])).toEqual([
    ["a", "expired before it started"],
  ]);
  expect(await stale.settled()).toMatchObject({ expired: 1, notHandled: [{ outcome: "expired" }] });
  expect(await bus.deadLetters.list()).toEqual([]);
  expectCountsToAddUp(bus);
});

test("it runs if it starts a millisecond earlier", async () => {
  const { bus, time, publish } = await setup();
  bus.on(Ping, { name: "a" }, () => undefined);
  const lane = bus.lanes.get("a" as never)!;
  lane.pause();
  await publish(1, { expiresIn: "1s" });
  await time.advance(999);
  lane.resume();
  await time.rest();
  expect(counts(bus, "a")).toMatchObject({ handled: 1, expired: 0 });
});

test("the signal of what runs aborts when the time is over; thrown on, that is no failure", async () => {
  const { bus, time, publish, told } = await setup();
  const reasons: unknown[] = [];
  bus.on(Ping, { name: "a", retry: 3 }, async (_, delivery) => {
    await delivery.sleep("1h").catch((error: unknown) => {
      reasons.push(error);
      throw error;
    });
  });
  await publish(1, { expiresIn: "5s" });
  await time.advance(5_000);
  expect(reasons).toEqual([expect.any(EventExpiredError)]);
  expect(counts(bus, "a")).toMatchObject({ expired: 1, deadLettered: 0 });
  expect(told[0]!.reason).toBe("expired while it ran");
  expect(time.timers).toBe(0);
});

test("a handler that goes on and ends well is done, and its signal has no timer left", async () => {
  const { bus, time, publish } = await setup();
  const { handler, openAll } = gated();
  bus.on(Ping, { name: "a" }, handler);
  await publish(1, { expiresIn: "5s" });
  await time.advance(10_000);
  await openAll(time);
  expect(time.timers).toBe(0);
  expect(counts(bus, "a")).toMatchObject({ handled: 1, expired: 0 });
});

test("a quick handler leaves no timer", async () => {
  const { bus, time, publish } = await setup();
  bus.on(Ping, { name: "a" }, () => undefined);
  await publish(1, { expiresIn: "5s" });
  await time.rest();
  expect([counts(bus, "a").handled, time.timers]).toEqual([1, 0]);
});

test("no retry is waited for that would come after it", async () => {
  const { bus, time, publish } = await setup();
  let attempts = 0;
  bus.on(Ping, { name: "a", retry: { attempts: 5, delay: "1s", backoff: "fixed", jitter: false } }, () => {
    attempts++;
    throw new Error("busy");
  });
  await publish(1, { expiresIn: "2500ms" });
  await time.advance(60_000);
  expect(attempts).toBe(3);
  expect(counts(bus, "a")).toMatchObject({ expired: 1, deadLettered: 0 });
});

test("a last failure before it is a dead letter all the same", async () => {
  const { bus, time, publish } = await setup();
  bus.on(Ping, { name: "a" }, () => Promise.reject(new Error("busy")));
  await publish(1, { expiresIn: "2s" });
  await time.advance(10_000);
  expect(counts(bus, "a")).toMatchObject({ expired: 0, deadLettered: 1 });
});

test("what is published inside inherits the moment, where its own is not earlier", async () => {
  const { bus, time, publish } = await setup();
  const told: (number | undefined)[] = [];
  bus.tap("test.pong", (_, { expiresAt, time: at }) => told.push(expiresAt && expiresAt - at));
  bus.on(Ping, { name: "a" }, async (_, delivery) => {
    await delivery.publish(new Pong({ n: 1 }));
    await delivery.publish(new Pong({ n: 2 }), { expiresIn: "1h" });
    await delivery.publish(new Pong({ n: 3 }), { expiresIn: "1s" });
    await delivery.publish(new Pong({ n: 4 }), { delay: "1m" });
  });
  bus.on(Pong, { name: "b" }, () => undefined);
  await publish(1, { expiresIn: "5s" });
  await time.rest();
  await time.advance(60_000);
  expect(told).toEqual([5_000, 5_000, 1_000, undefined]);
});

test("the deadline of a delivery is the earlier of its timeout and its expiry", async () => {
  const { bus, time, publish } = await setup();
  const left: number[] = [];
  const note = (_: unknown, { deadline }: { deadline: Date | undefined }) =>
    void left.push((deadline?.getTime() ?? Infinity) - Date.UTC(2026, 0, 1));
  bus.on(Ping, { name: "a" }, note);
  bus.on(Ping, { name: "b", timeout: "1s" }, note);
  bus.on(Ping, { name: "c", timeout: "1m" }, note);
  await publish(1, { expiresIn: "5s" });
  await time.rest();
  expect(left).toEqual([5_000, 1_000, 5_000]);
});

test("with a delay, it counts from when the event is due", async () => {
  const { bus, time, publish } = await setup();
  bus.on(Ping, { name: "a" }, () => undefined);
  await publish(1, { delay: "1m", expiresIn: "1s" });
  await time.advance(60_000);
  expect(counts(bus, "a")).toMatchObject({ handled: 1, expired: 0 });
});

test("a replayed dead letter does not expire", async () => {
  const { bus, time, publish } = await setup();
  let isBroken = true;
  bus.on(Ping, { name: "a" }, () => {
    if (isBroken) throw new Error("broken");
  });
  await publish(1, { expiresIn: "1s" });
  await time.advance(10_000);
  isBroken = false;
  await bus.deadLetters.replay((await bus.deadLetters.list())[0]!);
  await time.rest();
  expect(counts(bus, "a")).toMatchObject({ handled: 1, expired: 0 });
});

test("in a full lane what has expired gives its place back before its turn comes", async () => {
  const { bus, time, told, publish } = await setup();
  const { handler, seen, openAll } = gated();
  const lane = { concurrency: 1, capacity: 3, overflow: "reject" } as const;
  bus.on(Ping, { name: "a", lane }, handler);
  await publish(0, {});
  await time.rest();
  for (const n of [1, 2]) await publish(n, { expiresIn: "1s" });
  await publish(3, { expiresIn: "1m" });
  await expect(publish(4, {})).rejects.toThrow("full");
  await time.advance(1_000);
  await expect(publish(5, {})).resolves.toMatchObject({ accepted: ["a"] });
  await expect(publish(6, {})).resolves.toMatchObject({ accepted: ["a"] });
  await expect(publish(7, {})).rejects.toThrow("full");
  expect(told.map(({ reason }) => reason)).toEqual([
    "expired before it started",
    "expired before it started",
  ]);
  expectCountsToAddUp(bus);
  await openAll(time);
  expect(seen).toEqual([0, 3, 5, 6]);
});

test("a publish that waits for a place gets that of one that has expired when the next one comes", async () => {
  const { bus, time, publish } = await setup();
  const { handler, seen, openAll } = gated();
  bus.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, handler);
  await publish(0, {});
  await time.rest();
  await publish(1, { expiresIn: "1s" });
  const [second] = [publish(2, {})];
  await time.advance(1_000);
  const third = publish(3, {});
  await second;
  await openAll(time);
  await third;
  await openAll(time);
  expect(seen).toEqual([0, 2, 3]);
  expectCountsToAddUp(bus);
});
