import { expect, test } from "vitest";
import { waits } from "../../src/runtime/wait-for.js";
import { virtualBus } from "../support/virtual.js";
import { counts, n, Ping, Pong } from "./setup.js";

test("100,000 events through a fast A into a slow B, all defaults: none is lost, B keeps to its capacity", async () => {
  const { bus } = virtualBus();
  await bus.start();
  let fullest = 0;
  let handled = 0;
  bus.on(
    Ping,
    { name: "a" },
    async ({ n: number }, { publish }) => void (await publish(new Pong({ n: number }))),
  );
  bus.on(Pong, { name: "b", lane: { concurrency: 1 } }, async () => {
    for (let step = 0; step < 3; step++) await Promise.resolve();
    if (++handled % 1_000 === 0) fullest = Math.max(fullest, bus.lanes.get("b")!.waiting);
  });
  for (let batch = 0; batch < 10; batch++)
    await Promise.all(n(10_000).map((each) => bus.publish(new Ping({ n: each }))));
  await bus.idle();
  expect([handled, bus.deadLetters.size, waits()]).toEqual([100_000, 0, 0]);
  expect(fullest).toBeLessThanOrEqual(10_000);
  expect(counts(bus, "b")).toMatchObject({ routed: 100_000, handled: 100_000 });
}, 60_000);
