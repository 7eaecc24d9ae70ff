import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { BusClosedError, type LaneOptions, LaneFullError, PartlyAcceptedError } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, gated, Keyed, n, Ping, Pong, watched } from "./setup.js";

/** One event, three subscriptions: in a lane that is full and paused, in another such one, and in a roomy one. */
async function setup(full: LaneOptions = {}, fuller: LaneOptions = {}) {
  const lanes = { full: { capacity: 1, waitingMax: 20, ...full }, fuller: { capacity: 1, ...fuller } };
  const { bus, time, logged } = virtualBus({ lanes });
  const seen: string[] = [];
  const handler = (name: string) => (event: { n: number }) => void seen.push(`${name}${event.n}`);
  bus.on(Ping, { name: "full", lane: "full" }, handler("full"));
  bus.on(Ping, { name: "roomy" }, handler("roomy"));
  bus.on(Pong, { name: "blocks", lane: "full" }, () => undefined);
  await bus.start();
  const lane = bus.lanes.get("full")!;
  lane.pause();
  await bus.publish(new Pong({ n: 0 }));
  const fillFuller = async (): Promise<void> => {
    bus.on(Ping, { name: "fuller", lane: "fuller" }, handler("fuller"));
    bus.on(Keyed, { name: "blocks-too", lane: "fuller" }, () => undefined);
    bus.lanes.get("fuller")!.pause();
    await bus.publish(new Keyed({ key: "k", n: 0 }));
  };
  return { bus, time, logged, lane, seen, fillFuller };
}

test("a full lane makes its publishers wait, and delays nobody else", async () => {
  const { bus, time, lane, seen } = await setup();
  const published = watched(bus.publish(new Ping({ n: 1 })));
  await time.rest();
  expect(published.isSettled).toBe(false);
  expect(seen).toEqual(["roomy1"]);
  expect([lane.waiting, lane.waitingPublishes]).toEqual([1, 1]);
  lane.resume();
  await time.rest();
  expect(published.value?.accepted).toEqual(["full", "roomy"]);
  expect(seen).toEqual(["roomy1", "full1"]);
});

test("publishes that wait get in first in, first out, and a newcomer overtakes none of them", async () => {
  const { bus, time, lane, seen } = await setup({ concurrency: 1 });
  const settled: number[] = [];
  for (const each of n(10)) void bus.publish(new Ping({ n: each })).then(() => settled.push(each));
  lane.resume();
  void bus.publish(new Ping({ n: 10 })).then(() => settled.push(10));
  await time.rest();
  expect(settled).toEqual(n(11));
  expect(seen.filter((each) => each.startsWith("full"))).toEqual(n(11).map((each) => `full${each}`));
});

test("no more wait than waitingMax, be they of one publish or of many", async () => {
  const { bus, time, lane } = await setup({ waitingMax: 2 });
  await expect(bus.publish(n(3).map((each) => new Ping({ n: each })))).rejects.toThrow(LaneFullError);
  expect(lane.waitingPublishes).toBe(0);
  const both = watched(bus.publish([new Ping({ n: 0 }), new Ping({ n: 1 })]));
  await expect(bus.publish(new Ping({ n: 2 }))).rejects.toThrow(LaneFullError);
  expect(lane.waitingPublishes).toBe(2);
  lane.resume();
  await time.rest();
  expect(both.value?.map(({ accepted }) => accepted)).toEqual([
    ["full", "roomy"],
    ["full", "roomy"],
  ]);
});

test("with waitingMax 0 nobody waits", async () => {
  const { bus, lane } = await setup({ waitingMax: 0 });
  await expect(bus.publish(new Ping({ n: 1 }))).rejects.toThrow(LaneFullError);
  expect([lane.waitingPublishes, counts(bus, "roomy").routed]).toEqual([0, 0]);
});

