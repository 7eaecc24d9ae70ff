/** What notices of deliveries say: the same keys every time, and facts that somebody can act on. */
import { expect, test } from "vitest";
import {
  drop,
  type BusOptions,
  type DeliveryNotice,
  type Handler,
  type SubscriptionOptions,
} from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, n, Ping } from "./setup.js";

const NAMES = ["started", "done", "retried", "deadLettered", "dropped", "filtered", "stuck", "late"] as const;

/** A bus that has run for a second, with one subscription, and all that is told of its deliveries. */
async function setup(
  handler: Handler<Ping>,
  options: SubscriptionOptions<Ping> = {},
  busOptions: BusOptions = {},
) {
  const made = virtualBus(busOptions as BusOptions<[]>);
  const told: [name: string, notice: DeliveryNotice][] = [];
  for (const name of NAMES) made.bus.notices.on(`delivery.${name}`, (notice) => told.push([name, notice]));
  made.bus.on(Ping, { name: "a", ...options }, handler);
  await made.bus.start();
  await made.time.advance(1_000);
  return { ...made, told, lane: made.bus.lanes.get("a")! };
}

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);

test("how long a delivery waited and ran is in its notices, in milliseconds", async () => {
  const { bus, time, told, lane } = await setup(
    (_: unknown, delivery: { sleep(ms: number): Promise<void> }) => delivery.sleep(300),
  );
  lane.pause();
  const { id } = await bus.publish(new Ping({ n: 1 }));
  await time.advance(200);
  lane.resume();
  await time.advance(300);
  const facts = { subscription: "a", event: "test.ping", eventId: id, lane: "a", attempt: 1, waited: 200 };
  expect(told).toEqual([
    ["started", { ...facts, at: at(1_200), ran: 0, reason: undefined, error: undefined }],
    ["done", { ...facts, at: at(1_500), ran: 300, reason: undefined, error: undefined }],
  ]);
});

test("what never started waited and ran for no time", async () => {
  const { bus, told, lane } = await setup(() => undefined, {
    lane: { capacity: 1, overflow: "dropNewest" },
    when: ({ n: number }) => number < 9,
  });
  lane.pause();
  for (const number of [1, 2, 9]) await bus.publish(new Ping({ n: number }));
  expect(
    told.map(([name, { attempt, waited, ran, reason }]) => [name, attempt, waited, ran, reason]),
  ).toEqual([
    ["dropped", 1, 0, 0, "full"],
    ["filtered", 1, 0, 0, "when answered false"],
  ]);
});

test("the journal tells why a delivery was filtered or had been there before", async () => {
  const { bus } = await setup(
    () => undefined,
    { when: ({ n: number }) => number < 9, dedupe: { by: ({ n: number }) => `${number}`, window: "1h" } },
    { journal: true },
  );
  const [, twice, unwanted] = await bus.publish([1, 1, 9].map((number) => new Ping({ n: number })));
  expect(bus.explain(twice!.id).at(-1)).toMatchObject({ because: "it had this one already" });
  expect(bus.explain(unwanted!.id).at(-1)).toMatchObject({ because: "when answered false" });
});

test("a delivery that is evicted while it waits again has not waited less than no time", async () => {
  const { bus, time, told } = await setup(() => Promise.reject(new Error("no")), {
    retry: { attempts: 2, delay: "1s", jitter: false },
  });
  await bus.publish(new Ping({ n: 1 }));
  await time.advance(500);
  const closed = bus.close({ deadline: 0 });
  await time.advance(2_000);
  await closed;
  expect(told.map(([name, { waited, ran }]) => [name, waited, ran])).toEqual([
    ["started", 0, 0],
    ["retried", 0, 0],
  ]);
});

test.each([
  { stuck: "hold", says: "It keeps its slot until it ends.", ran: undefined, decided: ["deadLettered"] },
  { stuck: "release", says: "Its slot was released.", ran: 4_000, decided: ["deadLettered", "late"] },
] as const)(
  "a stuck handler is told with its time, and what becomes of its slot: $stuck",
  async ({ stuck, says, ran, decided }) => {
    const gate = deferred();
    const { bus, time, told, logged } = await setup(
      () => gate.promise,
      { timeout: "2s", grace: "1s", stuck },
      { journal: true },
    );
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.advance(3_000);
    expect(told.find(([name]) => name === "stuck")?.[1]).toMatchObject({ reason: "timeout", ran: 3_000 });
    expect(logged[0]).toMatchObject({ level: "warn", message: expect.stringContaining(says) });
    await time.advance(1_000);
    gate.resolve();
    await time.rest();
    const late = told.find(([name]) => name === "late")?.[1];
    const decisions = bus.explain(id).map(({ decision }) => decision);
    expect(late?.ran).toBe(ran);
    expect(decisions).toEqual(["routed", ...decided]);
  },
);

test("only what was dropped counts as dropped by the lane", async () => {
  const { bus, time, lane } = await setup(({ n: number }: Ping) =>
    number === 1 ? Promise.reject(new Error("no")) : drop("old"),
  );
  await bus.publish(n(2, 1).map((number) => new Ping({ n: number })));
  await time.rest();
  expect([lane.dropped, lane.failed, lane.handled]).toEqual([1, 1, 0]);
  expectCountsToAddUp(bus);
});

test("what ends without having started is not counted as drained by close()", async () => {
  const gate = deferred();
  const { bus, time } = await setup(
    ({ n: number }: Ping) => (number === 1 ? Promise.reject(new Error("no")) : gate.promise),
    { key: ({ n: number }) => (number < 9 ? "k" : undefined), keyFailure: "park", lane: { concurrency: 1 } },
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  await bus.publish([new Ping({ n: 9 }), new Ping({ n: 2 })]);
  await time.rest();
  const closed = bus.close();
  gate.resolve();
  await time.rest();
  expect(await closed).toMatchObject({ drained: 1, abandoned: [] });
  expect(counts(bus, "a")).toMatchObject({ handled: 1, deadLettered: 2 });
});

test("a handler that keeps the event loop for 100 ms is named while somebody listens; one that waits as long is not", async () => {
  const { bus, time } = virtualBus();
  const told: DeliveryNotice[] = [];
  bus.notices.on("loop.blocked", (notice) => told.push(notice));
  bus.on(Ping, { name: "computes" }, ({ n: ms }) => time.jump(ms));
  bus.on(Ping, { name: "throws" }, ({ n: ms }) => {
    time.jump(ms);
    throw new Error("after all that");
  });
  bus.on(Ping, { name: "waits" }, (_, delivery) => delivery.sleep(500));
  await bus.start();
  await bus.publish(new Ping({ n: 99 }));
  await time.advance(1_000);
  expect(told).toEqual([]);
  await bus.publish(new Ping({ n: 100 }));
  await time.advance(1_000);
  expect(told.map(({ subscription, ran }) => [subscription, ran])).toEqual([
    ["computes", 100],
    ["throws", 100],
  ]);
});
