/** The path of a store that holds the queue: it fans out, the lane holds its credit. */
import { describe, expect, test } from "vitest";
import { Event } from "../../src/index.js";
import { expectCountsToAddUp, gated, Keyed, n, Ping, watched } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { setup, wire } from "./store-setup.js";
import { ShelfStore } from "./transports.js";

class Priced extends Event("test.priced")<{ price: unknown }> {}

describe("publishing to a store", () => {
  test("the receipt names this bus's own subscriptions of the event, and knows of no other", async () => {
    const { bus } = await setup();
    bus.on(Keyed, { name: "other" }, () => undefined);
    const receipt = await bus.publish(new Ping({ n: 1 }));
    expect(receipt).toMatchObject({ accepted: ["a"], unhandled: "unknown", held: false });
  });

  test("an event that nobody here handles is sent all the same, and is not told to be unhandled", async () => {
    const { bus, store, logged } = await setup({ busOptions: { onUnhandled: "error", events: [Keyed] } });
    store.shelves.set("theirs", {
      group: {
        name: "theirs",
        events: ["test.keyed"],
        order: "none",
        audience: "one",
        start: "now",
        inboxMs: 0,
      },
      credit: 0,
      waiting: [],
      out: new Set(),
      later: [],
    });
    expect(await bus.publish(new Keyed({ key: "k", n: 1 }))).toMatchObject({
      accepted: [],
      unhandled: "unknown",
    });
    expect(store.shelf("theirs").waiting).toHaveLength(1);
    expect(logged).toEqual([]);
  });

  test("settled() rejects at once, and says where the event is settled", async () => {
    const { bus } = await setup();
    const receipt = await bus.publish(new Ping({ n: 1 }));
    await expect(receipt.settled()).rejects.toMatchObject({
      code: "SIGNALBOX_SETTLED_ELSEWHERE",
      transport: "default",
    });
  });

  test("an event that another process handles leaves nothing behind here", async () => {
    const { bus, store, time } = await setup();
    store.shelf("a").credit = 0;
    await bus.publish(n(50).map((at) => new Ping({ n: at })));
    expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ routed: 0, waiting: 0 });
    const closed = watched(bus.close());
    await time.rest();
    expect(closed.value).toEqual({ drained: 0, aborted: [], released: [], abandoned: [] });
  });

  test("an id that the store knows already is told as a duplicate, and handled once", async () => {
    let count = 0;
    const { bus, time } = await setup({ features: { dedupeWindowMs: 60_000 }, handler: () => void count++ });
    await bus.publish(new Ping({ n: 1 }), { id: "x" });
    expect(await bus.publish(new Ping({ n: 1 }), { id: "x" })).toMatchObject({
      accepted: [],
      deduplicated: ["a"],
    });
    await time.rest();
    expect(count).toBe(1);
  });

  test("a body larger than the store takes is refused here, with its size", async () => {
    const { bus } = await setup({ features: { bodyBytesMax: 20 } });
    await bus.publish(new Ping({ n: 1 }));
    await expect(bus.publish(new Ping({ n: 1e19 }))).rejects.toMatchObject({
      code: "SIGNALBOX_ENVELOPE",
      path: "data",
      message:
        "data: 26 bytes of JSON, and transport default takes 20. Keep it elsewhere, and publish where it is.",
    });
    expect(bus.describe().counts.published).toBe(1);
  });

  test("data that do not survive JSON are refused here, with their path", async () => {
    const { bus } = await setup();
    for (const price of [1n, new Map(), Number.NaN, () => 1])
      await expect(bus.publish(new Priced({ price: [{ price }] }))).rejects.toMatchObject({
        code: "SIGNALBOX_ENVELOPE",
        path: "data.price[0].price",
      });
    expect(bus.describe().counts.published).toBe(0);
  });

  test("data that do not survive JSON are refused before the start as well, and in a transaction", async () => {
    const { bus } = virtualBus({ transport: new ShelfStore() });
    await expect(bus.publish(new Priced({ price: 1n }))).rejects.toMatchObject({ path: "data.price" });
    await bus.start();
    const work = bus.transaction((tx) => tx.publish(new Priced({ price: 1n })));
    await expect(work).rejects.toMatchObject({ path: "data.price" });
  });
});

describe("the transaction of a publish", () => {
  test("is handed to a transport that can join it, with the signal", async () => {
    const { bus, store } = await setup({ features: { transactions: true } });
    const hows: unknown[] = [];
    const send = store.send.bind(store);
    store.send = async (batch, how?: unknown) => (hows.push(how), send(batch));
    const [client, signal] = [{ query: () => undefined }, AbortSignal.timeout(60_000)];
    await bus.publish(new Ping({ n: 1 }), { transaction: client, signal });
    await bus.publish(new Ping({ n: 2 }));
    expect(hows).toEqual([{ transaction: client, signal }, {}]);
  });

  test("is refused where the transport cannot join it, memory included, and before the start", async () => {
    const says = new TypeError(
      "Transport default cannot join a transaction. Publish without `transaction`, or on a transport of the same database.",
    );
    const { bus } = await setup();
    await expect(bus.publish(new Ping({ n: 1 }), { transaction: {} })).rejects.toThrow(says);
    const memory = virtualBus();
    await expect(memory.bus.publish(new Ping({ n: 1 }), { transaction: {} })).rejects.toMatchObject({
      code: "SIGNALBOX_NOT_STARTED",
    });
    memory.bus.on(Ping, { name: "a" }, () => undefined);
    await memory.bus.start();
    await expect(memory.bus.publish(new Ping({ n: 1 }), { transaction: {} })).rejects.toThrow(says);
    expect(await memory.bus.publish(new Ping({ n: 1 }), { transaction: undefined })).toMatchObject({
      accepted: ["a"],
    });
  });
});