test("after waitMax the publish says who took it and who did not", async () => {
  const { bus, time, lane } = await setup({ waitMax: "5s" });
  const published = watched(bus.publish(new Ping({ n: 1 })));
  await time.advance(4_999);
  expect(published.isSettled).toBe(false);
  await time.advance(1);
  expect(published.error).toBeInstanceOf(PartlyAcceptedError);
  expect(published.error).toMatchObject({
    accepted: ["roomy"],
    refused: ["full"],
    cause: { code: "SIGNALBOX_LANE_FULL", lane: "full" },
  });
  expect([lane.waitingPublishes, counts(bus, "full").routed, time.timers]).toEqual([0, 0, 0]);
});

test("by default a publish waits for 30 seconds", async () => {
  const { bus, time } = await setup();
  const published = watched(bus.publish(new Ping({ n: 1 })));
  await time.advance(29_999);
  expect(published.isSettled).toBe(false);
  await time.advance(1);
  expect(published.error).toBeInstanceOf(PartlyAcceptedError);
});

test("the waitMax of a lane that has granted its place ends nothing any more", async () => {
  const { bus, time, lane, fillFuller } = await setup({ waitMax: "1s" }, { waitMax: "10s" });
  await fillFuller();
  const published = watched(bus.publish(new Ping({ n: 1 })));
  lane.resume();
  await time.advance(5_000);
  expect(published.isSettled).toBe(false);
  bus.lanes.get("fuller")!.resume();
  await time.rest();
  expect(published.value?.accepted.toSorted()).toEqual(["full", "fuller", "roomy"]);
  expect(time.timers).toBe(0);
});

test("an aborted wait rejects with the signal's reason where nobody took it, and leaves no trace", async () => {
  const { bus, time, lane } = await setup();
  const abort = new AbortController();
  const seen: number[] = [];
  bus.tap("test.ping", (event) => void seen.push((event as Ping).n));
  const published = watched(bus.publish(new Pong({ n: 1 }), { signal: abort.signal }));
  expect(bus.describe().counts.published).toBe(2);
  abort.abort(new Error("enough"));
  await time.rest();
  expect(published.error).toBe(abort.signal.reason);
  expect([lane.waitingPublishes, counts(bus, "blocks").routed]).toEqual([0, 1]);
  expect(bus.describe().counts.published).toBe(1);
  expect(seen).toEqual([]);
  expect(getEventListeners(abort.signal, "abort")).toEqual([]);
});

test("whoever watches hears of an event when the first has taken it, once", async () => {
  const { bus, time, lane } = await setup();
  const heard: string[] = [];
  bus.tap("test.**", (event: unknown) => void heard.push(`tap ${(event as Pong).n}`));
  bus.notices.on("event.published", ({ event }) => void heard.push(event));
  const event = new Pong({ n: 7 });
  const abort = new AbortController();
  const first = watched(bus.publish(event, { signal: abort.signal }));
  abort.abort();
  await time.rest();
  expect([first.isSettled, heard]).toEqual([true, []]);
  const second = watched(bus.publish(event));
  await time.advance(30_000);
  expect([second.isSettled, heard]).toEqual([true, []]);
  const third = watched(bus.publish(event));
  lane.resume();
  await time.rest();
  expect([third.isSettled, heard]).toEqual([true, ["tap 7", "test.pong"]]);
});

test("an aborted wait that others have taken says so, with the signal's reason as its cause", async () => {
  const { bus, time } = await setup();
  const abort = new AbortController();
  const published = watched(bus.publish(new Ping({ n: 1 }), { signal: abort.signal }));
  abort.abort(new Error("enough"));
  await time.rest();
  expect(published.error).toMatchObject({
    accepted: ["roomy"],
    refused: ["full"],
    cause: abort.signal.reason,
  });
});

