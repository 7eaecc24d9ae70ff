/** A hundred thousand short things beside one that never ends: nothing of them stays on it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { filesUnder, textOf } from "../support/repository.js";
import { program } from "./program.js";
import type { LongLived, LongLivedName } from "./programs/long-lived.js";

const ROUNDS = 99_000;
/** Bytes per round; what one promise keeps of another is several times as much. */
const SLOPE_MAX = 32;

let beside: Awaited<ReturnType<typeof program>>;
beforeAll(async () => void (beside = await program("long-lived")));
afterAll(() => beside.drop());

describe.concurrent("a hundred thousand", () => {
  async function expectNothingLeft(scenario: LongLivedName): Promise<void> {
    const { done, heap, left } = await beside.report<LongLived>(scenario, String(ROUNDS));
    expect(done).toBe(ROUNDS);
    expect(left).toEqual(Object.fromEntries(Object.keys(left).map((name) => [name, 0])));
    const [, second, third] = heap;
    expect((third - second) / (ROUNDS / 3)).toBeLessThan(SLOPE_MAX);
  }

  test(
    "waits for an event that never settles leave nothing on it once they are given up",
    { timeout: 180_000 },
    () => expectNothingLeft("settled"),
  );

  test("sleeps of one delivery that never ends leave nothing on its signal", { timeout: 180_000 }, () =>
    expectNothingLeft("sleeps"),
  );

  test(
    "deliveries from the contexts of 1,000 tenants each see their own, and every tenant is let go",
    { timeout: 180_000 },
    () => expectNothingLeft("tenants"),
  );
});

test("no source races promises or joins signals: whatever lives longer would keep every one of them", () => {
  const joins = /Promise\.(?:race|any)\b|AbortSignal\.any\b/;
  const engine = filesUnder("src", ".ts").filter((file) => !file.startsWith("src/testing/"));
  expect(engine.filter((file) => joins.test(textOf(file)))).toEqual([]);
});
