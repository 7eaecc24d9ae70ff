/** Times that nobody could keep: a process that slept, a clock that was set, a schedule that was paused. */
import { describe, expect, test } from "vitest";
import type { ScheduleOptions } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { clockOf, DAY, HOUR, lasting, MINUTE, scheduled, SECOND, START, Tidied } from "./setup.js";

/** The process sleeps, then its timers fire. */
async function slept(
  options: ScheduleOptions,
  ms: number,
  when: Parameters<typeof scheduled>[0] = "0 * * * *",
) {
  const made = await scheduled(when, options);
  made.time.jump(ms);
  await made.time.advance(0);
  return made;
}

describe("after a sleep", () => {
  test("skip runs for none of the missed times, and says how many with the next tick", async () => {
    const { time, ran, skipped } = await slept({}, 3 * HOUR + 30 * MINUTE);
    expect([ran, skipped]).toEqual([[], ["3 from 01:00: missed"]]);
    await time.advance(HOUR);
    expect(ran).toEqual(["04:00 +3"]);
  });

  test("once runs for the latest of them", async () => {
    const { ran, skipped } = await slept({ missed: "once" }, 3 * HOUR + 30 * MINUTE);
    expect([ran, skipped]).toEqual([["03:00 +2"], ["2 from 01:00: missed"]]);
    expect((await slept({ missed: "once" }, 3 * HOUR)).ran).toEqual(["03:00 +2"]);
  });

  test("all runs for each within its window, the oldest first, one after the other", async () => {
    const { handle, ends } = lasting();
    const { time, ran, skipped, job } = await scheduled("0 * * * *", { missed: { all: "2h" } }, handle);
    time.jump(4 * HOUR + 30 * MINUTE);
    await time.advance(0);
    expect([ran, skipped]).toEqual([["03:00 +2"], ["2 from 01:00: missed"]]);
    ends[0]!();
    await time.advance(0);
    expect(ran).toEqual(["03:00 +2", "04:00"]);
    ends[1]!();
    await time.advance(0);
    expect(ran).toHaveLength(2);
    expect(job.next()[0]?.getTime()).toBe(START + 5 * HOUR);
  });

  test("a time that is late by a minute at most is not missed, unless a later one has come", async () => {
    expect((await slept({}, HOUR + MINUTE)).ran).toEqual(["01:00"]);
    expect((await slept({}, HOUR + MINUTE + 1)).ran).toEqual([]);
    expect((await slept({}, 2 * HOUR + MINUTE)).ran).toEqual(["02:00 +1"]);
    expect((await slept({}, 3_500, { every: "1s" })).ran).toEqual(["00:00:03 +2"]);
  });

  test("no more than a hundred missed times are counted", async () => {
    const { time, ran, skipped } = await slept({}, 300 * DAY + 30 * MINUTE);
    expect(skipped).toEqual(["100 from 01:00: missed"]);
    await time.advance(HOUR);
    expect(ran).toEqual(["10-28 01:00 +100"]);
  });

  test("intervals are missed like other times", async () => {
    expect((await slept({}, 150 * MINUTE + 30 * SECOND, { every: "1h" })).skipped).toEqual([
      "2 from 01:00: missed",
    ]);
    expect((await slept({ missed: "once" }, 150 * MINUTE, { every: "1h" })).ran).toEqual(["02:00 +1"]);
  });
});

describe("a clock that is set", () => {
  test("forward makes the times between missed ones, and is noticed within 30 seconds", async () => {
    const { time, wall, ran, skipped } = await scheduled("0 * * * *");
    await time.advance(30 * MINUTE);
    wall.offset += 2 * HOUR;
    await time.advance(30 * SECOND);
    expect([ran, skipped]).toEqual([[], ["2 from 01:00: missed"]]);
    await time.advance(30 * MINUTE);
    expect(ran).toEqual(["03:00 +2"]);
  });

  test("back does not give a time twice, and those to come wait for theirs", async () => {
    const { time, wall, ran } = await scheduled("0 * * * *");
    await time.advance(90 * MINUTE);
    wall.offset -= HOUR; // 00:30
    await time.advance(89 * MINUTE);
    expect(ran).toEqual(["01:00"]);
    await time.advance(MINUTE);
    expect(ran).toEqual(["01:00", "02:00"]);
  });

  test("back by more than a day was wrong before, and is believed now", async () => {
    const { time, wall, ran } = await scheduled("0 * * * *", {}, undefined, START + 3_650 * DAY);
    await time.advance(HOUR);
    wall.offset -= 3_650 * DAY; // 01:00 of the year that it is
    await time.advance(HOUR);
    expect(ran.map((each) => each.slice(-5))).toEqual(["01:00", "02:00"]);
  });

  test("does not move an interval", async () => {
    const { time, wall, ticks } = await scheduled({ every: "1h" });
    await time.advance(30 * MINUTE);
    wall.offset += 5 * HOUR;
    await time.advance(HOUR);
    wall.offset -= 9 * HOUR;
    await time.advance(HOUR);
    expect(ticks.map(({ due, missed }) => [due.getTime() - START, missed])).toEqual([
      [6 * HOUR, 0],
      [-2 * HOUR, 0],
    ]);
  });
});

describe("a pause", () => {
  test("stops the ticks; times in between are missed ones", async () => {
    const { time, ran, skipped, job } = await scheduled("0 * * * *");
    job.pause();
    job.pause();
    expect(job.isPaused).toBe(true);
    await time.advance(2 * HOUR);
    job.resume();
    job.resume();
    await time.advance(HOUR);
    expect([ran, skipped, job.isPaused]).toEqual([["03:00 +2"], ["2 from 01:00: paused"], false]);
  });

  test("is caught up with as missed says", async () => {
    const once = await scheduled("0 * * * *", { missed: "once" });
    const all = await scheduled("0 * * * *", { missed: { all: "1d" } });
    for (const { time, job, ran } of [once, all]) {
      job.pause();
      await time.advance(3 * HOUR + 30 * MINUTE);
      job.resume();
      for (let turn = 0; turn < 3; turn++) await time.advance(0);
      expect(ran).toEqual(job === once.job ? ["03:00 +2"] : ["01:00", "02:00", "03:00"]);
    }
  });

  test("lets the run that has begun go on, and ends what waits for it", async () => {
    const { handle, ends } = lasting();
    const { time, ran, job, bus } = await scheduled("0 * * * *", { overlap: "queue" }, handle);
    await time.advance(2 * HOUR);
    job.pause();
    ends[0]!();
    await time.advance(0);
    expect([ran, job.last?.outcome, bus.atRisk]).toEqual([["01:00"], "done", 0]);
  });

  test("holds although the bus starts meanwhile, and does not keep runNow from running", async () => {
    const { bus, time } = virtualBus();
    const ran: string[] = [];
    bus.on(Tidied, ({ due }) => void ran.push(due));
    const job = bus.schedule("job", "0 * * * *", ({ due }) => new Tidied({ due: clockOf(due), missed: 0 }));
    job.pause();
    await bus.start();
    await time.advance(90 * MINUTE);
    await (await job.runNow()).settled();
    expect(ran).toEqual(["01:30"]);
    job.resume();
    await time.advance(HOUR);
    expect(ran).toEqual(["01:30", "02:00"]);
  });
});