describe("credit", () => {
  test("a group has what its lane runs and as much again, and never more", async () => {
    const gate = gated();
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 3 } },
      handler: gate.handler,
    });
    await bus.publish(n(30).map((at) => new Ping({ n: at })));
    await time.rest();
    expect([gate.seen.length, store.shelf("a").out.size, store.shelf("a").waiting.length]).toEqual([
      3, 6, 24,
    ]);
    expectCountsToAddUp(bus);
    for (let left = 30; left > 0; left--) {
      await gate.next(time);
      expectCountsToAddUp(bus);
    }
    expect(gate.seen).toEqual(n(30));
    expect([store.outMax, store.misuse]).toEqual([6, []]);
  });

  test("capacity is the read-ahead", async () => {
    const gate = gated();
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 2, capacity: 5 } },
      handler: gate.handler,
    });
    await bus.publish(n(30).map((at) => new Ping({ n: at })));
    await time.rest();
    expect(store.shelf("a").out.size).toBe(7);
    await gate.openAll(time);
    expect([gate.seen.length, store.outMax]).toEqual([30, 7]);
  });

  test("nothing is handed out before start() has succeeded", async () => {
    const seen: number[] = [];
    const hung = deferred();
    const store = new ShelfStore();
    const { bus, time } = virtualBus({ transport: store });
    bus.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(at));
    bus.on(Keyed, { name: "slow" }, () => undefined);
    const declare = store.declare.bind(store);
    store.declare = async (group) => {
      await declare(group);
      if (group.name === "slow") await hung.promise;
    };
    const starting = bus.start();
    await time.rest();
    bus.on(Ping, { name: "late" }, ({ n: at }) => void seen.push(at));
    await time.rest();
    store.put("a", wire("test.ping", { n: 1 }));
    store.put("late", wire("test.ping", { n: 2 }));
    await time.rest();
    expect(seen).toEqual([]);
    hung.resolve();
    await starting;
    await time.rest();
    expect(seen).toEqual([1, 2]);
  });

  test("raised concurrency asks for more, lowered concurrency for less", async () => {
    const gate = gated();
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: gate.handler,
    });
    await bus.publish(n(40).map((at) => new Ping({ n: at })));
    await time.rest();
    bus.lanes.get("a")!.concurrency = 4;
    await gate.next(time);
    expect(store.shelf("a").out.size).toBe(8);
    bus.lanes.get("a")!.concurrency = 1;
    for (let more = 0; more < 7; more++) await gate.next(time);
    expect(store.shelf("a").out.size).toBe(2);
    await gate.openAll(time);
    expect(gate.seen).toEqual(n(40));
  });

  test("a subscription that leaves and comes back under its name has the same credit as before", async () => {
    const gate = gated();
    const { bus, store, time, undo } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: gate.handler,
    });
    await bus.publish(n(10).map((at) => new Ping({ n: at })));
    await time.rest();
    undo();
    bus.on(Ping, { name: "a", lane: { concurrency: 1 } }, gate.handler);
    await time.rest();
    await gate.openAll(time);
    expect(gate.seen.toSorted((a, b) => a - b)).toEqual(n(10));
    expect(store.outMax).toBe(2);
  });

  test("items that are no deliveries use up no credit", async () => {
    const seen: number[] = [];
    const { store, time } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: ({ n: at }: Ping) => void seen.push(at),
    });
    for (let more = 0; more < 10; more++)
      store.put("a", { undecodable: new Uint8Array([more]), error: new Error("garbage") });
    store.put("a", wire("test.ping", { n: 1 }));
    await time.rest();
    expect(seen).toEqual([1]);
  });
});

test("what a store keeps is not at risk", async () => {
  const gate = gated();
  const { bus, time } = await setup({ handler: gate.handler });
  await bus.publish(n(3).map((at) => new Ping({ n: at })));
  await time.rest();
  expect([gate.seen.length, bus.atRisk]).toEqual([3, 0]);
});

test("a store that goes down is told: in the log, as a notice, in health()", async () => {
  const { bus, store, logged } = await setup();
  const notices: unknown[] = [];
  bus.notices.on("transport.down", ({ transport, error }) =>
    notices.push([transport, (error as Error).message]),
  );
  store.sink!.changed("down", new Error("gone"));
  expect(notices).toEqual([["default", "gone"]]);
  expect(bus.health()).toEqual({ live: true, ready: false, reasons: ["transport default is down"] });
  store.sink!.changed("up");
  expect(bus.health().ready).toBe(true);
  expect(logged.map(({ level, message }) => `${level} ${message}`)).toEqual([
    "warn Transport default is down.",
    "info Transport default is up.",
  ]);
});

test("streams cannot follow what a store holds, and say what to do", async () => {
  const { bus } = await setup();
  const says = "bus.stream() and bus.next() cannot follow test.ping, which transport default stores.";
  await expect(bus.next(Ping)).rejects.toThrow(says);
  await expect(bus.stream(Ping)[Symbol.asyncIterator]().next()).rejects.toThrow(says);
});
