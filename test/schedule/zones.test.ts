/**
 * Times of the day over twenty years of every time zone, against an oracle that knows Intl's offsets and nothing else. Here a
 * sample: zones that are known to be hard, and some by chance; the days around each change of their clocks, and one zone from
 * its first day to its last. `ZONES=all npx vitest run test/schedule/zones.test.ts` takes all zones and all days (some minutes),
 * `ZONES=7` another sample.
 */
import { describe, expect, test } from "vitest";
import { Calendar } from "../../src/schedule/calendar.js";
import { DAY, HOUR } from "./setup.js";
import { eachTime, onceADay, type Stretch, stretchesOf } from "./zone-oracle.js";

const FROM = Date.UTC(2011, 0, 1);
const UNTIL = Date.UTC(2031, 0, 1);
const HARD = [
  "Africa/Casablanca", // back for Ramadan
  "America/St_Johns", // half an hour off
  "America/Santiago", // changes at midnight: a day without its first hour
  "Antarctica/Troll", // two hours at once
  "Asia/Gaza", // changes on odd days
  "Australia/Lord_Howe", // changes by half an hour
  "Europe/Berlin",
  "Pacific/Apia", // left out the 30th of December 2011
  "Pacific/Norfolk", // moved by half an hour, then began to change
];
const { ZONES = "1" } = process.env;
const isAll = ZONES === "all";

/** The expressions, each with what the oracle says of it. */
const EXPRESSIONS: readonly (readonly [string, (stretches: readonly Stretch[]) => readonly number[]])[] = [
  ["30 2 * * *", (stretches) => onceADay(stretches, [150])],
  ["0 0 * * *", (stretches) => onceADay(stretches, [0])],
  ["15 1,2,3,23 * * *", (stretches) => onceADay(stretches, [75, 135, 195, 1_395])],
  ["*/20 */3 * * *", (stretches) => eachTime(stretches, (m) => m % 20 === 0 && Math.floor(m / 60) % 3 === 0)],
  ["0 * * * *", (stretches) => eachTime(stretches, (m) => m % 60 === 0)],
];

/** Spreads over the zones, differently for each seed. */
function sample(zones: readonly string[], count: number): readonly string[] {
  const step = Math.floor(zones.length / count);
  const first = (Number(ZONES) * 7_919) % step;
  return Array.from({ length: count }, (_, index) => zones[first + index * step]!);
}

/** All times from a moment on, as the calendar gives them one by one. */
function timesOf(expression: string, timeZone: string, from: number, until: number): number[] {
  const calendar = new Calendar();
  const times: number[] = [];
  let next = calendar.next({ expression, timeZone }, from);
  while (next !== undefined && next < until) {
    times.push(next);
    next = calendar.next({ expression, timeZone }, next);
  }
  return times;
}

function expectSame(timeZone: string, stretches: readonly Stretch[], from: number, until: number): void {
  const here = stretches
    .filter((each) => each.from < until && each.until > from)
    .map((each) => ({ ...each, from: Math.max(each.from, from), until: Math.min(each.until, until) }));
  for (const [expression, oracle] of EXPRESSIONS) {
    const inside = (at: number): boolean => at > from && at < until;
    const told = timesOf(expression, timeZone, from, until).map(textOf);
    expect(told, `${expression} in ${timeZone}`).toEqual(oracle(here).filter(inside).map(textOf));
    expect(new Set(told).size).toBe(told.length);
  }
}

function textOf(at: number): string {
  return new Date(at).toISOString();
}

describe("no time of the day comes twice, and none is lost", () => {
  const zones = Intl.supportedValuesOf("timeZone");
  const chosen = isAll ? zones : [...new Set([...HARD, ...sample(zones, 8)])];

  test.each(chosen)("around each change of the clocks in %s", { timeout: 60_000 }, (timeZone) => {
    const stretches = stretchesOf(timeZone, FROM, UNTIL);
    for (const { until: change } of stretches.slice(0, -1))
      expectSame(timeZone, stretches, change - 2 * DAY - HOUR / 2, change + 2 * DAY);
  });

  test.each(isAll ? zones : ["Europe/Berlin"])(
    "on all days of twenty years in %s",
    { timeout: 120_000 },
    (timeZone) => {
      const stretches = stretchesOf(timeZone, FROM, UNTIL);
      for (const [expression, oracle] of EXPRESSIONS.slice(0, isAll ? 3 : 1))
        expect(timesOf(expression, timeZone, FROM, UNTIL).map(textOf)).toEqual(oracle(stretches).map(textOf));
    },
  );
});
