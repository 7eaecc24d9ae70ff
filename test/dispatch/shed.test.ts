/** A full lane that sheds: the lowest priority makes room for a higher one. */
import { expect, test } from "vitest";
import type { DeliveryNotice, Priority } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, gated, Ping } from "./setup.js";

async function setup(capacity = 2) {
  const { bus, time } = virtualBus({ lanes: { l: { concurrency: 1, capacity, overflow: "shed" } } });
  const gate = gated();
  const told: DeliveryNotice[] = [];
  bus.notices.on("delivery.dropped", (notice) => told.push(notice));
  bus.on(Ping, { name: "s", lane: "l", retry: { attempts: 2, delay: 0, jitter: false } }, gate.handler);
  await bus.start();
  const publish = (n: number, priority: Priority) => bus.publish(new Ping({ n }), { priority });
  await publish(0, 3);
  await time.rest(); // it runs: the lane is empty now
  return { bus, time, publish, told, ...gate, lane: bus.lanes.get("l")! };
}

test("the lowest priority that waits makes room for a higher newcomer, the oldest of it first", async () => {
  const { bus, time, publish, told, seen, openAll, lane } = await setup();
  const low = await publish(1, 1);
  await publish(2, 1);
  const high = await publish(3, 5);
  expect(high.accepted).toEqual(["s"]);
  expect(await low.settled()).toMatchObject({
    dropped: 1,
    notHandled: [{ outcome: "dropped", reason: "shed" }],
  });
  expect(told.map(({ reason, lane: name }) => [reason, name])).toEqual([["shed", "l"]]);
  expect([lane.dropped, counts(bus, "s").dropped]).toEqual([1, 1]);
  await openAll(time);
  expect(seen).toEqual([0, 3, 2]);
  expectCountsToAddUp(bus);
});

test("a newcomer that is no higher than the lowest is dropped itself, and not accepted", async () => {
  const { time, publish, told, seen, openAll } = await setup();
  await publish(1, 3);
  await publish(2, 4);
  const [equal, lower] = [await publish(3, 3), await publish(4, 0)];
  expect([equal.accepted, lower.accepted]).toEqual([[], []]);
  expect(told.map(({ reason }) => reason)).toEqual(["full", "full"]);
  await openAll(time);
  expect(seen).toEqual([0, 2, 1]);
});

test("what has started once is never shed", async () => {
  const { bus, time, publish, calls, seen, lane, openAll, told } = await setup(1);
  lane.pause();
  calls.shift()!.fail(new Error("again"));
  await time.advance(1); // it waits for its second attempt
  expect(lane.waiting).toBe(1);
  await publish(1, 7);
  expect(told.map(({ reason }) => reason)).toEqual(["full"]);
  lane.resume();
  await time.rest();
  await openAll(time);
  expect(seen).toEqual([0, 0]);
  expectCountsToAddUp(bus);
});

test("where there is room nobody is shed", async () => {
  const { time, publish, told, seen, openAll } = await setup(10);
  for (const n of [1, 2, 3]) await publish(n, 7);
  await openAll(time);
  expect([seen.length, told]).toEqual([4, []]);
});
