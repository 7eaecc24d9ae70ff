import { expect, test } from "vitest";
import { Brake } from "../../src/lane/brake.js";
import { laneLimits } from "../../src/lane/lane-options.js";
import { Timers } from "../../src/runtime/timers.js";
import type { LaneOptions } from "../../src/delivery/policies.js";
import { VirtualTime } from "../support/virtual.js";

function setup(options: LaneOptions) {
  const time = new VirtualTime();
  const { runtime } = time;
  let freed = 0;
  const brake = new Brake(laneLimits(options), {
    runtime,
    timers: new Timers(runtime),
    onFree: () => freed++,
  });
  return { time, brake, freed: () => freed };
}

test("without a rate, a breaker or a pause nothing holds a lane back", () => {
  const { brake, time } = setup({});
  expect(Array.from({ length: 1_000 }, () => brake.mayStart()).every(Boolean)).toBe(true);
  expect(time.timers).toBe(0);
});

test("a pause holds, and uses up no token of the rate", () => {
  const { brake } = setup({ rate: { limit: 1, interval: "1s" } });
  brake.isPaused = true;
  expect([brake.mayStart(), brake.isHolding]).toEqual([false, true]);
  brake.isPaused = false;
  expect(brake.mayStart()).toBe(true);
});

test("a rate that is used up sets one timer, and says when the next may start", async () => {
  const { time, brake, freed } = setup({ rate: { limit: 2, interval: "1s" } });
  expect(Array.from({ length: 4 }, () => brake.mayStart())).toEqual([true, true, false, false]);
  expect([time.timers, brake.isHolding]).toEqual([1, true]);
  await time.advance(499);
  expect(freed()).toBe(0);
  await time.advance(1);
  expect(freed()).toBe(1);
  expect([brake.mayStart(), brake.mayStart()]).toEqual([true, false]);
});

test("only the delivery that starts is the probe of the breaker", async () => {
  const { time, brake } = setup({ breaker: { failures: 1, pause: "1s" } });
  expect(brake.mayStart()).toBe(true);
  expect(brake.attempted(true)).toBe("stops");
  expect([brake.isBroken, brake.isHolding, brake.mayStart()]).toEqual([true, true, false]);
  await time.advance(1_000);
  expect([brake.mayStart(), brake.mayStart()]).toEqual([true, false]);
  expect(brake.attempted(false)).toBe("goes on");
  expect(brake.mayStart()).toBe(true);
});

test("when it is stopped, no timer stays behind", () => {
  const { time, brake } = setup({
    rate: { limit: 1, interval: "1s" },
    breaker: { failures: 1, pause: "1s" },
  });
  brake.mayStart();
  brake.mayStart();
  brake.attempted(true);
  expect(time.timers).toBe(1);
  brake.stop();
  expect(time.timers).toBe(0);
});
