/** A hundred thousand deliveries in every way that takes something: no listener, timer, handle, key or lane is left. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { program } from "./program.js";
import type { Left, ScenarioName } from "./programs/leaks.js";

let leaks: Awaited<ReturnType<typeof program>>;
beforeAll(async () => void (leaks = await program("leaks")));
afterAll(() => leaks.drop());

describe.concurrent("nothing is left of", () => {
  test.each<[string, ScenarioName, number]>([
    ["100,000 deliveries whose signals were looked at, published under a signal", "signals", 100_000],
    ["20,000 publishes that were aborted while they waited", "abortedSignals", 20_000],
    ["100,000 deliveries in three attempts each", "retries", 100_000],
    ["100,000 deliveries under timeouts, some of which expired", "timeouts", 100_000],
    ["100,000 scopes of tsyringe, of which a tenth failed", "scopes", 100_000],
    ["100,000 events read from a hundred streams", "streams", 100_000],
    ["10,000 next events, each beside one that was given up", "nexts", 10_000],
    ["10,000 subscriptions added and undone, and as many of broken lanes", "subscriptions", 10_000],
    ["50,000 events of one key and one each of 50,000 keys", "keys", 100_000],
    ["100,000 publishes down a chain of full lanes", "chains", 100_000],
    ["20,000 transactions, half of them rolled back", "transactions", 20_000],
    ["1,000 buses that were started and closed", "cycles", 1_000],
  ])("%s", { timeout: 180_000 }, async (_title, scenario, rounds) => {
    const { handled, expected, heapBefore, heapAfter, left } = await leaks.report<Left>(
      scenario,
      String(rounds),
    );
    const none = Object.fromEntries(Object.keys(left).map((name) => [name, 0]));
    expect(left).toEqual(none);
    expect(handled).toBeGreaterThan(0);
    expect(handled).toBe(expected ?? handled);
    expect(heapAfter - heapBefore).toBeLessThan(Math.max(2 * 1024 * 1024, heapBefore * 0.05));
  });
});