test("the same object published again keeps its id and goes only to who refused it, until it has succeeded", async () => {
  const { bus, time, lane, seen } = await setup();
  const event = new Ping({ n: 1 });
  const abort = new AbortController();
  const first = watched(bus.publish(event, { id: "mine", signal: abort.signal }));
  abort.abort();
  await time.rest();
  expect(first.error).toBeInstanceOf(PartlyAcceptedError);
  const stillFull = new AbortController();
  const again = watched(bus.publish(event, { signal: stillFull.signal }));
  stillFull.abort();
  await time.rest();
  expect(again.error).toMatchObject({ accepted: ["roomy"], refused: ["full"] });
  lane.resume();
  const receipt = await bus.publish(event);
  expect([receipt.id, receipt.accepted]).toEqual(["mine", ["roomy", "full"]]);
  await time.rest();
  expect(seen).toEqual(["roomy1", "full1"]);
  expect(bus.describe().counts.published).toBe(2);
  const fresh = await bus.publish(event);
  await time.rest();
  expect(fresh.id).not.toBe("mine");
  expect(seen.toSorted()).toEqual(["full1", "full1", "roomy1", "roomy1"]);
});

test("it has succeeded, too, where it finds its place at once: after that it is published anew", async () => {
  const { bus, time, lane, seen } = await setup({ waitMax: "1s" });
  const refuse = async (event: Ping): Promise<void> => {
    const refused = watched(bus.publish(event));
    await time.advance(1_000);
    expect(refused.error).toBeInstanceOf(PartlyAcceptedError);
  };
  const event = new Ping({ n: 1 });
  await refuse(event);
  lane.resume();
  await time.rest();
  await bus.publish(event);
  await bus.publish(event);
  await time.rest();
  expect(seen.toSorted()).toEqual(["full1", "full1", "roomy1", "roomy1"]);
});

test("what somebody took is not unhandled when those that refused it have left", async () => {
  const gate = gated();
  const { bus, time } = virtualBus({ onUnhandled: "error" });
  bus.on(Ping, { name: "a" }, () => undefined);
  const lane = { capacity: 1, concurrency: 1, waitMax: "1s" } as const;
  const undo = bus.on(Ping, { name: "b", lane }, gate.handler);
  await bus.start();
  for (const each of [1, 2]) await bus.publish(new Ping({ n: each })).then(() => time.rest());
  const event = new Ping({ n: 3 });
  const refused = watched(bus.publish(event));
  await time.advance(1_000);
  expect(refused.error).toBeInstanceOf(PartlyAcceptedError);
  undo();
  expect(await bus.publish(event)).toMatchObject({ accepted: ["a"], unhandled: false });
});

test("only who refused it gets it again: not who filtered, had or dropped it, nor who has left since", async () => {
  const { bus, time, lane, fillFuller } = await setup({}, { overflow: "dropNewest" });
  const dedupe = { by: () => "same", window: "1h" } as const;
  bus.on([Ping, Keyed], { name: "had", dedupe }, () => undefined);
  await fillFuller();
  bus.on(Ping, { name: "filters", when: () => false }, () => undefined);
  const leave = bus.on(Ping, { name: "leaves", lane: "full" }, () => undefined);
  const abort = new AbortController();
  const event = new Ping({ n: 1 });
  const first = watched(bus.publish(event, { signal: abort.signal }));
  abort.abort();
  await time.rest();
  expect(first.error).toMatchObject({ accepted: ["roomy"], refused: ["full", "leaves"] });
  const others = ["had", "filters", "fuller", "roomy"];
  const before = others.map((name) => counts(bus, name).routed);
  expect(
    counts(bus, "had").deduplicated + counts(bus, "filters").filtered + counts(bus, "fuller").dropped,
  ).toBe(3);
  leave();
  lane.resume();
  const receipt = await bus.publish(event);
  expect([receipt.accepted, receipt.deduplicated]).toEqual([["roomy", "full"], []]);
  expect(others.map((name) => counts(bus, name).routed)).toEqual(before);
});

test("a waiting publish counts as waiting of its subscription, and as nothing of the lane's own", async () => {
  const { bus, lane } = await setup();
  void bus.publish(new Ping({ n: 1 })).catch(() => undefined);
  expect(counts(bus, "full")).toMatchObject({ routed: 1, waiting: 1 });
  expect([lane.waiting, lane.waitingPublishes]).toEqual([1, 1]);
  expectCountsToAddUp(bus);
});

