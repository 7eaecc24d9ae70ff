/** The path of a store that holds the queue: it fans out, the lane holds its credit, every item is settled once. */
import { describe, expect, test } from "vitest";
import {
  type BusOptions,
  deadLetter,
  drop,
  Event,
  type Features,
  type SubscriptionOptions,
} from "../../src/index.js";
import { expectCountsToAddUp, gated, Keyed, n, Ping, watched } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { ShelfStore } from "./transports.js";

class Grown extends Event("test.grown", {
  version: 2,
  aliases: ["test.small"],
  upcast: (old: { size: string }) => ({ size: Number(old.size) }),
})<{ size: number }> {}
class Priced extends Event("test.priced")<{ price: unknown }> {}

async function setup({
  features = {},
  options = {},
  handler = () => undefined,
  busOptions = {},
}: {
  features?: Partial<Features>;
  options?: SubscriptionOptions<Ping>;
  handler?: Parameters<ReturnType<typeof virtualBus>["bus"]["on"]>[2] | ((event: Ping) => unknown);
  busOptions?: BusOptions;
} = {}) {
  const store = new ShelfStore(features);
  const made = virtualBus({ transport: store, ...busOptions });
  const undo = made.bus.on(Ping, { name: "a", ...options }, handler as (event: Ping) => unknown);
  await made.bus.start();
  return { ...made, store, undo, kinds: () => store.settled.map(({ settlement }) => settlement.kind) };
}

const body = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const wire = (name: string, data: unknown, more: Record<string, string> = {}) => ({
  id: "w-1",
  name,
  key: undefined,
  priority: 3,
  dueAt: undefined,
  expiresAt: undefined,
  headers: {
    "ce-specversion": "1.0",
    "ce-id": "w-1",
    "ce-source": "/elsewhere",
    "ce-type": name,
    "content-type": "application/json",
    ...more,
  },
  body: body(data),
});

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
    const { bus, store } = await setup({ features: { bodyBytesMax: 20 } });
    await bus.publish(new Ping({ n: 1 }));
    await expect(bus.publish(new Ping({ n: 1e19 }))).rejects.toMatchObject({
      code: "SIGNALBOX_ENVELOPE",
      path: "data",
      message:
        "data: 26 bytes of JSON, and transport default takes 20. Keep it elsewhere, and publish where it is.",
    });
    expect(store.settled).toHaveLength(0);
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
    store.put("a", wire("test.ping", { n: 1 }));
    await time.rest();
    expect(seen).toEqual([]);
    hung.resolve();
    await starting;
    await time.rest();
    expect(seen).toEqual([1]);
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

