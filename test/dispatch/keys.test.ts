import fc from "fast-check";
import { expect, test } from "vitest";
import type { SubscriptionOptions } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { keepsKeyOrder } from "./orders.js";
import { counts, gated, Keyed, n, Ping } from "./setup.js";

async function setup(
  options: SubscriptionOptions<Keyed> = {},
  handler: (event: Keyed) => unknown = () => undefined,
) {
  const { bus, time } = virtualBus();
  const seen: string[] = [];
  bus.on(Keyed, { name: "s", ...options }, (event) => {
    seen.push(`${event.key}${event.n}`);
    return handler(event);
  });
  await bus.start();
  const publish = (all: string): Promise<unknown> =>
    bus.publish(all.split(" ").map((each) => new Keyed({ key: each[0]!, n: Number(each.slice(1)) })));
  return { bus, time, seen, publish, lane: bus.lanes.get("s")! };
}

test("of one key one runs at a time; other keys go on beside it", async () => {
  const { bus, time } = virtualBus();
  const { handler, seen, openAll } = gated();
  bus.on(Keyed, handler);
  await bus.start();
  await bus.publish([1, 2].map((each) => new Keyed({ key: "a", n: each })));
  await bus.publish(new Keyed({ key: "b", n: 3 }));
  await time.rest();
  expect(seen).toEqual([1, 3]);
  await openAll(time);
  expect(seen).toEqual([1, 3, 2]);
});

test("a retry keeps its key waiting, and no other", async () => {
  let tries = 0;
  const { time, seen, publish } = await setup(
    { retry: { attempts: 3, delay: "1s", jitter: false } },
    ({ n: number }) => {
      if (number === 1 && ++tries < 3) throw new Error("not yet");
    },
  );
  await publish("a1 a2 b4 a3 b5");
  await time.rest();
  expect(seen).toEqual(["a1", "b4", "b5"]);
  await time.advance(60_000);
  expect(seen.filter((each) => each[0] === "a")).toEqual(["a1", "a1", "a1", "a2", "a3"]);
});

test("after the last failure of its head a key goes on", async () => {
  const { bus, time, seen, publish } = await setup({}, ({ n: number }) => {
    if (number === 1) throw new Error("no");
  });
  await publish("a1 a2");
  await time.rest();
  expect([seen, bus.deadLetters.size]).toEqual([["a1", "a2"], 1]);
});

test("order is kept over all events of a subscription, and each subscription has its own", async () => {
  const { bus, time } = virtualBus({ lanes: { shared: { concurrency: 10 } } });
  const first = gated();
  const second = gated();
  bus.on([Ping, Keyed], { lane: "shared" }, first.handler);
  bus.on(Keyed, { lane: "shared" }, second.handler);
  await bus.start();
  await bus.publish(new Ping({ n: 1 }), { key: "k" });
  await bus.publish(new Keyed({ key: "k", n: 2 }));
  await time.rest();
  expect([first.seen, second.seen]).toEqual([[1], [2]]);
  await first.openAll(time);
  expect(first.seen).toEqual([1, 2]);
});

test("events without a key have no order to keep", async () => {
  const { bus, time } = virtualBus();
  const { handler, seen } = gated();
  bus.on(Ping, handler);
  await bus.start();
  await bus.publish(n(5).map((each) => new Ping({ n: each })));
  await time.rest();
  expect(seen).toEqual(n(5));
});

test("a subscription may refine the key; a throw there is a failure of its own", async () => {
  const { bus, time } = virtualBus();
  const { handler, seen, openAll } = gated();
  bus.on(Keyed, { name: "even", key: (event) => (event.n % 2 === 0 ? "even" : undefined) }, handler);
  const broken = (): string => {
    throw new Error("no key");
  };
  bus.on(Keyed, { name: "broken", key: broken }, () => undefined);
  await bus.start();
  await bus.publish(n(5).map((each) => new Keyed({ key: "same", n: each })));
  await time.rest();
  expect(seen).toEqual([0, 1, 3]);
  await openAll(time);
  expect(seen).toEqual([0, 1, 3, 2, 4]);
  expect(counts(bus, "broken").deadLettered).toBe(5);
});

test("keys take turns: each active key is served within as many turns as there are active keys", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 40 }),
      async (keys) => {
        const { time, lane, seen, publish } = await setup({ lane: { concurrency: 1 } });
        lane.pause();
        await publish(keys.map((key, index) => `${key}${index}`).join(" "));
        lane.resume();
        await time.rest();
        const waiting = new Map<string, { left: number; since: number }>();
        for (const key of keys) waiting.set(key, { left: (waiting.get(key)?.left ?? 0) + 1, since: 0 });
        seen.forEach((each, turn) => {
          const state = waiting.get(each[0]!)!;
          expect(turn - state.since).toBeLessThanOrEqual(new Set(keys).size);
          Object.assign(state, { left: state.left - 1, since: turn });
        });
        expect(seen.length).toBe(keys.length);
      },
    ),
    { numRuns: 60 },
  );
});

test("ten thousand idle keys leave nothing behind", async () => {
  const { bus, time, seen } = await setup();
  for (const each of n(10_000)) void bus.publish(new Keyed({ key: `k${each}`, n: each }));
  await time.rest();
  await bus.idle();
  expect(seen.length).toBe(10_000);
  expect(counts(bus, "s")).toMatchObject({ handled: 10_000, waiting: 0 });
});

test(
  "the order of a key holds under retries, priorities, pauses and changes of the concurrency",
  () => keepsKeyOrder(150),
  60_000,
);
