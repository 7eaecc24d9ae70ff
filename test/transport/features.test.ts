/** What subscriptions ask for and their transport lacks: every fault at once at start(), with the fix. */
import { postgres } from "signalbox/postgres";
import { sqlite } from "signalbox/sqlite";
import { describe, expect, test } from "vitest";
import {
  type BusOptions,
  Event,
  type Features,
  type Group,
  Handles,
  On,
  OnBatch,
  StartError,
  Subscriber,
  Task,
} from "../../src/index.js";
import { Keyed, Ping } from "../dispatch/setup.js";
import { group } from "../support/kept-items.js";
import { virtualBus } from "../support/virtual.js";
import { PortedMemory, ShelfStore } from "./transports.js";

class Stored extends Event("test.stored", { transport: "durable" })<{ n: number }> {}
class Print extends Task("test.print")<{ n: number }> {}

async function faultsOf(
  prepare: (bus: ReturnType<typeof virtualBus>["bus"]) => void,
  options: BusOptions = {},
  features: Partial<Features> = {},
): Promise<readonly string[]> {
  const { bus } = virtualBus({ transport: new ShelfStore(features), ...options });
  prepare(bus);
  const error: unknown = await bus.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return [];
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).faults;
}

test("all faults of all subscriptions are told at once, each with its fix, and nothing is opened", async () => {
  const store = new ShelfStore();
  const faults = await faultsOf(
    (bus) => {
      bus.on(Ping, () => undefined);
      bus.on(Ping, { name: "drops", lane: { overflow: "dropOldest" } }, () => undefined);
      bus.on(Ping, { name: "refines", key: (event) => `${event.n}` }, () => undefined);
      bus.on(
        Ping,
        { name: "dedupes", dedupe: { by: (event) => `${event.n}`, window: "1m" } },
        () => undefined,
      );
      bus.on(Ping, { name: "shares", lane: "narrow" }, () => undefined);
    },
    { transport: store, lanes: { narrow: { overflow: "reject" } } },
  );
  expect(faults).toEqual([
    'test.ping#1 has a name that follows the code, and transport default keeps what waits under its name. Add `name: "test.ping-1"` to its options.',
    'drops asks for overflow "dropOldest" in its lane, but transport default keeps the queue in its store. Remove `overflow` from the options of its lane.',
    "refines refines the key, but transport default orders by the event's own. Remove `key`, or give it to the event class.",
    'dedupes dedupes by a function, but transport default knows ids only. Use `by: "id"`, and publish with an id that says the same.',
    'shares asks for overflow "reject" in lane narrow, but transport default keeps the queue in its store. Remove `overflow` from the options of lane narrow.',
  ]);
  expect(store.calls).toEqual([]);
});

test.each([
  ["SQLite", sqlite({ path: "-" })],
  ["PostgreSQL", postgres()],
])("what belongs to memory is named at start on %s", async (_, { features }) => {
  const faults = await faultsOf(
    (bus) => bus.on(Ping, { name: "drops", lane: { overflow: "dropOldest" } }, () => undefined),
    {},
    features,
  );
  expect(faults).toEqual([
    'drops asks for overflow "dropOldest" in its lane, but transport default keeps the queue in its store. Remove `overflow` from the options of its lane.',
  ]);
});

test.each([
  ["SQLite", sqlite({ path: "-" })],
  ["PostgreSQL", postgres()],
])("a group that begins with the earliest event is a fault on %s, where none are kept", (_, transport) => {
  expect(transport.faults(group("late", { start: "earliest" }))).toEqual([
    expect.stringContaining("late begins with the earliest event, and none are kept."),
  ]);
  expect(transport.faults(group("late"))).toEqual([]);
});

