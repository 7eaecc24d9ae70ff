/** Ten thousand schedules. */
import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { DAY, HOUR, SECOND, Tidied } from "./setup.js";

const COUNT = 10_000;

async function many(when: (n: number) => `${number} ${number} 2 1 *`) {
  const { bus, time } = virtualBus({ lanes: { all: { capacity: COUNT } } });
  const ran = new Set<string>();
  let woken = 0;
  bus.on(Tidied, { lane: "all" }, ({ due }) => void ran.add(due));
  for (let n = 0; n < COUNT; n++)
    bus.schedule(`job-${n}`, when(n), ({ schedule }) => {
      woken++;
      return new Tidied({ due: schedule, missed: 0 });
    });
  await bus.start();
  await time.rest();
  return { bus, time, ran, woken: () => woken };
}

test("ten thousand schedules use one timer, and wake up nothing while none is due", async () => {
  const { bus, time, ran, woken } = await many((n) => `${n % 5} 12 2 1 *`);
  expect([time.timers, bus.lanes.size, bus.schedules.size]).toEqual([1, 2, COUNT]);
  const told: string[] = [];
  bus.notices.on("event.published", ({ event }) => told.push(event));
  await time.advance(DAY - SECOND);
  expect([woken(), told, time.timers]).toEqual([0, [], 1]);
  await time.advance(DAY);
  expect([woken(), ran.size]).toEqual([COUNT, COUNT]);
  await bus.close();
  expect(time.timers).toBe(0);
}, 60_000);

test("ten thousand that are due at once all run, once", async () => {
  const { bus, time, ran } = await many(() => "0 0 2 1 *");
  const turns = time.runtime.turn.number;
  time.jump(DAY);
  await time.advance(0);
  while (ran.size < COUNT && time.runtime.turn.number < turns + 100_000) await time.rest();
  expect(ran.size).toBe(COUNT);
  await time.advance(HOUR);
  expect(ran.size).toBe(COUNT);
  await bus.close();
}, 60_000);
