import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, gated, n, Ping, watched } from "./setup.js";

async function setup() {
  const { bus, time } = virtualBus({ lanes: { lane: { concurrency: 2, capacity: 5 } } });
  const gate = gated();
  bus.on(Ping, { name: "s", lane: "lane" }, gate.handler);
  await bus.start();
  return { bus, time, lane: bus.lanes.get("lane")!, ...gate };
}

test("nothing starts while a lane is paused; what runs goes on; all of it runs after", async () => {
  const { bus, time, lane, seen, openAll } = await setup();
  await bus.publish(n(4).map((each) => new Ping({ n: each })));
  await time.rest();
  lane.pause();
  expect([lane.isPaused, lane.running, lane.waiting]).toEqual([true, 2, 2]);
  await openAll(time);
  expect([seen, lane.running]).toEqual([[0, 1], 0]);
  lane.resume();
  await time.rest();
  await openAll(time);
  expect(seen).toEqual(n(4));
});

test("pausing and resuming in the same breath starts nothing twice and forgets nothing", async () => {
  const { bus, time, lane, seen, openAll } = await setup();
  await bus.publish(n(5).map((each) => new Ping({ n: each })));
  for (let times = 0; times < 10; times++) {
    lane.pause();
    lane.pause();
    lane.resume();
    lane.resume();
  }
  await time.rest();
  expect(lane.running).toBe(2);
  await openAll(time);
  expect(seen.toSorted((a, b) => a - b)).toEqual(n(5));
});

test("paused from a notice, between the end of one and the start of the next", async () => {
  const { bus, time, lane, seen, openAll } = await setup();
  bus.notices.once("delivery.done", () => lane.pause());
  await bus.publish(n(4).map((each) => new Ping({ n: each })));
  await time.rest();
  await openAll(time);
  expect(seen).toEqual([0, 1]);
  lane.resume();
  await time.rest();
  await openAll(time);
  expect(seen).toEqual(n(4));
});

test("notices say once that a lane was paused and resumed", async () => {
  const { bus, lane } = await setup();
  const heard: unknown[] = [];
  bus.notices.on("lane.paused", ({ lane: name }) => heard.push(["paused", name]));
  bus.notices.on("lane.resumed", ({ lane: name }) => heard.push(["resumed", name]));
  lane.pause();
  lane.pause();
  lane.resume();
  lane.resume();
  expect(heard).toEqual([
    ["paused", "lane"],
    ["resumed", "lane"],
  ]);
});

test("a retry that comes due in a paused lane waits for its resume", async () => {
  const { bus, time } = virtualBus({ lanes: { lane: {} } });
  let tries = 0;
  bus.on(Ping, { name: "s", lane: "lane", retry: { attempts: 2, delay: "1s", jitter: false } }, () => {
    if (++tries === 1) throw new Error("not yet");
  });
  await bus.start();
  const lane = bus.lanes.get("lane")!;
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  lane.pause();
  await time.advance(5_000);
  expect([tries, lane.waiting, lane.retrying]).toEqual([1, 1, 0]);
  lane.resume();
  await time.rest();
  expect(counts(bus, "s").handled).toBe(1);
});

test("a paused lane that is full keeps its publishers waiting until it goes on", async () => {
  const { bus, time, lane, openAll } = await setup();
  lane.pause();
  const published = watched(bus.publish(n(7).map((each) => new Ping({ n: each }))));
  await time.rest();
  expect([published.isSettled, lane.waiting, lane.waitingPublishes]).toEqual([false, 5, 2]);
  expectCountsToAddUp(bus);
  lane.resume();
  await time.rest();
  expect(published.isSettled).toBe(true);
  await openAll(time);
});

test("a lane says how long its oldest has been waiting", async () => {
  const { bus, time, lane } = await setup();
  lane.pause();
  expect(lane.oldest).toBeUndefined();
  const began = time.runtime.host.now();
  await bus.publish(new Ping({ n: 1 }), { key: "k" });
  await time.advance(1_000);
  await bus.publish(new Ping({ n: 2 }), { key: "k" });
  expect(lane.oldest?.getTime()).toBe(began);
});
