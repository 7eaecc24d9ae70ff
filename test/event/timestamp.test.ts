/** RFC 3339, as the wire has it. */
import { describe, expect, test } from "vitest";

import { fromTimestamp, toTimestamp } from "../../src/event/timestamp.js";

describe("a timestamp", () => {
  test.each([
    ["1985-04-12T23:20:50.52Z", Date.UTC(1985, 3, 12, 23, 20, 50, 520)],
    ["1996-12-19T16:39:57-08:00", Date.UTC(1996, 11, 20, 0, 39, 57)],
    ["1990-12-31T23:59:60Z", Date.UTC(1991, 0, 1)],
    ["1990-12-31T15:59:60-08:00", Date.UTC(1991, 0, 1)],
    ["1937-01-01T12:00:27.87+00:20", Date.UTC(1937, 0, 1, 11, 40, 27, 870)],
    ["2024-02-29t00:00:00z", Date.UTC(2024, 1, 29)],
    ["2000-02-29T00:00:00.123456789Z", Date.UTC(2000, 1, 29, 0, 0, 0, 123)],
    ["2023-01-01T00:00:00-00:00", Date.UTC(2023, 0, 1)],
  ])("is read from %s", (text, milliseconds) => {
    expect(fromTimestamp(text)).toBe(milliseconds);
  });

  test.each([
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2023-04-31T00:00:00Z",
    "2023-13-01T00:00:00Z",
    "2023-00-01T00:00:00Z",
    "2023-01-00T00:00:00Z",
    "2023-01-01T24:00:00Z",
    "2023-01-01T00:60:00Z",
    "2023-01-01T00:00:61Z",
    "2023-01-01T00:00:00",
    "2023-01-01 00:00:00Z",
    "2023-01-01T00:00:00.Z",
    "2023-01-01T00:00:00+24:00",
    "2023-01-01",
    "+012023-01-01T00:00:00Z",
    "yesterday",
    "",
  ])("is not read from %j", (text) => {
    expect(fromTimestamp(text)).toBeUndefined();
  });

  test("is written with milliseconds, and comes back", () => {
    expect(toTimestamp(1_700_000_000_123)).toBe("2023-11-14T22:13:20.123Z");
    for (const time of [0, -1, 951_782_400_000, 253_402_300_799_999])
      expect(fromTimestamp(toTimestamp(time)!)).toBe(time);
  });

  test.each([Number.NaN, Infinity, 253_402_300_800_000, -62_167_219_200_001])(
    "is not written for %d",
    (time) => {
      expect(toTimestamp(time)).toBeUndefined();
    },
  );
});