describe("settling", () => {
  test("each way to end is told the store as it is, once", async () => {
    const answers = [undefined, drop("old"), deadLetter("mine"), Promise.reject(new Error("broken"))];
    answers[3]!.catch(() => undefined);
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: ({ n: at }: Ping) => answers[at],
    });
    await bus.publish(n(4).map((at) => new Ping({ n: at })));
    await time.rest();
    expect(store.settled.map(({ settlement, answer }) => [settlement, answer])).toEqual([
      [{ kind: "done" }, "settled"],
      [{ kind: "drop", reason: "old" }, "settled"],
      [{ kind: "deadLetter", reason: "mine" }, "settled"],
      [{ kind: "deadLetter", reason: "failed" }, "settled"],
    ]);
    expect(await bus.deadLetters.list({ reason: "mine" })).toHaveLength(1);
    expectCountsToAddUp(bus);
  });

  test("a retry goes back to the store with its record, and comes again as the next attempt", async () => {
    const seen: unknown[] = [];
    const { bus, store, time } = await setup({
      options: { retry: { attempts: 3, delay: "2s", backoff: "fixed", jitter: false } },
      handler: ((_: Ping, delivery: { attempt: number; deliveries: number }) => {
        seen.push([delivery.attempt, delivery.deliveries]);
        throw new Error(`attempt ${delivery.attempt}`);
      }) as never,
    });
    await bus.publish(new Ping({ n: 1 }));
    for (let more = 0; more < 3; more++) {
      await time.rest();
      expectCountsToAddUp(bus);
      store.due("a");
    }
    await time.rest();
    expect(seen).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(store.settled.map(({ settlement }) => settlement)).toMatchObject([
      { kind: "retry", afterMs: 2_000, attempt: { attempt: 1, error: expect.stringContaining("attempt 1") } },
      { kind: "retry", afterMs: 2_000, attempt: { attempt: 2 } },
      { kind: "deadLetter", reason: "failed" },
    ]);
    const [letter] = await bus.deadLetters.list();
    expect(letter?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(time.timers).toBe(0);
    expect(bus.lanes.get("a")).toMatchObject({ waiting: 0, running: 0, retrying: 0 });
  });

  for (const [why, features] of [
    ["keeps order per group", { order: "group" }],
    ["cannot wait as long", { retryAfterMaxMs: 1_999 }],
  ] as const)
    test(`a retry stays unsettled in the lane where the store ${why}`, async () => {
      let count = 0;
      const { bus, store, time } = await setup({
        features,
        options: { retry: { attempts: 2, delay: "2s", backoff: "fixed", jitter: false } },
        handler: () => {
          if (++count === 1) throw new Error("first");
        },
      });
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      expect([store.settled.length, store.shelf("a").out.size, bus.lanes.get("a")?.retrying]).toEqual([
        0, 1, 1,
      ]);
      await time.advance(2_000);
      expect(store.settled.map(({ settlement }) => settlement.kind)).toEqual(["done"]);
      expectCountsToAddUp(bus);
    });

  test("a replayed dead letter has no item at the store, and its retry waits in the lane", async () => {
    let count = 0;
    const { bus, store, time } = await setup({
      options: { retry: { attempts: 1, delay: "2s", backoff: "fixed", jitter: false } },
      handler: () => (++count < 3 ? deadLetter("mine") : undefined),
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    for (let more = 0; more < 2; more++) {
      await bus.deadLetters.replay((await bus.deadLetters.list())[0]!);
      await time.rest();
    }
    expect(count).toBe(3);
    expect(store.settled).toHaveLength(1);
    expect(bus.deadLetters.size).toBe(0);
  });

  test("a store that fails to settle is logged, and the next item is handled", async () => {
    const seen: number[] = [];
    const { bus, store, time, logged } = await setup({ handler: ({ n: at }: Ping) => void seen.push(at) });
    store.settle = () => {
      throw new Error("disk full");
    };
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    store.settle = () => Promise.reject(new Error("disk full")) as never;
    await bus.publish(new Ping({ n: 2 }));
    await time.rest();
    expect(seen).toEqual([1, 2]);
    expect(logged.filter(({ message }) => message.includes("could not settle"))).toHaveLength(2);
  });

  test("what `when` does not want is done for the store, and filtered here", async () => {
    const seen: number[] = [];
    const { bus, time, kinds } = await setup({
      options: { when: (event) => event.n > 0 },
      handler: ({ n: at }: Ping) => void seen.push(at),
    });
    await bus.publish([new Ping({ n: 0 }), new Ping({ n: 1 })]);
    await time.rest();
    expect([seen, kinds()]).toEqual([[1], ["done", "done"]]);
    expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ routed: 2, filtered: 1, handled: 1 });
  });

  test("dedupe by id is the store's: a redelivery after a retry is no duplicate", async () => {
    let count = 0;
    const { bus, store, time, kinds } = await setup({
      options: { dedupe: { by: "id", window: "5m" }, retry: 2 },
      handler: () => {
        if (++count === 1) throw new Error("first");
      },
    });
    expect(store.shelf("a").group.inboxMs).toBe(300_000);
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    store.due("a");
    await time.rest();
    expect([count, kinds()]).toEqual([2, ["retry", "done"]]);
  });
});

