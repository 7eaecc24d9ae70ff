import { expect, test } from "vitest";
import { Breaker } from "../../src/lane/breaker.js";
import { Timers } from "../../src/runtime/timers.js";
import { VirtualTime } from "../support/virtual.js";

function setup() {
  const time = new VirtualTime();
  let probes = 0;
  const breaker = new Breaker({ failures: 2, pauseMs: 1_000 }, new Timers(time.runtime), () => probes++);
  const open = (): void => void [breaker.failed(), breaker.failed()];
  return { time, breaker, open, probes: () => probes };
}

test("it stops after so many failures in a row, and a success in between starts the count again", () => {
  const { breaker } = setup();
  expect(breaker.failed()).toBeUndefined();
  expect(breaker.succeeded()).toBeUndefined();
  expect(breaker.failed()).toBeUndefined();
  expect(breaker.isHolding).toBe(false);
  expect(breaker.failed()).toBe("stops");
  expect([breaker.isOpen, breaker.isHolding]).toEqual([true, true]);
});

test("once stopped it sets no timer any more, whatever still fails", () => {
  const { time, breaker, open } = setup();
  open();
  breaker.stop();
  open();
  expect(time.timers).toBe(0);
});

test("after its pause one delivery may start, and no second", async () => {
  const { time, breaker, open, probes } = setup();
  open();
  await time.advance(999);
  expect(breaker.isHolding).toBe(true);
  await time.advance(1);
  expect(probes()).toBe(1);
  expect(breaker.isHolding).toBe(false);
  breaker.started();
  expect(breaker.isHolding).toBe(true);
});

test("a probe that succeeds closes it, one that fails starts the pause again", async () => {
  const { time, breaker, open, probes } = setup();
  open();
  await time.advance(1_000);
  breaker.started();
  expect(breaker.failed()).toBe("stops");
  await time.advance(1_000);
  expect(probes()).toBe(2);
  breaker.started();
  expect(breaker.succeeded()).toBe("goes on");
  expect(breaker.isOpen).toBe(false);
});

test("a probe that fails starts the pause again, whatever else succeeded before it", async () => {
  const { time, breaker, open } = setup();
  open();
  expect(breaker.succeeded()).toBeUndefined();
  await time.advance(1_000);
  breaker.started();
  expect(breaker.failed()).toBe("stops");
  expect(breaker.isHolding).toBe(true);
});

test("a probe that tells neither way, since its delivery was given up, makes room for another", async () => {
  const { time, breaker, open, probes } = setup();
  open();
  await time.advance(1_000);
  breaker.started();
  breaker.ended();
  expect(probes()).toBe(2);
  expect(breaker.isHolding).toBe(false);
});

test("failures that come in while it pauses do not make the pause longer", async () => {
  const { time, breaker, open, probes } = setup();
  open();
  await time.advance(500);
  expect(breaker.failed()).toBeUndefined();
  await time.advance(500);
  expect(probes()).toBe(1);
});

test("when it is stopped, no timer stays behind", () => {
  expect(() => setup().breaker.stop()).not.toThrow();
  const { time, breaker, open } = setup();
  open();
  expect(time.timers).toBe(1);
  breaker.stop();
  expect(time.timers).toBe(0);
});
