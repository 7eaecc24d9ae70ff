/** What an application hands in – keys, headers, stamps, loggers, taps, listeners, containers, names – may throw, reject or answer nonsense. */
/* oxlint-disable no-thenable -- what pretends to be a promise is tried here */
import { describe, expect, test, vi } from "vitest";

import { BusClosedError, type Container, Event, plain, StartError } from "../../src/index.js";
import { Subscriber } from "../../src/subscriber/subscriber.js";
import { counts, expectCountsToAddUp } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { HOSTILE, HOSTILE_NAMES, untouchable } from "./hostile.js";

class Ping extends Event("hostile.ping")<{ n: number }> {}

const rejects = (): never => Promise.reject(new Error("nobody listens")) as never;
const NOT_TEXTS: Readonly<Record<string, () => never>> = {
  "a number": () => 7 as never,
  null: () => null as never,
  "a symbol": () => Symbol("key") as never,
  "an object": () => ({}) as never,
  "a text object": () => Object("key") as never,
  "an untouchable object": () => untouchable({}) as never,
  "a promise": () => Promise.resolve("key") as never,
  "a promise that rejects": rejects,
  "a thenable that throws": () => ({ then: () => thrown() }) as never,
};

function thrown(): never {
  throw new Error("do not touch");
}

describe.each(Object.keys(NOT_TEXTS))("%s", (name) => {
  const gives = NOT_TEXTS[name]!;

  test("as the key of an event refuses the publish", async () => {
    class Keyed extends Event("hostile.keyed", { key: gives })<{ n: number }> {}
    const { bus } = virtualBus();
    bus.on(Keyed, { name: "it" }, () => undefined);
    await bus.start();
    await expect(bus.publish(new Keyed({ n: 1 }))).rejects.toThrow(Error);
    expect(counts(bus, "it")).toMatchObject({ routed: 0 });
    await bus.close();
  });

  test.each(["key", "dedupe"] as const)("as the %s of a subscription is a dead letter", async (option) => {
    const { bus, time } = virtualBus();
    const options = option === "key" ? { key: gives } : { dedupe: { by: gives, window: "1h" as const } };
    bus.on(Ping, { ...options, name: "it" }, () => undefined);
    bus.on(Ping, { name: "neighbour" }, () => undefined);
    await bus.start();
    expect(await bus.publish(new Ping({ n: 1 }))).toMatchObject({ accepted: ["it", "neighbour"] });
    await time.rest();
    expect(counts(bus, "it")).toMatchObject({ deadLettered: 1, handled: 0 });
    expect(counts(bus, "neighbour")).toMatchObject({ handled: 1 });
    await bus.close();
  });
});

test.each(Object.keys(NOT_TEXTS).filter((name) => NOT_TEXTS[name] !== rejects))(
  "%s as an option of a publish refuses it",
  async (name) => {
    const { bus } = virtualBus();
    bus.on(Ping, { name: "it" }, () => undefined);
    await bus.start();
    for (const option of ["id", "key", "signal"])
      await expect(bus.publish(new Ping({ n: 1 }), { [option]: NOT_TEXTS[name]!() })).rejects.toThrow(Error);
    expect(counts(bus, "it")).toMatchObject({ routed: 0 });
    await bus.close();
  },
);

test.each(["", "__proto__", "constructor", "\ud800", "k".repeat(1_000_000), "a\0b", "ключ"])(
  "a key is any text: %#",
  async (key) => {
    const { bus, time } = virtualBus();
    const got: unknown[] = [];
    bus.on(Ping, { name: "it" }, (_event, delivery) => void got.push(delivery.key));
    await bus.start();
    await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })], { key });
    await time.rest();
    expect(got).toEqual([key, key]);
    await bus.close();
  },
);

describe("when", () => {
  test.each([
    ["nothing", () => undefined, "filtered"],
    ["an object", () => ({}), "handled"],
    ["a promise", () => Promise.resolve(true), "deadLettered"],
    ["a promise that rejects", rejects, "deadLettered"],
    [
      "an object whose `then` throws",
      () => Object.defineProperty({}, "then", { get: thrown }),
      "deadLettered",
    ],
  ])("answering %s", async (_name, when, becomes) => {
    const { bus, time } = virtualBus();
    bus.on(Ping, { when: when as () => boolean, name: "it" }, () => undefined);
    await bus.start();
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(counts(bus, "it")).toMatchObject({ routed: 1, [becomes]: 1 });
    await bus.close();
  });
});

