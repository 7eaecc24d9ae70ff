/** Signals under load: as many listeners as something waits, and a controller only for who looks at it. */
import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import { counts, gated, n, Ping } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

test("100,000 publishes under one signal leave as many listeners on it as publishes wait, and none in the end", async () => {
  const { bus } = virtualBus({ lanes: { tight: { capacity: 20, concurrency: 5, waitingMax: 50 } } });
  const { signal } = new AbortController();
  const lane = bus.lanes.get("tight")!;
  let most = 0;
  let wrong = 0;
  const look = (): void => {
    most = Math.max(most, lane.waitingPublishes);
    if (listeners(signal) !== lane.waitingPublishes) wrong++;
  };
  bus.on(Ping, { name: "s", lane: "tight" }, async () => {
    await Promise.resolve();
    look();
  });
  await bus.start();
  for (let batch = 0; batch < 100_000 / 50; batch++) {
    const published = n(50).map((each) => bus.publish(new Ping({ n: each }), { signal }));
    look();
    await Promise.all(published);
  }
  await bus.idle();
  look();
  expect([wrong, lane.waitingPublishes, listeners(signal)]).toEqual([0, 0, 0]);
  expect(most).toBeGreaterThan(20); // the signal was needed
  expect(counts(bus, "s")).toMatchObject({ handled: 100_000 });
}, 60_000);

test("of 100,000 deliveries each sleeps on a signal of its own, which has one listener while it sleeps", async () => {
  const { bus, time } = virtualBus({ lanes: { wide: { concurrency: 1_000, capacity: 1_000 } } });
  const asleep = new Set<AbortSignal>();
  let slept = 0;
  let wrong = 0;
  bus.on(Ping, { name: "s", lane: "wide" }, async (_, delivery) => {
    const { signal } = delivery;
    const sleep = delivery.sleep("1s");
    if (asleep.has(signal) || listeners(signal) !== 1) wrong++;
    asleep.add(signal);
    await sleep;
    if (listeners(signal) !== 0) wrong++;
    asleep.delete(signal);
    slept++;
  });
  await bus.start();
  for (let batch = 0; batch < 100; batch++) {
    await bus.publish(n(1_000).map((each) => new Ping({ n: each })));
    while (asleep.size < 1_000) await time.rest();
    await time.advance(1_000);
  }
  expect([slept, wrong, asleep.size, time.timers]).toEqual([100_000, 0, 0, 0]);
}, 60_000);

test("a delivery whose signal nobody looks at makes no controller, be it timed, retried or closed upon", async () => {
  const made = vi.spyOn(globalThis, "AbortController");
  const { bus, time } = virtualBus();
  const gate = gated();
  bus.on(Ping, { name: "plain" }, gate.handler);
  bus.on(
    Ping,
    { name: "timed", timeout: "1s", stuck: "release", retry: 2 },
    () => new Promise(() => undefined),
  );
  await bus.start();
  await bus.publish(new Ping({ n: 1 }));
  await time.advance(10_000);
  await gate.openAll(time);
  const closed = bus.close({ deadline: "1s" });
  await time.advance(10_000);
  await closed;
  expect(counts(bus, "timed")).toMatchObject({ deadLettered: 1 });
  expect(made).not.toHaveBeenCalled();
  made.mockRestore();
});