describe("what a store hands out", () => {
  test("a delivery that died with its process too often is poison: its handler does not run", async () => {
    let count = 0;
    const { bus, store, time } = await setup({
      options: { retry: 2, crashes: 1 },
      handler: () => void count++,
    });
    store.put("a", wire("test.ping", { n: 1 }), { deliveries: 2 });
    await time.rest();
    expect(count).toBe(1);
    store.put("a", wire("test.ping", { n: 2 }), { deliveries: 3 });
    await time.rest();
    expect(count).toBe(1);
    expect(store.dead.map(({ reason }) => reason)).toEqual(["poison"]);
    expect(await bus.deadLetters.list({ reason: "poison" })).toHaveLength(1);
    expectCountsToAddUp(bus);
  });

  test("bytes that cannot be decoded are a dead letter with those bytes, and their neighbours flow", async () => {
    const seen: number[] = [];
    const { bus, store, time } = await setup({ handler: ({ n: at }: Ping) => void seen.push(at) });
    const bytes = new Uint8Array([0, 255, 1]);
    store.put("a", wire("test.ping", { n: 1 }));
    store.put("a", { undecodable: bytes, error: new Error("garbage") });
    store.put("a", { ...wire("test.ping", {}), body: new TextEncoder().encode("{") });
    store.put("a", wire("test.ping", { n: 2 }));
    await time.rest();
    expect(seen).toEqual([1, 2]);
    const letters = await bus.deadLetters.list({ reason: "undecodable" });
    expect(letters.map(({ raw }) => raw)).toEqual([bytes, new TextEncoder().encode("{")]);
    expect(letters[0]).toMatchObject({ subscription: "a", attempts: [{ error: { message: "garbage" } }] });
    expect(store.dead.map(({ reason }) => reason)).toEqual(["undecodable", "undecodable"]);
  });

  test("an unknown name, a newer version and data that do not fit are dead letters with reason schema", async () => {
    const { bus, store, time } = await setup();
    bus.on(Grown, { name: "grown" }, () => undefined);
    await time.rest();
    const data = { size: "3" };
    store.put("a", wire("test.nobody", data));
    store.put("grown", wire("test.grown", data, { "ce-signalboxversion": "3" }));
    store.put("grown", wire("test.grown", [1]));
    await time.rest();
    const letters = await bus.deadLetters.list({ reason: "schema" });
    expect(letters.map(({ raw }) => new TextDecoder().decode(raw))).toEqual([
      '{"size":"3"}',
      '{"size":"3"}',
      "[1]",
    ]);
    expect(letters.map(({ attempts }) => (attempts[0]?.error as { code?: string }).code)).toEqual([
      "SIGNALBOX_UNKNOWN_EVENT",
      "SIGNALBOX_NEWER_VERSION",
      undefined,
    ]);
    await expect(bus.deadLetters.replay(letters[0]!)).rejects.toBeInstanceOf(TypeError);
    expect(bus.deadLetters.size).toBe(3);
  });

  test("an earlier name is bound and received, an older version goes through upcast", async () => {
    const got: Grown[] = [];
    const { bus, store, time } = await setup();
    bus.on(Grown, { name: "grown" }, (event) => void got.push(event));
    await time.rest();
    expect(store.shelf("grown").group.events).toEqual(["test.grown", "test.small"]);
    store.put("grown", wire("test.small", { size: "7" }));
    await time.rest();
    expect(got).toEqual([new Grown({ size: 7 })]);
    expect(got[0]).toBeInstanceOf(Grown);
  });

  test("headers, key, cause and correlation arrive as they were published", async () => {
    const got: unknown[] = [];
    const { bus, time } = await setup({
      handler: ((_: Ping, delivery: { publish(event: Keyed, options: object): unknown }) =>
        delivery.publish(new Keyed({ key: "k", n: 1 }), { headers: { Tenant: "ü\n".trim() } })) as never,
    });
    bus.on(Keyed, { name: "keyed" }, (event, delivery) => {
      got.push(event, delivery.key, delivery.headers["Tenant"], delivery.cause);
    });
    await time.rest();
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(got).toEqual([new Keyed({ key: "k", n: 1 }), "k", "ü", id]);
  });

  for (const serialises of [true, false])
    test(`a loop through a store ends as a dead letter (${serialises ? "serialising" : "passing objects"})`, async () => {
      let count = 0;
      const { bus, time } = await setup({
        features: { serialises },
        handler: ((event: Ping, delivery: { publish(event: Ping): unknown }) => {
          count++;
          return delivery.publish(event);
        }) as never,
      });
      await bus.publish(new Ping({ n: 1 }));
      for (let more = 0; more < 30; more++) await time.rest();
      expect(count).toBe(101);
      expect((await bus.deadLetters.list()).map(({ reason }) => reason)).toEqual(["loop"]);
    });

  test("a publish in the async context of a delivery is inside it", async () => {
    const causes: unknown[] = [];
    const { bus, time } = await setup({
      handler: async () => {
        await Promise.resolve();
        await bus.publish(new Keyed({ key: "k", n: 1 }));
      },
    });
    bus.on(Keyed, { name: "keyed" }, (_, delivery) => void causes.push(delivery.cause));
    await time.rest();
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(causes).toEqual([id]);
  });

  test("an item of a group that has left here goes back, as nobody's failure", async () => {
    const { bus, store, time, undo } = await setup();
    undo();
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(store.settled[0]?.settlement).toEqual({ kind: "release" });
    expect(await bus.deadLetters.list()).toEqual([]);
    expect(store.settled.length).toBeLessThanOrEqual(20);
  });

  test("order per key is kept among what is handed out", async () => {
    const seen: string[] = [];
    const store = new ShelfStore();
    const { bus, time } = virtualBus({ transport: store });
    bus.on(Keyed, { name: "a" }, async (event) => {
      await Promise.resolve();
      seen.push(`${event.key}${event.n}`);
    });
    await bus.start();
    expect(store.shelf("a").group.order).toBe("key");
    await bus.publish(n(12).map((at) => new Keyed({ key: at % 2 === 0 ? "x" : "y", n: at })));
    await time.rest();
    expect(seen.filter((each) => each.startsWith("x"))).toEqual(n(6).map((at) => `x${2 * at}`));
  });
});