describe("a stamp", () => {
  test.each<[string, () => unknown]>([
    ["that throws", thrown],
    ["that answers a promise", () => Promise.resolve({ tenant: "a" })],
    ["that answers a promise that rejects", rejects],
    ["that answers a header that is no text", () => ({ tenant: 1 })],
    ["that answers a header with a line break", () => ({ tenant: "a\r\nx: y" })],
    ["that answers a header under an odd name", () => ({ "ten ant": "a" })],
    ["that answers an own __proto__", () => JSON.parse('{"__proto__":"a"}') as unknown],
    ["that answers an untouchable object", () => untouchable({})],
  ])("%s refuses the publish, and leaves no trace", async (_name, stamp) => {
    const { bus, time } = virtualBus({ stamp: stamp as () => Record<string, string> });
    bus.on(Ping, { name: "it" }, () => undefined);
    await bus.start();
    await expect(bus.publish(new Ping({ n: 1 }))).rejects.toThrow(Error);
    await expect(bus.invoke(new Ping({ n: 1 }))).rejects.toThrow(Error);
    await time.rest();
    expect(counts(bus, "it")).toMatchObject({ routed: 0 });
    expect(bus.describe().counts).toEqual({ published: 0, unhandled: 0 });
    await bus.close();
  });
});

describe("what is published", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "hostile.ping"],
    ["the class", Ping],
    ["a plain object", { n: 1 }],
    ["an object without a prototype", Object.create(null)],
    ["an untouchable object", untouchable({})],
    ["a list with a stranger in it", [new Ping({ n: 1 }), { n: 2 }]],
    ["a list with a hole", [, new Ping({ n: 1 })]], // oxlint-disable-line no-sparse-arrays -- that is what is tried
  ])("%s is refused, and nothing of it accepted", async (_name, given) => {
    const { bus } = virtualBus();
    bus.on(Ping, { name: "it" }, () => undefined);
    await bus.start();
    await expect(bus.publish(given as Ping)).rejects.toThrow(Error);
    expect(counts(bus, "it")).toMatchObject({ routed: 0 });
    await bus.close();
  });

  test("an empty list is nothing at all", async () => {
    const { bus } = virtualBus();
    await bus.start();
    expect(await bus.publish([])).toEqual([]);
    await bus.close();
  });
});

describe.each(HOSTILE_NAMES)("%s", (name) => {
  const throws = (): never => {
    // oxlint-disable-next-line no-throw-literal -- that is what is tried
    throw HOSTILE[name]!();
  };
  const rejected = (async (): Promise<never> => (await Promise.resolve(), throws())) as () => never;

  test.each([
    ["thrown", throws],
    ["rejected", rejected],
  ])("%s by a logger, taps and notice listeners changes nothing", async (_how, hurts) => {
    const logger = { debug: hurts, info: hurts, warn: hurts, error: hurts };
    const { bus, time } = virtualBus({ logger });
    bus.tap("**", hurts);
    for (const notice of [
      "event.published",
      "delivery.started",
      "delivery.done",
      "lane.full",
      "lane.paused",
    ] as const)
      bus.notices.on(notice, hurts);
    bus.notices.once("delivery.deadLettered", hurts);
    bus.on(Ping, { name: "good", lane: { capacity: 1, overflow: "dropNewest" } }, () => undefined);
    bus.on(Ping, { name: "bad" }, throws);
    await bus.start();
    for (const lane of bus.lanes.values()) lane.pause();
    for (let n = 0; n < 3; n++) await bus.publish(new Ping({ n }));
    for (const lane of bus.lanes.values()) lane.resume();
    await time.rest();
    expect(counts(bus, "good")).toMatchObject({ routed: 3, handled: 1, dropped: 2 });
    expect(counts(bus, "bad")).toMatchObject({ routed: 3, deadLettered: 3 });
    expectCountsToAddUp(bus);
    await bus.close();
  });

  test("thrown by a container, or a constructor, is a fault of start()", async () => {
    class Broken {
      static readonly on = Ping;
      constructor() {
        throws();
      }
      handle(): void {}
    }
    class Injected extends Broken {}
    Subscriber({ inject: [] })(Injected);
    const hostile: Container = { resolve: throws, provide: () => undefined };
    for (const [container, target] of [
      [plain(), Broken],
      [plain(), Injected],
      [hostile, Broken],
      [{ ...hostile, resolve: rejected }, Broken],
    ] as const) {
      const { bus } = virtualBus({ subscribers: [target], container });
      const error = await bus.start().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StartError);
      expect((error as StartError).faults).toHaveLength(1);
      await bus.close();
    }
  });

  test.each(["createScope", "provide", "resolve", "constructor", "dispose"] as const)(
    "thrown by %s of a delivery's scope is a failure of that delivery only",
    async (where) => {
      let isBroken = false;
      const breaks = (at: string): void => {
        if (isBroken && at === where) throws();
      };
      class Scoped {
        static readonly on = Ping;
        constructor() {
          breaks("constructor");
        }
        handle(): void {}
      }
      Subscriber({ scope: "delivery", name: "scoped" })(Scoped);
      const container: Container = {
        resolve: () => new Scoped(),
        provide: () => undefined,
        createScope: () => {
          breaks("createScope");
          return {
            resolve: () => (breaks("resolve"), new Scoped()),
            provide: () => breaks("provide"),
            dispose: () => breaks("dispose"),
          };
        },
      };
      const { bus, time } = virtualBus({ subscribers: [Scoped], container });
      await bus.start();
      isBroken = true;
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      isBroken = false;
      await bus.publish(new Ping({ n: 2 }));
      await time.rest();
      const [subscription] = bus.describe().subscriptions;
      expect(subscription?.counts).toMatchObject({ deadLettered: 1, handled: 1, running: 0 });
      await bus.close();
    },
  );
});

