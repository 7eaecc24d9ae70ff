import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { expectCountsToAddUp, n, Ping } from "./setup.js";

async function setup({ limit = 5, concurrency = 10 } = {}) {
  const { bus, time } = virtualBus({ lanes: { slow: { concurrency, rate: { limit, interval: "1s" } } } });
  const starts: number[] = [];
  const seen: number[] = [];
  bus.on(Ping, { lane: "slow" }, ({ n: number }) => {
    starts.push(time.runtime.host.monotonic());
    seen.push(number);
  });
  await bus.start();
  return { bus, time, starts, seen, lane: bus.lanes.get("slow")! };
}

test("no more start than the rate allows, over all slots of the lane, and all of them start", async () => {
  const { bus, time, starts, seen } = await setup();
  await bus.publish(n(1_000).map((each) => new Ping({ n: each })));
  await time.rest();
  expect(starts.length).toBe(5);
  for (let second = 1; second <= 199; second++) {
    await time.advance(1_000);
    expect(starts.length).toBe(5 + 5 * second);
  }
  expect(seen).toEqual(n(1_000));
  expect(time.timers).toBe(0);
}, 30_000);

test("after a pause no more start than before it", async () => {
  const { bus, time, starts, lane } = await setup();
  await bus.publish(n(100).map((each) => new Ping({ n: each })));
  await time.rest();
  lane.pause();
  await time.advance(60_000);
  expect(starts.length).toBe(5);
  lane.resume();
  await time.rest();
  expect(starts.length).toBe(10);
  expectCountsToAddUp(bus);
  await time.advance(18_000);
  expect(starts.length).toBe(100);
});

test("a lane held back by its rate is idle, and what waits in it still runs", async () => {
  const { bus, time, seen } = await setup({ limit: 1, concurrency: 1 });
  await bus.publish(n(3).map((each) => new Ping({ n: each })));
  await time.rest();
  await bus.idle();
  expect(seen).toEqual([0]);
  await time.advance(2_000);
  expect(seen).toEqual([0, 1, 2]);
});

test("a retry is a start like any other", async () => {
  const { bus, time } = virtualBus({ lanes: { slow: { rate: { limit: 2, interval: "1s" } } } });
  const starts: number[] = [];
  bus.on(Ping, { lane: "slow", retry: { attempts: 4, delay: 0, jitter: false, backoff: "fixed" } }, () => {
    starts.push(time.runtime.host.monotonic());
    throw new Error("no");
  });
  await bus.start();
  await bus.publish(new Ping({ n: 1 }));
  await time.advance(5_000);
  expect(starts).toEqual([0, 0, 500, 1_000]);
});

test("a breaker stops the lane after failures in a row, probes with one, and goes on", async () => {
  const { bus, time } = virtualBus({
    lanes: { weak: { concurrency: 3, breaker: { failures: 2, pause: "10s" } } },
  });
  const heard: string[] = [];
  bus.notices.on("lane.paused", ({ lane }) => heard.push(`paused ${lane}`));
  bus.notices.on("lane.resumed", ({ lane }) => heard.push(`resumed ${lane}`));
  let isDown = true;
  const seen: number[] = [];
  bus.on(Ping, { lane: "weak" }, async ({ n: number }) => {
    seen.push(number);
    if (isDown) throw new Error("down");
  });
  await bus.start();
  await bus.publish(n(20).map((each) => new Ping({ n: each })));
  await time.rest();
  const before = seen.length;
  expect(before).toBeLessThanOrEqual(2 + 3);
  await time.advance(10_000);
  expect(seen.length).toBe(before + 1);
  isDown = false;
  await time.advance(10_000);
  expect(seen.length).toBe(20);
  expect(heard).toEqual(["paused weak", "paused weak", "resumed weak"]);
});