describe("a lost item", () => {
  test("aborts the signal of the handler that runs; its failure is nobody's, its success is stale", async () => {
    const gates = [deferred(), deferred()];
    const signals: AbortSignal[] = [];
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 2, capacity: 1 } },
      handler: (async (event: Ping, delivery: { signal: AbortSignal }) => {
        signals.push(delivery.signal);
        await gates[event.n]?.promise;
      }) as never,
    });
    const notices: unknown[] = [];
    bus.notices.on("delivery.lost", ({ reason, subscription }) => notices.push([subscription, reason]));
    await bus.publish([new Ping({ n: 0 }), new Ping({ n: 1 })]);
    await time.rest();
    store.lose("a", 0);
    store.lose("a", 0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(signals[0]?.reason).toMatchObject({ code: "SIGNALBOX_DELIVERY_LOST", subscription: "a" });
    expect(notices).toEqual([
      ["a", "lease"],
      ["a", "lease"],
    ]);
    gates[0]!.reject(new Error("aborted"));
    gates[1]!.resolve();
    await time.rest();
    expect(store.settled.map(({ settlement, answer }) => [settlement.kind, answer]).slice(0, 2)).toEqual([
      ["release", "stale"],
      ["done", "stale"],
    ]);
    expect(bus.deadLetters.size).toBe(0);
    expectCountsToAddUp(bus);
  });

  test("that still waits in the lane is not run here", async () => {
    const gate = gated();
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: gate.handler,
    });
    await bus.publish([new Ping({ n: 0 }), new Ping({ n: 1 })]);
    await time.rest();
    const lost = store.lose("a", 1);
    store.shelf("a").waiting.splice(0);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0]);
    expect(store.settled).toHaveLength(1);
    expect(lost.deliveries).toBe(1);
    expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ routed: 2, handled: 1, abandoned: 1 });
    const report = watched(bus.close());
    await time.rest();
    expect(report.value).toEqual({ drained: 0, aborted: [], released: [], abandoned: [] });
  });
});