describe("a notice listener", () => {
  test("that throws is detached and told of once, although it goes on being called for", async () => {
    const { bus, time, logged } = virtualBus();
    const listener = vi.fn<() => never>(thrown);
    bus.notices.on("delivery.done", listener);
    bus.on(Ping, { name: "it" }, () => undefined);
    await bus.start();
    await bus.publish([1, 2, 3].map((n) => new Ping({ n })));
    await time.rest();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(logged.filter(({ message }) => message.includes("delivery.done"))).toHaveLength(1);
    await bus.close();
  });

  test("may publish, pause, subscribe and leave in the middle of it", async () => {
    const { bus, time } = virtualBus();
    let left = 50;
    const again = (): void => {
      if (left-- <= 0) return;
      const undo = bus.on(Ping, () => undefined);
      for (const lane of bus.lanes.values()) {
        lane.pause();
        lane.resume();
      }
      void bus.publish(new Ping({ n: left }));
      undo();
    };
    for (const notice of ["event.published", "delivery.started", "delivery.done", "lane.paused"] as const)
      bus.notices.on(notice, again);
    bus.on(Ping, { name: "it" }, () => undefined);
    await bus.start();
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    await bus.idle();
    expectCountsToAddUp(bus);
    const { routed, handled } = counts(bus, "it");
    expect(handled).toBe(routed);
    expect(await bus.subscriptions.list()).toHaveLength(1);
    expect([...bus.lanes.keys()]).toEqual(["it"]);
    await bus.close();
  });
});

describe("names", () => {
  const ODD = [
    "",
    " ",
    "a b",
    "ünï.code",
    "a..b",
    ".a",
    "a.",
    "a\0",
    "a\n",
    "\ud800",
    "\u202eabc",
    "ａ",
    "a.*",
    "a".repeat(65),
    "a.".repeat(16) + "a",
  ];

  test.each(ODD)("of events are not %j", (name) => {
    expect(() => Event(name as "a")).toThrow(TypeError);
  });

  test.each(ODD)("of subscriptions are not %j", async (name) => {
    const { bus } = virtualBus();
    expect(() => bus.on(Ping, { name }, () => undefined)).toThrow(TypeError);
    expect(await bus.subscriptions.list()).toEqual([]);
    await bus.close();
  });

  test.each(["__proto__", "constructor", "hasOwnProperty"])("of lanes may be %s", async (name) => {
    const lanes = JSON.parse(`{"${name}":{"capacity":3}}`) as Record<string, { capacity: number }>;
    const { bus, time } = virtualBus({ lanes });
    bus.on(Ping, { name: "it", lane: name }, () => undefined);
    await bus.start();
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(bus.lanes.get(name)).toMatchObject({ capacity: 3, handled: 1 });
    await bus.close();
  });
});

describe("the end of the bus", () => {
  test("ends the streams that are read, rejects the next that is awaited, and lets go of their signals", async () => {
    const { bus, time } = virtualBus();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    await bus.start();
    const read = (async () => {
      const events: number[] = [];
      for await (const { n } of bus.stream(Ping, { signal })) events.push(n);
      return events;
    })();
    const next = bus.next(Ping, ({ n }) => n > 10, { signal });
    await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
    await time.rest();
    await bus.close();
    expect(await read).toEqual([1, 2]);
    await expect(next).rejects.toThrow(BusClosedError);
    expect(remove).toHaveBeenCalledTimes(2);
  });

  test("is over for streams that nobody reads at the deadline", async () => {
    const { bus, time } = virtualBus();
    await bus.start();
    const reader = bus.stream(Ping)[Symbol.asyncIterator]();
    const first = reader.next();
    await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
    expect(await first).toMatchObject({ value: { n: 1 } });
    const closed = bus.close({ deadline: "5s" });
    await time.advance(7_000);
    const report = await closed;
    expect([report.aborted.length, report.abandoned.length]).toEqual([1, 1]);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect(time.timers).toBe(0);
  });
});
