/** Times of expressions: what is asked of croner, and that answers do not depend on what was asked before. */
import { expect, test } from "vitest";
import { Calendar, isTimeZone } from "../../src/schedule/calendar.js";
import { DAY, HOUR, MINUTE, START } from "./setup.js";

const hourly = { expression: "0 * * * *", timeZone: "UTC" };

test("the next time is after a moment, to the millisecond; the latest is not after it", () => {
  const calendar = new Calendar();
  const at = START + HOUR;
  expect([at - 1, at, at + 1].map((moment) => calendar.next(hourly, moment))).toEqual([
    at,
    at + HOUR,
    at + HOUR,
  ]);
  expect([at - 1, at, at + 1].map((moment) => calendar.latest(hourly, moment))).toEqual([START, at, at]);
});

test("answers are right however many expressions and zones there are", () => {
  const calendar = new Calendar();
  const times = Array.from({ length: 20 }, (_, minute) => ({
    expression: `${minute} * * * *`,
    timeZone: "UTC",
  }));
  for (let round = 0; round < 3; round++)
    for (const [minute, each] of times.entries())
      expect(calendar.next(each, START + round * DAY - 1)).toBe(START + round * DAY + minute * MINUTE);
  const noon = ["UTC", "Asia/Tokyo", "Asia/Kolkata"].map((timeZone) =>
    calendar.next({ expression: "0 12 * * *", timeZone }, START),
  );
  expect(noon).toEqual([START + 12 * HOUR, START + 3 * HOUR, START + 6 * HOUR + 30 * MINUTE]);
});

test("a zone is one that Intl knows", () => {
  expect(["UTC", "Europe/Berlin", "Etc/GMT+3", "+02:00", "Mars/Olympus", "", 3].map(isTimeZone)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("both days count where day of the month and of the week are given, as in every cron", () => {
  const calendar = new Calendar();
  const times = { expression: "0 0 13 * 5", timeZone: "UTC" };
  const days: string[] = [];
  for (let at = START, day = 0; day < 4; day++) {
    at = calendar.next(times, at)!;
    days.push(new Date(at).toISOString().slice(5, 10));
  }
  expect(days).toEqual(["01-02", "01-09", "01-13", "01-16"]);
});
