/** A subscription that handles only the latest of what comes together. */
import { expect, test } from "vitest";
import type { DebounceOptions, DeliveryNotice, SubscriptionOptions } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, gated, Keyed, Ping } from "./setup.js";

async function setup(debounce: Partial<DebounceOptions<Keyed>> = {}, more: SubscriptionOptions<Keyed> = {}) {
  const { bus, time } = virtualBus();
  const seen: [string, number][] = [];
  const told: DeliveryNotice[] = [];
  bus.notices.on("delivery.dropped", (notice) => told.push(notice));
  bus.on(Keyed, { name: "s", debounce: { wait: "1s", ...debounce }, ...more }, ({ key, n }) => {
    seen.push([`${key}${n}`, time.runtime.host.monotonic()]);
  });
  await bus.start();
  const publish = (key: string, n: number) => bus.publish(new Keyed({ key, n }));
  return { bus, time, seen, told, publish, lane: bus.lanes.get("s" as never)! };
}

test("the last of a row is handled when nothing newer has come for a while; the others are superseded, by name", async () => {
  const { bus, time, seen, told, publish, lane } = await setup();
  const first = await publish("a", 1);
  await time.advance(900);
  await publish("a", 2);
  await time.advance(900);
  await publish("a", 3);
  expect(await first.settled()).toMatchObject({
    dropped: 1,
    notHandled: [{ subscription: "s", outcome: "dropped", reason: "superseded" }],
  });
  expect([lane.waiting, seen]).toEqual([1, []]);
  expectCountsToAddUp(bus);
  await time.advance(1_000);
  expect(seen).toEqual([["a3", 2_800]]);
  expect(told.map(({ reason }) => reason)).toEqual(["superseded", "superseded"]);
  expect(counts(bus, "s")).toMatchObject({ routed: 3, handled: 1, dropped: 2, waiting: 0 });
  expect(time.timers).toBe(0);
});

test("each key has its own row, and a key of the option its own meaning", async () => {
  const own = await setup();
  await own.publish("a", 1);
  await own.publish("b", 1);
  await own.time.advance(1_000);
  expect(own.seen.map(([label]) => label)).toEqual(["a1", "b1"]);
  const given = await setup({ key: ({ n }) => `${n % 2}` });
  for (const n of [1, 2, 3, 4]) await given.publish("a", n);
  await given.time.advance(1_000);
  expect(given.seen.map(([label]) => label)).toEqual(["a3", "a4"]);
});

test("without a key all events of the subscription are one row", async () => {
  const { bus, time } = virtualBus();
  const seen: number[] = [];
  bus.on(Ping, { debounce: { wait: 10 } }, ({ n }) => void seen.push(n));
  await bus.start();
  for (const n of [1, 2, 3]) await bus.publish(new Ping({ n }));
  await time.advance(10);
  expect(seen).toEqual([3]);
});

test("under a steady stream one is handled each time maxWait is over", async () => {
  const { time, seen, publish } = await setup({ maxWait: "3s" });
  for (let n = 0; n < 80; n++) {
    await publish("a", n);
    await time.advance(100);
  }
  expect(seen.map(([, at]) => at)).toEqual([3_000, 6_000]);
  await time.advance(5_000);
  expect(seen.at(-1)![0]).toBe("a79");
});

test("what its time has come for is not superseded any more, however long it waits for a slot", async () => {
  const { bus, time } = virtualBus();
  const { handler, seen, openAll } = gated();
  bus.on(Ping, { name: "s", debounce: { wait: 10 }, lane: { concurrency: 1 } }, handler);
  await bus.start();
  for (const n of [1, 2, 3]) {
    await bus.publish(new Ping({ n }));
    await time.advance(10);
  }
  await openAll(time);
  expect(seen).toEqual([1, 2, 3]);
});

test("in a full lane a newer one needs no place of its own", async () => {
  const { bus, time, seen, publish, lane } = await setup({}, { lane: { capacity: 2, overflow: "reject" } });
  await publish("a", 1);
  await publish("b", 1);
  await expect(publish("c", 1)).rejects.toThrow("full");
  await publish("a", 2);
  expect(lane.waiting).toBe(2);
  expectCountsToAddUp(bus);
  await time.advance(1_000);
  expect(seen.map(([label]) => label)).toEqual(["b1", "a2"]);
});

test("what expires while it waits makes room for a row that begins anew", async () => {
  const { bus, time, seen } = await setup({ maxWait: "2s" }, { lane: { capacity: 1, overflow: "reject" } });
  await bus.publish(new Keyed({ key: "a", n: 1 }), { expiresIn: 500 });
  await time.advance(600);
  await bus.publish(new Keyed({ key: "b", n: 1 }));
  expect(counts(bus, "s")).toMatchObject({ expired: 1, waiting: 1 });
  await expect(bus.publish(new Keyed({ key: "a", n: 2 }))).rejects.toThrow("full");
  await time.advance(1_000);
  expect(seen.map(([label]) => label)).toEqual(["b1"]);
});

test("a key that throws is a failure of that delivery", async () => {
  const { bus, time, publish, seen } = await setup({
    key: ({ n }) => (n === 1 ? (undefined as never) : `${n}`),
  });
  await publish("a", 1);
  await publish("a", 2);
  await time.advance(1_000);
  expect(seen.map(([label]) => label)).toEqual(["a2"]);
  expect((await bus.deadLetters.list())[0]!.attempts[0]!.error).toMatchObject({
    message: "Expected `debounce.key` of s to give a text, got `undefined`.",
  });
});

test("a bus that closes handles at once what it has held", async () => {
  const { bus, time, seen, publish } = await setup({ wait: "1h" });
  await publish("a", 1);
  await publish("a", 2);
  const report = await bus.close();
  expect(seen.map(([label]) => label)).toEqual(["a2"]);
  expect([report.drained, report.abandoned, time.timers]).toEqual([1, [], 0]);
});

test("idle() does not wait for it, and a transaction holds it like any other", async () => {
  const { bus, time, seen } = await setup();
  await bus.transaction(async ({ publish }) => {
    await publish(new Keyed({ key: "a", n: 1 }));
    await publish(new Keyed({ key: "a", n: 2 }));
  });
  await bus.idle();
  expect(seen).toEqual([]);
  await time.advance(1_000);
  expect(seen.map(([label]) => label)).toEqual(["a2"]);
  expectCountsToAddUp(bus);
});
