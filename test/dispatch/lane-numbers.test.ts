/** What a lane says of itself: how much comes, how long it takes, how long it will wait. */
import { expect, test } from "vitest";
import type { LaneOptions } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { Ping } from "./setup.js";

async function setup({ serviceMs = 200, lane = {} as LaneOptions } = {}) {
  const { bus, time } = virtualBus({ lanes: { l: { concurrency: 4, ...lane } } });
  bus.on(Ping, { name: "s", lane: "l" }, (_, delivery) => delivery.sleep(serviceMs));
  await bus.start();
  /** So many a second, evenly, for so many seconds. */
  const load = async (perSecond: number, seconds: number): Promise<void> => {
    for (let each = 0; each < perSecond * seconds; each++) {
      void bus.publish(new Ping({ n: each }));
      await time.advance(1_000 / perSecond);
    }
  };
  return { bus, time, load, lane: bus.lanes.get("l")! };
}

test("a lane where nothing has happened has no numbers and no advice", async () => {
  const { lane } = await setup();
  expect([lane.arrivalRate, lane.serviceMs, lane.utilisation, lane.predictedWaitMs]).toEqual([0, 0, 0, 0]);
  expect(lane.advice).toBeUndefined();
});

test("arrivals, service time and utilisation are those of the last ten to twenty seconds", async () => {
  const { load, lane, time } = await setup();
  await load(10, 30);
  expect(Math.abs(lane.arrivalRate - 10)).toBeLessThan(0.3);
  expect(Math.abs(lane.serviceMs - 200)).toBeLessThan(2);
  expect(Math.abs(lane.utilisation - 0.5)).toBeLessThan(0.03); // 10 a second × 0.2 s, on 4 slots
  expect([lane.waiting, lane.predictedWaitMs]).toEqual([0, 0]);
  expect(lane.advice).toBe("needs 3 slots for 250 ms at this rate, has 4");
  await load(5, 21);
  expect(Math.abs(lane.arrivalRate - 5)).toBeLessThan(0.3);
  await time.advance(60_000);
  expect([lane.arrivalRate, lane.utilisation]).toEqual([0, 0]);
}, 30_000);

test("the predicted wait is what an arrival then really waits", async () => {
  const { bus, load, lane, time } = await setup();
  await load(30, 12); // 20 a second can be handled
  const predicted = lane.predictedWaitMs;
  expect(predicted).toBeGreaterThan(4_000);
  expect(lane.utilisation).toBeGreaterThan(0.95);
  expect(lane.advice).toMatch(/^needs 8 slots for 250 ms at this rate, has 4$/);
  const waited: number[] = [];
  bus.notices.on("delivery.done", (notice) => waited.push(notice.waited));
  await bus.publish(new Ping({ n: -1 }));
  await time.advance(60_000);
  expect(Math.abs(waited.at(-1)! - predicted)).toBeLessThan(0.1 * predicted);
}, 30_000);

test("where the rate is what holds it back, the prediction and the advice say so", async () => {
  const { load, lane } = await setup({ lane: { rate: { limit: 5, interval: "1s" } } });
  await load(10, 12);
  expect(lane.waiting).toBeGreaterThan(40);
  expect(lane.predictedWaitMs).toBeCloseTo(lane.waiting * 200, 0);
  expect(lane.advice).toMatch(/^its rate lets 5 a second start, and (9\.\d+|10(\.\d)?) a second arrive/);
}, 30_000);

test("what is dropped at once has arrived all the same, and so have publishes that wait", async () => {
  const dropping = await setup({ serviceMs: 2_000, lane: { capacity: 4, overflow: "dropOldest" } });
  await dropping.load(20, 12);
  expect(Math.abs(dropping.lane.arrivalRate - 20)).toBeLessThan(0.5);
  const waiting = await setup({ serviceMs: 2_000, lane: { capacity: 4, waitingMax: 1_000, waitMax: "1h" } });
  await waiting.load(20, 12);
  expect(Math.abs(waiting.lane.arrivalRate - 20)).toBeLessThan(0.5);
}, 30_000);

test("of handlers that end in the turn in which they began, one in 64 stands for all", async () => {
  const { bus, time } = virtualBus({ lanes: { l: { concurrency: 1 } } });
  bus.on(Ping, { lane: "l" }, () => time.jump(5)); // it keeps the event loop
  await bus.start();
  for (let each = 0; each < 640; each++) void bus.publish(new Ping({ n: each }));
  const lane = bus.lanes.get("l")!;
  while (lane.waiting > 0) await time.rest();
  expect(lane.serviceMs).toBeCloseTo(5);
  expect(lane.utilisation).toBeCloseTo(1);
});

test("a lane in which nothing ends tells of what comes all the same", async () => {
  const { load, lane, time } = await setup({ serviceMs: 10_000_000 });
  await load(10, 1);
  await time.advance(40_000);
  expect(lane.arrivalRate).toBeGreaterThan(0);
});
