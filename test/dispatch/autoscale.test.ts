/** A lane that sets its own concurrency, between a minimum and a maximum. */
import { expect, test } from "vitest";
import { createBus } from "../../src/index.js";
import { virtualBus, VirtualTime } from "../support/virtual.js";
import { expectCountsToAddUp, Ping } from "./setup.js";

const TARGET_MS = 250;

function setup({ serviceMs = 200, min = 1, max = 40 } = {}) {
  const time = new VirtualTime({ seed: 7 });
  const intervalMs = Math.max(TARGET_MS, serviceMs / 4);
  const lanes = { l: { concurrency: { min, max, target: TARGET_MS } } };
  const { bus } = virtualBus({ lanes }, time);
  bus.on(Ping, { name: "s", lane: "l" }, (_, delivery) => delivery.sleep(serviceMs));
  const lane = bus.lanes.get("l")!;
  /** So many a second for so many intervals, evenly or as chance has it; answers the slots at the end of each. */
  const load = async (perSecond: number, intervals: number, { byChance = false } = {}): Promise<number[]> => {
    const slots: number[] = [];
    let due = 0;
    for (let interval = 0; interval < intervals; interval++) {
      for (; due < intervalMs; due += gap(perSecond, byChance, time)) {
        await time.advance(Math.max(0, due - sinceInterval()));
        void bus.publish(new Ping({ n: 0 }));
      }
      await time.advance(intervalMs - sinceInterval());
      due -= intervalMs;
      slots.push(lane.concurrency);
      started = time.runtime.host.monotonic();
    }
    return slots;
  };
  let started = 0;
  const sinceInterval = (): number => time.runtime.host.monotonic() - started;
  return { bus, time, lane, load };
}

function gap(perSecond: number, byChance: boolean, time: VirtualTime): number {
  const mean = 1_000 / perSecond;
  return byChance ? -mean * Math.log(1 - time.runtime.host.random()) : mean;
}

/** How often a number that only goes up and down turns round. */
function turnsOf(slots: readonly number[]): number {
  const moves = slots.slice(1).map((each, index) => Math.sign(each - slots[index]!));
  const real = moves.filter((move) => move !== 0);
  return real.slice(1).filter((move, index) => move !== real[index]).length;
}

const STEPS = [
  [2, 8],
  [2, 20],
  [20, 2],
  [12, 16],
  [1, 30],
  [30, 1],
] as const;

test.each([35, 200, 800, 2_000].flatMap((serviceMs) => STEPS.map(([from, to]) => ({ serviceMs, from, to }))))(
  "after a step in load the slots come to rest: within 30 intervals, turning round twice at most ($serviceMs ms, $from busy → $to)",
  async ({ serviceMs, from, to }) => {
    const { bus, time, lane, load } = setup({ serviceMs });
    await bus.start();
    await load((from * 1_000) / serviceMs, 60);
    const slots = [lane.concurrency, ...(await load((to * 1_000) / serviceMs, 60))];
    const last = slots.at(-1)!;
    expect(last).toBeGreaterThanOrEqual(to);
    expect(last).toBeLessThanOrEqual(Math.ceil(to / 0.8) + 2);
    expect(slots.slice(30).filter((each) => Math.abs(each - last) > 1)).toEqual([]);
    expect(turnsOf(slots)).toBeLessThanOrEqual(2);
    expectCountsToAddUp(bus);
    await time.advance(60_000);
    expect([lane.waiting, lane.running, time.timers]).toEqual([0, 0, 0]);
  },
  60_000,
);

test("where the load comes by chance, most wait no longer than the target, and the slots are not far from what is busy", async () => {
  const { bus, time, lane, load } = setup({ serviceMs: 200 });
  const waited: number[] = [];
  await bus.start();
  await load(60, 40, { byChance: true });
  bus.notices.on("delivery.done", (notice) => waited.push(notice.waited));
  const slots = await load(60, 200, { byChance: true }); // twelve busy
  expect(Math.min(...slots)).toBeGreaterThanOrEqual(12);
  expect(Math.max(...slots)).toBeLessThanOrEqual(22);
  expect(waited.filter((each) => each > TARGET_MS).length).toBeLessThan(0.05 * waited.length);
  await time.advance(60_000);
  expect(lane.waiting).toBe(0);
}, 60_000);

test("it begins with the minimum and never leaves the two bounds", async () => {
  const { bus, lane, load } = setup({ serviceMs: 1_000, min: 2, max: 5 });
  await bus.start();
  expect(lane.concurrency).toBe(2);
  const slots = await load(100, 40);
  expect([Math.min(...slots) >= 2, Math.max(...slots), slots.at(-1)]).toEqual([true, 5, 5]);
});

test("an idle lane has no timer, and begins with as many slots as a calm time would have left it", async () => {
  const { bus, time, lane, load } = setup({ serviceMs: 200, max: 20 });
  await bus.start();
  await load(80, 40);
  expect(lane.concurrency).toBeGreaterThan(15);
  await time.advance(2 * TARGET_MS);
  const before = lane.concurrency;
  expect(time.timers).toBe(0);
  await time.advance(3_600_000);
  expect(lane.concurrency).toBe(before);
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(lane.concurrency).toBeLessThanOrEqual(2);
  await time.advance(1_000);
  expect(time.timers).toBe(0);
});

test("what is held back by a pause needs no timer, and none stays behind when the bus closes", async () => {
  const { bus, time, lane, load } = setup({ serviceMs: 200 });
  await bus.start();
  await load(80, 4);
  lane.pause();
  await time.advance(2_000);
  expect([lane.waiting > 0, lane.running, time.timers]).toEqual([true, 0, 0]);
  lane.resume();
  await time.rest();
  const closing = bus.close({ deadline: "1m" });
  await time.advance(60_000);
  expect((await closing).abandoned).toEqual([]);
  expect(time.timers).toBe(0);
});

test("while the event loop is late there are fewer slots, not more", async () => {
  const { bus, time, lane, load } = setup({ serviceMs: 200, max: 20 });
  await bus.start();
  await load(80, 40);
  const before = lane.concurrency;
  for (let interval = 0; interval < 8; interval++) {
    for (let each = 0; each < 20; each++) void bus.publish(new Ping({ n: each }));
    await time.advance(TARGET_MS - 1);
    time.jump(60); // somebody keeps the loop
    await time.advance(0);
  }
  expect(lane.concurrency).toBeLessThan(before / 2);
});

test("one interval in which the loop is late is not enough", async () => {
  const { bus, time, lane, load } = setup({ serviceMs: 200, max: 20 });
  await bus.start();
  await load(80, 40);
  const before = lane.concurrency;
  await time.advance(TARGET_MS - 1);
  time.jump(60);
  await time.advance(0);
  expect(lane.concurrency).toBe(before);
});

test("a minimum above the maximum is a fault of the options", () => {
  const lanes = { l: { concurrency: { min: 5, max: 2, target: "1s" } } } as const;
  expect(() => createBus({ lanes })).toThrow(
    "Expected `createBus.lanes.l.concurrency.max` to be an integer from `min` up, got 2 and 5.",
  );
});