describe("a derived name of a method", () => {
  @Subscriber()
  class Unnamed {
    @On(Ping)
    @On(Keyed)
    take(): void {}
  }

  @Subscriber({ name: "mails" })
  class HalfNamed {
    @On(Ping) take(): void {}
    @On(Ping, { name: "given" }) other(): void {}
  }

  class OwnNamed {
    @On(Ping, { name: "given" }) take(): void {}
  }

  @Subscriber({ name: "work" })
  class Marked {
    @Handles(Print) print(): void {}
    @OnBatch(Ping, { size: 2, wait: "1s" }) together(): void {}
  }

  class Plain {
    static readonly on = Ping;
    handle(): void {}
  }

  test("is refused with the lines to add, for the class and for the method", async () => {
    const faults = await faultsOf(() => undefined, { subscribers: [Unnamed, HalfNamed, OwnNamed, Plain] });
    expect(faults.map((fault) => fault.slice(fault.indexOf("Add")))).toEqual([
      'Add `name: "Unnamed"` to its @Subscriber and `name: "take"` to its @On.',
      'Add `name: "Unnamed"` to its @Subscriber and `name: "take-2"` to its @On.',
      'Add `name: "take"` to its @On.',
      'Add `name: "OwnNamed"` to its @Subscriber.',
      'Add `name: "Plain"` to its @Subscriber.',
    ]);
  });

  test("is refused with the mark that the method has", async () => {
    const faults = await faultsOf(() => undefined, { subscribers: [Marked] });
    expect(faults.map((fault) => fault.slice(fault.indexOf("Add")))).toEqual([
      'Add `name: "print"` to its @Handles.',
      'Add `name: "together"` to its @OnBatch.',
    ]);
  });

  test("is stable in the form without decorators, once the class has its name", async () => {
    @Subscriber({ name: "plain" })
    class Named {
      static readonly on = Ping;
      handle(): void {}
    }
    const { bus } = virtualBus({ transport: new ShelfStore(), subscribers: [Named] });
    await bus.start();
    expect(bus.describe().subscriptions.map(({ name }) => name)).toEqual(["plain.handle"]);
  });

  test("is good for memory, also through its port", async () => {
    for (const transport of [undefined, new PortedMemory()]) {
      const { bus } = virtualBus({ transport, subscribers: [Unnamed] });
      await expect(bus.start()).resolves.toBe(undefined);
    }
  });
});

test("options of memory are told where a store would ignore them, of a lane that is shared too", async () => {
  const faults = await faultsOf(
    (bus) => {
      bus.on(Ping, { name: "a", lane: { waitMax: "1s", waitingMax: 5 } }, () => undefined);
      bus.on(Ping, { name: "b", lane: "narrow" }, () => undefined);
      bus.on(Ping, { name: "c", lane: { concurrency: { min: 1, max: 2, target: "1s" } } }, () => undefined);
      bus.on(Ping, { name: "d", dedupe: { by: "id", window: "1m", max: 5 } }, () => undefined);
      bus.on(Ping, { name: "e", audience: "each", keyFailure: "park" }, () => undefined);
    },
    { lanes: { narrow: { waitMax: "1s" } }, delayedMax: 5 },
  );
  expect(faults).toEqual([
    "createBus asks for `delayedMax`, but every transport keeps what is delayed in its store. Remove `delayedMax`.",
    "a asks for `waitMax` in its lane, but no publish waits for a place in the store of transport default. Remove `waitMax` from the options of its lane.",
    "a asks for `waitingMax` in its lane, but no publish waits for a place in the store of transport default. Remove `waitingMax` from the options of its lane.",
    "b asks for `waitMax` in lane narrow, but no publish waits for a place in the store of transport default. Remove `waitMax` from the options of lane narrow.",
    "c has slots by themselves in its lane, but what waits in the store of transport default is not seen here. Give a number as `concurrency` of its lane.",
    "d asks for `dedupe.max`, but transport default remembers every id for the window. Remove `max`, and shorten the window where that is too much.",
    'e parks keys and has the audience "each", but transport default would park them in every process at once. Give it `keyFailure: "continue"`, or `audience: "one"`.',
  ]);
});

test("options of memory are silent beside a store, where only memory has them", async () => {
  const { bus } = virtualBus({ transports: { durable: new ShelfStore() }, delayedMax: 5 });
  bus.on(Ping, { lane: { waitMax: "1s" } }, () => undefined);
  bus.on(Stored, { name: "stored" }, () => undefined);
  await expect(bus.start()).resolves.toBe(undefined);
});

test("what a transport refuses before it is open is told with all other faults", async () => {
  class Choosy extends ShelfStore {
    faults({ name, start }: Group): readonly string[] {
      return start === "earliest" ? [`${name} begins with the earliest event, and none are kept.`] : [];
    }
  }
  const transport = new Choosy();
  const faults = await faultsOf(
    (bus) => {
      bus.on(Ping, { name: "a", start: "earliest", debounce: { wait: "1s" } }, () => undefined);
      bus.on(Ping, { name: "b" }, () => undefined);
    },
    { transport },
  );
  expect(faults).toEqual([
    "a debounces, but transport default keeps the queue in its store. Remove `debounce`.",
    "a begins with the earliest event, and none are kept.",
  ]);
  expect(transport.calls).toEqual([]);
});