test("publishes that wait when the bus closes reject, and name who has taken them", async () => {
  const { bus, time } = await setup();
  const partly = watched(bus.publish(new Ping({ n: 1 })));
  const whole = watched(bus.publish(new Pong({ n: 1 })));
  void bus.close();
  await time.rest();
  expect(whole.error).toBeInstanceOf(BusClosedError);
  expect(partly.error).toMatchObject({ accepted: ["roomy"], refused: ["full"] });
  expect((partly.error as Error).cause).toBeInstanceOf(BusClosedError);
});

test("settled() of an event that was accepted in part waits only for that part", async () => {
  const { bus, time, lane } = await setup();
  const event = new Ping({ n: 1 });
  const abort = new AbortController();
  const first = watched(bus.publish(event, { signal: abort.signal }));
  abort.abort();
  await time.rest();
  expect(first.isSettled).toBe(true);
  lane.resume();
  const receipt = await bus.publish(event);
  await expect(receipt.settled()).resolves.toMatchObject({ done: 2, notHandled: [] });
});

test("a wait that is aborted in the very step in which it begins ends at once", async () => {
  const { bus, time, lane } = await setup();
  const abort = new AbortController();
  const when = (): boolean => (abort.abort(new Error("now")), true);
  bus.on(Ping, { name: "aborts", when }, () => undefined);
  const published = watched(bus.publish(new Ping({ n: 1 }), { signal: abort.signal }));
  await time.rest();
  expect(published.error).toMatchObject({ refused: ["full"], cause: abort.signal.reason });
  expect([lane.waitingPublishes, time.timers]).toEqual([0, 0]);
  expectCountsToAddUp(bus);
});

test("a wait that ends well leaves no listener on a signal that lives on, and no timer", async () => {
  const { bus, time, lane } = await setup();
  const { signal } = new AbortController();
  const published = watched(bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })], { signal }));
  await time.rest();
  expect(getEventListeners(signal, "abort").length).toBe(1);
  lane.resume();
  await time.rest();
  expect([published.isSettled, getEventListeners(signal, "abort").length, time.timers]).toEqual([true, 0, 0]);
});

test("places that become free one by one go to the next that waits, while a handler runs on", async () => {
  const { bus, time } = virtualBus({ lanes: { one: { capacity: 2, concurrency: 1, waitingMax: 20 } } });
  const { handler, seen, next } = gated();
  bus.on(Ping, { lane: "one" }, handler);
  await bus.start();
  const settled: number[] = [];
  for (const each of n(6)) void bus.publish(new Ping({ n: each })).then(() => settled.push(each));
  await time.rest();
  expect([seen, settled]).toEqual([[0], [0, 1, 2]]);
  await next(time);
  expect([seen, settled]).toEqual([
    [0, 1],
    [0, 1, 2, 3],
  ]);
});

test("two transactions that hold each other's places wait no longer than waitMax", async () => {
  const limits = { capacity: 1, concurrency: 1, waitMax: "5s" } as const;
  const { bus, time } = virtualBus({ lanes: { left: limits, right: limits } });
  const seen: string[] = [];
  bus.on(Ping, { name: "left", lane: "left" }, () => void seen.push("left"));
  bus.on(Pong, { name: "right", lane: "right" }, () => void seen.push("right"));
  await bus.start();
  const both = [new Ping({ n: 1 }), new Pong({ n: 1 })];
  const crossed = [both, both.toReversed()].map(([first, second]) =>
    watched(
      bus.transaction(async (tx) => {
        await tx.publish(first!);
        await Promise.resolve(); // so that the other one gets the other place
        await tx.publish(second!);
      }),
    ),
  );
  await time.advance(4_999);
  expect(crossed.map(({ isSettled }) => isSettled)).toEqual([false, false]);
  await time.advance(1);
  expect(crossed.map(({ isSettled }) => isSettled)).toEqual([true, true]);
  expect(crossed[0]!.error).toBeInstanceOf(LaneFullError);
  expectCountsToAddUp(bus);
  expect([bus.lanes.get("left")!.waitingPublishes, bus.lanes.get("right")!.waitingPublishes]).toEqual([0, 0]);
});
