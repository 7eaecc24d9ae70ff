/** Whoever drains gives the event loop back: counted in deliveries between two macrotasks, never in milliseconds. */
import { expect, test, vi } from "vitest";
import { createBus, type LaneOptions } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { counts, n, Ping, Pong } from "./setup.js";

/* 2 ms of handlers that take 0.1 each; the clock is read for one in eight, once to begin and once to end. */
const BUDGET = 20 + 2 * 8 + 2;

/** Handlers that take a tenth of a millisecond each, and how many of them the longest turn of the loop had. */
async function setup(lanes: Record<string, LaneOptions> = {}) {
  const { bus, time } = virtualBus({ lanes });
  const turns = { most: 0, since: 0, count: 0, isOver: false };
  const busy = (): void => {
    turns.most = Math.max(turns.most, ++turns.since);
    time.jump(0.1);
  };
  const turn = (): void => {
    turns.since = 0;
    turns.count++;
    if (!turns.isOver) setImmediate(turn);
  };
  await bus.start();
  turn(); // before anything is published, so that no turn of the engine begins between two of these
  const untilIdle = async (): Promise<void> => {
    await bus.idle();
    turns.isOver = true;
  };
  return { bus, time, turns, busy, untilIdle };
}

test("two lanes that feed each other leave the event loop to others: so many deliveries run between two turns, and no more", async () => {
  const { bus, turns, busy, untilIdle } = await setup({ a: { concurrency: 10 }, b: { concurrency: 10 } });
  bus.on(Ping, { lane: "a" }, async ({ n: number }) => {
    busy();
    if (number > 0) void bus.publish(new Pong({ n: number - 1 }));
  });
  bus.on(Pong, { lane: "b" }, async ({ n: number }) => {
    busy();
    void bus.publish(new Ping({ n: number }));
  });
  await bus.publish(n(40).map(() => new Ping({ n: 20 })));
  await untilIdle();
  expect(counts(bus, "test.ping#1").handled).toBe(40 * 21);
  expect(turns.most).toBeLessThanOrEqual(BUDGET);
  expect(turns.count).toBeGreaterThan((40 * 41) / BUDGET);
});

test("fifty lanes share the budget of one turn", async () => {
  const { bus, turns, busy, untilIdle } = await setup();
  let handled = 0;
  for (const _ of n(50))
    bus.on(Ping, async () => {
      busy();
      handled++;
    });
  await bus.publish(n(20).map((each) => new Ping({ n: each })));
  await untilIdle();
  expect(handled).toBe(1_000);
  expect(turns.most).toBeLessThanOrEqual(BUDGET);
});

test.each([
  ["at once", () => undefined],
  ["after a promise", () => Promise.resolve()],
  [
    "after several promises",
    async () => {
      await Promise.resolve();
      await Promise.resolve();
    },
  ],
])("ten slots of a lane, whose handlers end %s, share the budget of one turn", async (_, ends) => {
  const { bus, turns, busy, untilIdle } = await setup({ ten: { concurrency: 10 } });
  bus.on(Ping, { lane: "ten" }, () => {
    busy();
    return ends();
  });
  await bus.publish(n(1_000).map((each) => new Ping({ n: each })));
  await untilIdle();
  expect(counts(bus, "test.ping#1").handled).toBe(1_000);
  expect(turns.most).toBeLessThanOrEqual(BUDGET);
});

test("two buses that feed each other share the budget of one turn", async () => {
  const { bus: left, time, turns, busy } = await setup();
  const right = virtualBus({}, time).bus;
  left.on(Ping, async ({ n: number }) => {
    busy();
    if (number > 0) void right.publish(new Pong({ n: number - 1 }));
  });
  right.on(Pong, async ({ n: number }) => {
    busy();
    void left.publish(new Ping({ n: number }));
  });
  await right.start();
  await left.publish(n(40).map(() => new Ping({ n: 20 })));
  while (counts(left, "test.ping#1").handled < 40 * 21)
    await new Promise<void>((resolve) => setImmediate(resolve));
  turns.isOver = true;
  expect(counts(left, "test.ping#1").handled).toBe(40 * 21);
  expect(turns.most).toBeLessThanOrEqual(BUDGET);
});

test("all buses of the process ask for one turn of the loop, not each for its own", async () => {
  const buses = n(50).map(() => createBus());
  for (const bus of buses) {
    bus.on(Ping, () => undefined);
    await bus.start();
  }
  await new Promise<void>((resolve) => setImmediate(resolve)); // whatever the starts have asked for is over
  const asked = vi.spyOn(globalThis, "setImmediate");
  for (const bus of buses) void bus.publish(new Ping({ n: 1 }));
  for (let step = 0; step < 1_000; step++) await Promise.resolve();
  expect(asked).toHaveBeenCalledTimes(1);
  asked.mockRestore();
  await Promise.all(buses.map((bus) => bus.close()));
});