test("a shared lane's capacity is how much each of its subscriptions is handed ahead", async () => {
  const store = new ShelfStore();
  const { bus } = virtualBus({
    transport: store,
    lanes: { wide: { concurrency: 2, capacity: 5 }, plain: { concurrency: 2 } },
  });
  bus.on(Ping, { name: "a", lane: "wide" }, () => undefined);
  bus.on(Ping, { name: "b", lane: { concurrency: 2, capacity: 5 } }, () => undefined);
  bus.on(Ping, { name: "c", lane: "plain" }, () => undefined);
  await bus.start();
  expect(["a", "b", "c"].map((name) => store.shelf(name).credit)).toEqual([7, 7, 4]);
});

test("order per key on a transport that keeps none is refused, wherever the queue is", async () => {
  const says =
    "a keeps order per key, and transport default keeps none. Remove `key` from the event, or choose a transport with order.";
  const prepare = (bus: ReturnType<typeof virtualBus>["bus"]) =>
    bus.on(Keyed, { name: "a" }, () => undefined);
  expect(await faultsOf(prepare, {}, { order: "none" })).toEqual([says]);
  expect(await faultsOf(prepare, { transport: new PortedMemory({ features: { order: "none" } }) })).toEqual([
    says,
  ]);
  expect(await faultsOf(prepare, {}, { order: "group" })).toEqual([]);
});

test("the defaults of what a store does not have are silent", async () => {
  const prepare = (bus: ReturnType<typeof virtualBus>["bus"]) =>
    bus.on(
      Ping,
      { name: "a", lane: { overflow: "wait", capacity: 5 }, dedupe: { by: "id", window: "1m" }, crashes: 1 },
      () => undefined,
    );
  expect(await faultsOf(prepare)).toEqual([]);
});

test("features are compared only with the transport that carries the event", async () => {
  const { bus } = virtualBus({ transports: { durable: new ShelfStore() } });
  bus.on(Ping, { lane: { overflow: "dropOldest" } }, () => undefined);
  bus.on(Stored, () => undefined);
  await expect(bus.start()).rejects.toMatchObject({
    faults: [expect.stringContaining("test.stored#2 has a name that follows the code")],
  });
});

test("after the start the same faults are a TypeError of on(), and the name is free again", async () => {
  const { bus } = virtualBus({ transport: new ShelfStore() });
  await bus.start();
  const wrong = { name: "a", lane: { overflow: "reject" }, key: () => "k" } as const;
  expect(() => bus.on(Ping, wrong, () => undefined)).toThrow(TypeError);
  expect(() => bus.on(Ping, wrong, () => undefined)).toThrow(/overflow "reject".*\n.*refines the key/);
  bus.on(Ping, { name: "a" }, () => undefined);
  expect(bus.describe().subscriptions.map(({ name }) => name)).toEqual(["a"]);
});

test("what only the server knows is refused by declare, all faults at once, and leaves nothing open", async () => {
  const transport = new PortedMemory({
    beforeDeclare: ({ audience, name }) => {
      if (audience === "each") throw new Error(`${name}: no audience "each" here`);
    },
  });
  const faults = await faultsOf(
    (bus) => {
      bus.on(Ping, { name: "a", audience: "each" }, () => undefined);
      bus.on(Ping, { name: "b" }, () => undefined);
      bus.on(Keyed, { name: "c", audience: "each" }, () => undefined);
    },
    { transport },
  );
  expect(faults).toEqual([
    'a could not be declared on transport default: a: no audience "each" here',
    'c could not be declared on transport default: c: no audience "each" here',
  ]);
  expect(transport.calls.at(-1)).toBe("close");
});

test("a group tells the store what the subscription asks for", async () => {
  const store = new ShelfStore({ order: "group" });
  const { bus } = virtualBus({ transport: store });
  bus.on([Ping, Keyed], { name: "a", audience: "each", start: "earliest" }, () => undefined);
  bus.on(Ping, { name: "b", dedupe: { by: "id", window: "2m" } }, () => undefined);
  await bus.start();
  expect(store.shelf("a").group).toEqual({
    name: "a",
    events: ["test.ping", "test.keyed"],
    order: "key",
    audience: "each",
    start: "earliest",
    inboxMs: 0,
  });
  expect(store.shelf("b").group).toMatchObject({
    order: "group",
    audience: "one",
    start: "now",
    inboxMs: 120_000,
  });
});
