/** Long lives of a schedule by chance: sleeps, clocks that are set, pauses, runs that take their time. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ScheduleOptions, When } from "../../src/index.js";
import { HOUR, lasting, MINUTE, scheduled, SECOND, START } from "./setup.js";

type Step =
  | { readonly does: "passes" | "sleeps"; readonly seconds: number }
  | { readonly does: "isSet"; readonly minutes: number }
  | { readonly does: "pauses" | "resumes" | "ends" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant("passes" as const),
      seconds: fc.integer({ min: 1, max: 4_000 }),
    }),
  },
  fc.record({ does: fc.constant("sleeps" as const), seconds: fc.integer({ min: 1, max: 9_000 }) }),
  fc.record({ does: fc.constant("isSet" as const), minutes: fc.integer({ min: -90, max: 90 }) }),
  { weight: 3, arbitrary: fc.record({ does: fc.constant("ends" as const) }) },
  fc.record({ does: fc.constantFrom("pauses" as const, "resumes" as const) }),
);
const missed: fc.Arbitrary<ScheduleOptions["missed"]> = fc.constantFrom<ScheduleOptions["missed"]>(
  "skip",
  "once",
  {
    all: "40m",
  },
);
const life = fc.record({
  when: fc.constantFrom<When>("*/10 * * * *", { every: "10m" }),
  overlap: fc.constantFrom("skip" as const, "queue" as const, "cancelPrevious" as const),
  missed,
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
});

const TEN = 10 * MINUTE;

test("whatever happens, no time is given twice, none is made up, and each that has no run is counted", async () => {
  const property = fc.asyncProperty(life, async ({ when, overlap, missed: missing, steps }) => {
    const { handle, ends } = lasting();
    const { bus, time, wall, ticks, job } = await scheduled(when, { overlap, missed: missing }, handle);
    for (const each of steps) {
      if (each.does === "passes") await time.advance(each.seconds * SECOND);
      else if (each.does === "sleeps") time.jump(each.seconds * SECOND);
      else if (each.does === "isSet") wall.offset += typeof when === "string" ? each.minutes * MINUTE : 0;
      else if (each.does === "ends") ends.splice(0).forEach((end) => end());
      else if (each.does === "pauses") job.pause();
      else job.resume();
      await time.advance(0);
    }
    const numbers = ticks.map(({ due }) => (due.getTime() - START) / TEN);
    const counted = ticks.map(({ missed: count }) => count);
    const gaps = numbers.map((number, index) => number - (numbers[index - 1] ?? 0) - 1);
    expect(numbers.every(Number.isInteger)).toBe(true);
    expect(counted).toEqual(gaps);
    const closing = bus.close();
    await time.advance(30 * SECOND); // what nobody lets end is given up
    await closing;
  });
  await fc.assert(property, { numRuns: 300, seed: Number(process.env["SEED"] ?? 1) });
}, 60_000);

test("left alone, every time has its run", async () => {
  const whole = fc.record({
    when: fc.constantFrom<When>("*/7 * * * *", "13 */2 * * *", { every: "17m" }, { every: 433_000 }),
    hours: fc.integer({ min: 1, max: 100 }),
    parts: fc.integer({ min: 1, max: 9 }),
  });
  const property = fc.asyncProperty(whole, async ({ when, hours, parts }) => {
    const { bus, time, ticks, job } = await scheduled(when);
    const times = job.next(900).filter((date) => date.getTime() <= START + hours * HOUR);
    for (let part = 0; part < parts; part++) await time.advance((hours * HOUR) / parts);
    await time.advance(1); // parts may not add up
    expect(ticks.map(({ due }) => due)).toEqual(times);
    await bus.close();
  });
  await fc.assert(property, { numRuns: 15, seed: Number(process.env["SEED"] ?? 1) });
}, 60_000);
