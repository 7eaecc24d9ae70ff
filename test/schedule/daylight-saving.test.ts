/** The two nights of the year on which clocks change, through a bus. */
import { expect, test } from "vitest";
import { DAY, HOUR, scheduled } from "./setup.js";

/** When a schedule in Berlin runs during the three days around a change of its clocks, in UTC. */
async function inBerlin(expression: `${string} ${string} * * *`, night: number): Promise<string[]> {
  const { time, ticks, bus } = await scheduled(
    expression,
    { timeZone: "Europe/Berlin" },
    undefined,
    night - DAY,
  );
  const runs: string[] = [];
  for (let hour = 0; hour < 72; hour++) {
    const before = ticks.length;
    await time.advance(HOUR);
    for (const { due } of ticks.slice(before)) runs.push(due.toISOString().slice(8, 16).replace("T", " "));
  }
  await bus.close();
  return runs;
}

const SPRING = Date.UTC(2026, 2, 29); // at 02:00 it is 03:00
const AUTUMN = Date.UTC(2026, 9, 25); // at 03:00 it is 02:00

test("a time of the day that does not exist runs when the clock has jumped over it", async () => {
  expect(await inBerlin("30 2 * * *", SPRING)).toEqual(["28 01:30", "29 01:00", "30 00:30"]);
});

test("a time of the day that comes twice runs the first time only", async () => {
  expect(await inBerlin("30 2 * * *", AUTUMN)).toEqual(["24 00:30", "25 00:30", "26 01:30"]);
});

test("a list or a range of hours is so many times of the day", async () => {
  expect(await inBerlin("30 2,14 * * *", SPRING)).toEqual([
    "28 01:30",
    "28 13:30",
    "29 01:00",
    "29 12:30",
    "30 00:30",
    "30 12:30",
  ]);
  expect((await inBerlin("0 1-3 * * *", AUTUMN)).slice(1, 4)).toEqual(["24 23:00", "25 00:00", "25 02:00"]);
});

test("what runs every so many hours or minutes leaves out what does not exist, and runs both times in what comes twice", async () => {
  const spring = await inBerlin("30 * * * *", SPRING);
  expect(spring.filter((each) => /^29 0[0-3]/.test(each))).toEqual([
    "29 00:30",
    "29 01:30",
    "29 02:30",
    "29 03:30",
  ]);
  expect(spring).toHaveLength(72);
  const autumn = await inBerlin("30 */2 * * *", AUTUMN);
  expect(autumn.filter((each) => /^25 0[0-3]/.test(each))).toEqual(["25 00:30", "25 01:30", "25 03:30"]);
});
