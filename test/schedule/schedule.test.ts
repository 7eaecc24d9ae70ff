/** Schedules of functions: when they run, and what can be asked of them. */
import { expect, test } from "vitest";
import { BusClosedError, NotStartedError, StartError, Tick } from "../../src/index.js";
import { virtualBus, VirtualTime } from "../support/virtual.js";
import { expectCountsToAddUp } from "../dispatch/setup.js";
import { clockOf, DAY, HOUR, MINUTE, scheduled, START, Tidied } from "./setup.js";

test("an expression runs at its times, in UTC unless told otherwise, and a tick says which", async () => {
  const { time, ran, ticks, bus } = await scheduled("0 3 * * *");
  await time.advance(3 * HOUR - 1);
  expect(ran).toEqual([]);
  await time.advance(1);
  expect(ran).toEqual(["03:00"]);
  await time.advance(2 * DAY);
  expect(ran).toEqual(["03:00", "01-02 03:00", "01-03 03:00"]);
  expect(ticks[0]).toBeInstanceOf(Tick);
  expect(ticks[0]).toEqual({ schedule: "job", due: new Date(START + 3 * HOUR), missed: 0 });
  expectCountsToAddUp(bus);
});

test("six fields begin with seconds", async () => {
  const { time, ran } = await scheduled("*/20 * * * * *");
  await time.advance(MINUTE);
  expect(ran).toEqual(["00:00:20", "00:00:40", "00:01"]);
});

test("an interval runs first when one has passed, and then does not drift", async () => {
  const { time, ran } = await scheduled({ every: "7m" });
  await time.advance(28 * MINUTE);
  expect(ran).toEqual(["00:07", "00:14", "00:21", "00:28"]);
});