describe("closing with a store", () => {
  test("what runs ends, what waits goes back, and nothing starts after close() was called", async () => {
    const gate = gated();
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: gate.handler,
    });
    const receipts = await bus.publish(n(5).map((at) => new Ping({ n: at })));
    await time.rest();
    const closed = watched(bus.close());
    await time.rest();
    expect(store.shelf("a").out.size).toBe(1);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0]);
    expect(closed.value).toEqual({
      drained: 1,
      aborted: [],
      released: [`a (test.ping ${receipts[1]!.id})`],
      abandoned: [],
    });
    expect(store.shelf("a").waiting.map(({ deliveries }) => deliveries)).toEqual([1, 0, 0, 0]);
    expect(store.calls).toEqual(["open", "stop", "close"]);
    expect([store.misuse, time.timers]).toEqual([[], 0]);
  });

  test("a failure while the bus closes is a retry of the store", async () => {
    const gate = gated();
    const { bus, time, kinds } = await setup({
      options: { retry: { attempts: 3, delay: "1h", delayMax: "1h", backoff: "fixed" } },
      features: { retryAfterMaxMs: Infinity },
      handler: gate.handler,
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: "5s" }));
    await time.rest();
    gate.calls[0]!.fail(new Error("broken"));
    await time.rest();
    expect(kinds()).toEqual(["retry"]);
    expect(closed.value).toMatchObject({ released: [], abandoned: [] });
  });

  test("what does not end by the deadline is aborted, then released, and not counted as a failure", async () => {
    const { bus, store, time, kinds } = await setup({ handler: () => new Promise(() => undefined) });
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: "5s" }));
    await time.advance(6_000);
    const label = `a (test.ping ${id})`;
    expect(closed.value).toEqual({ drained: 0, aborted: [label], released: [label], abandoned: [] });
    expect(kinds()).toEqual(["release"]);
    expect(store.shelf("a").waiting[0]).toMatchObject({ failures: 0 });
  });

  test("an item that arrives while the bus closes goes straight back", async () => {
    const gate = gated();
    const { bus, store, time } = await setup({ handler: gate.handler });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const sink = store.sink!;
    const closed = watched(bus.close());
    await time.rest();
    await sink.deliver({
      group: "a",
      envelope: wire("test.ping", { n: 2 }),
      failures: 0,
      deliveries: 1,
      history: [],
    });
    await gate.openAll(time);
    expect(gate.seen).toEqual([1]);
    expect(closed.value).toMatchObject({ drained: 1, abandoned: [] });
  });

  test("a delivery that called close() goes back to the store, which is closed when it ends", async () => {
    const { bus, store, time } = await setup({ handler: () => bus.close() });
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(store.settled.map(({ settlement, answer }) => [settlement.kind, answer])).toEqual([
      ["release", "settled"],
    ]);
    expect(await bus.close()).toMatchObject({ released: [`a (test.ping ${id})`], aborted: [] });
  });

  test("a publish that the store has not answered yet is waited for", async () => {
    const answer = deferred<readonly "accepted"[]>();
    const { bus, store, time } = await setup();
    store.send = () => answer.promise as never;
    const publish = watched(bus.publish(new Ping({ n: 1 })));
    const closed = watched(bus.close());
    await time.rest();
    expect(closed.isSettled).toBe(false);
    answer.resolve(["accepted"]);
    await time.rest();
    expect([publish.isSettled, closed.isSettled]).toEqual([true, true]);
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
