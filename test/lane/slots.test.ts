import { expect, test } from "vitest";
import { Slots } from "../../src/lane/slots.js";
import type { HandOver } from "../../src/runtime/hand-over.js";
import { deferred, VirtualTime } from "../support/virtual.js";

/** A source of numbers, and a runner that ends each when it is told to. */
function setup(concurrency: number, handOver?: HandOver) {
  const time = new VirtualTime(handOver && { handOver });
  const ready: number[] = [];
  const running = new Map<number, () => void>();
  const seen = { peak: 0, ended: [] as number[], idles: 0, mayStart: true, isQuick: false };
  const source = {
    name: "lane",
    get ready() {
      return ready.length;
    },
    mayStart: () => seen.mayStart,
    take: () => ready.shift()!,
    idle: () => void seen.idles++,
  };
  const runner = {
    start(number: number): Promise<void> | undefined {
      if (seen.isQuick) return undefined;
      const { promise, resolve } = deferred();
      running.set(number, resolve);
      seen.peak = Math.max(seen.peak, running.size);
      return promise;
    },
    end(number: number): void {
      running.delete(number);
      seen.ended.push(number);
    },
  };
  const slots = new Slots<number>(concurrency, source, runner, time.runtime);
  const push = (number: number): void => {
    ready.push(number);
    slots.wake();
  };
  const end = async (number: number): Promise<void> => {
    running.get(number)?.();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { time, slots, push, end, seen, running, ready };
}

test("nothing runs before whoever woke the slots has gone on", async () => {
  const { push, running, time } = setup(1);
  push(1);
  expect(running.size).toBe(0);
  await time.rest();
  expect([...running.keys()]).toEqual([1]);
});

test("as many run as there are slots, and never more", async () => {
  const { time, push, end, seen, running } = setup(3);
  for (let number = 0; number < 10; number++) push(number);
  await time.rest();
  expect(running.size).toBe(3);
  for (let number = 0; number < 10; number++) await end(number);
  expect([seen.peak, seen.ended.length]).toEqual([3, 10]);
});

test("a slot that lingers takes what comes next", async () => {
  const { push, end, seen, running } = setup(1);
  seen.isQuick = true;
  push(1);
  await end(0);
  await end(0);
  expect(seen.ended).toEqual([1]);
  push(2);
  await end(0);
  expect(seen.ended).toEqual([1, 2]);
  expect(running.size).toBe(0);
});

test("slots linger for whatever comes in later turns, and no more than sixteen of them", async () => {
  const { time, push, seen, slots } = setup(100);
  seen.isQuick = true;
  for (let number = 0; number < 100; number++) push(number);
  await time.rest();
  expect(seen.ended.length).toBe(100);
  expect(slots.kept).toBe(16);
  push(100);
  await time.rest();
  expect([seen.ended.length, slots.kept]).toEqual([101, 16]);
});

test("raised at once: more start without anything new coming in", async () => {
  const { time, slots, push, running } = setup(1);
  for (let number = 0; number < 5; number++) push(number);
  await time.rest();
  slots.concurrency = 4;
  await time.rest();
  expect(running.size).toBe(4);
});

test("lowered under load: slots end as they become free, and the last ones go on", async () => {
  const { time, slots, push, end, seen, running } = setup(5);
  for (let number = 0; number < 12; number++) push(number);
  await time.rest();
  slots.concurrency = 2;
  for (let number = 0; number < 5; number++) await end(number);
  await time.rest();
  expect(running.size).toBe(2);
  for (let number = 5; number < 12; number++) {
    await end(number);
    await time.rest();
    expect(running.size).toBeLessThanOrEqual(2);
  }
  expect(seen.ended.length).toBe(12);
});

test("lowered while all slots linger: what comes next runs nevertheless", async () => {
  const { time, slots, push, seen } = setup(10);
  seen.isQuick = true;
  for (let number = 0; number < 10; number++) push(number);
  for (let step = 0; step < 20; step++) await Promise.resolve();
  expect(seen.ended.length).toBe(10);
  slots.concurrency = 1;
  push(10);
  await time.rest();
  expect(seen.ended.length).toBe(11);
});

test("lowered with one slot busy and the others lingering: the busy one goes on", async () => {
  const { time, slots, push, end, seen } = setup(10);
  for (let number = 0; number < 10; number++) push(number);
  await time.rest();
  for (let number = 1; number < 10; number++) void end(number);
  for (let step = 0; step < 20; step++) await Promise.resolve();
  slots.concurrency = 1;
  push(10);
  push(11);
  await end(0);
  await time.rest();
  await end(10);
  await time.rest();
  await end(11);
  await time.rest();
  expect(seen.ended.length).toBe(12);
});

test("a source that holds back ends the slots, and what wakes them later starts them again", async () => {
  const { time, slots, push, seen, running } = setup(3);
  seen.mayStart = false;
  push(1);
  push(2);
  await time.rest();
  expect(running.size).toBe(0);
  expect(seen.idles).toBeGreaterThan(0);
  seen.mayStart = true;
  slots.wakeAll();
  await time.rest();
  expect(running.size).toBe(2);
});

test("every delivery is handed over by the name of its lane before it starts and before it settles", async () => {
  const points: string[] = [];
  const { time, push, end } = setup(1, (point, about) => void points.push(`${point} ${about}`));
  push(1);
  await time.rest();
  expect(points).toEqual(["deliver lane"]);
  await end(1);
  await time.rest();
  expect(points).toEqual(["deliver lane", "settle lane"]);
});

test("a runner that throws costs its own delivery only", async () => {
  const time = new VirtualTime();
  const ready = [1, 2, 3];
  const failed: unknown[] = [];
  const source = {
    name: "lane",
    get ready() {
      return ready.length;
    },
    mayStart: () => true,
    take: () => ready.shift()!,
    idle: () => undefined,
  };
  const runner = {
    start(number: number): unknown {
      if (number === 1) throw new Error("at once");
      return number === 2 ? Promise.reject(new Error("later")) : number;
    },
    end: (_: number, answer: unknown, isFailure: boolean) =>
      void failed.push(isFailure ? String(answer) : answer),
  };
  const slots = new Slots<number>(1, source, runner, time.runtime);
  slots.wake();
  await time.rest();
  expect(failed).toEqual(["Error: at once", "Error: later", 3]);
});
