// What a schedule takes while none is due: bytes of the heap, and timers of the process for all of them.
import { getActiveResourcesInfo, memoryUsage } from "node:process";
import { setImmediate } from "node:timers/promises";

export const isFresh = true;
export const flags = ["--expose-gc"];
export const rounds = (pace) => pace.fewRounds;
export const columns = [
  { head: "bytes per schedule", unit: "bytesPerSchedule" },
  { head: "timers", unit: "timers" },
];

export async function stage({ name }, { count }) {
  const { createBus, Event } = await import("../../../dist/index.js");
  class Due extends Event("bench.due") {}
  const bus = createBus();
  bus.on(Due, () => undefined);
  await bus.start();

  const add = (name, index) => bus.schedule(`${name}-${index}`, `${index % 60} 3 * * *`, () => new Due());

  async function sample() {
    // What is made once, compiled code too, is there before the first reading.
    for (let index = 0; index < 2_000; index++) add("warm", index).remove();
    const timersBefore = timers();
    const before = await heap();
    for (let index = 0; index < count; index++) add("nightly", index);
    const bytes = (await heap()) - before;
    return { bytesPerSchedule: bytes / count, timers: timers() - timersBefore };
  }

  /** All are there, each with a time of its own. */
  async function check() {
    const due = [...bus.schedules.values()].filter((schedule) => schedule.next(1).length === 1);
    await bus.close();
    return { handled: due.length, expected: count };
  }

  return { name, sample, check };
}

const timers = () => getActiveResourcesInfo().filter((each) => each === "Timeout").length;

async function heap() {
  await setImmediate();
  await setImmediate();
  globalThis.gc();
  globalThis.gc();
  return memoryUsage().heapUsed;
}
