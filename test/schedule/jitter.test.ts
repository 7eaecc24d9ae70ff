/** Jitter: runs that are late by chance, as the seed of the runtime has it. */
import { expect, test } from "vitest";
import { virtualBus, VirtualTime } from "../support/virtual.js";
import { HOUR, MINUTE, START, Tidied } from "./setup.js";

/** How late the runs of a schedule were, in milliseconds, under a seed. */
async function lateness(seed: number, every: "1h" | "1m", jitter: "10m") {
  const { bus, time } = virtualBus({}, new VirtualTime({ seed }));
  const late: number[] = [];
  bus.on(Tidied, () => undefined);
  bus.schedule(
    "job",
    { every },
    ({ due }) => {
      late.push(time.runtime.host.now() - due.getTime());
      return new Tidied({ due: "", missed: 0 });
    },
    { jitter },
  );
  await bus.start();
  await time.advance(20 * (every === "1h" ? HOUR : MINUTE) + HOUR / 2);
  return late;
}

test("each run is late by a part of it, by chance, and the ticks keep their times", async () => {
  const late = await lateness(1, "1h", "10m");
  expect(late).toHaveLength(20);
  expect(Math.max(...late)).toBeLessThanOrEqual(10 * MINUTE + 1);
  expect(Math.max(...late)).toBeGreaterThan(7 * MINUTE);
  expect(new Set(late).size).toBe(20);
});

test("one seed gives one jitter", async () => {
  expect(await lateness(7, "1h", "10m")).toEqual(await lateness(7, "1h", "10m"));
  expect(await lateness(7, "1h", "10m")).not.toEqual(await lateness(8, "1h", "10m"));
});

test("it never goes further than half the way to the next time, so that none is missed for it", async () => {
  const late = await lateness(1, "1m", "10m");
  expect(late.length).toBeGreaterThanOrEqual(49);
  expect(Math.max(...late)).toBeLessThanOrEqual(30_001);
});

test("next() tells times without it", async () => {
  const { bus } = virtualBus();
  const job = bus.schedule("job", "0 * * * *", () => new Tidied({ due: "", missed: 0 }), { jitter: "10m" });
  await bus.start();
  expect(job.next()[0]?.getTime()).toBe(START + HOUR);
});
