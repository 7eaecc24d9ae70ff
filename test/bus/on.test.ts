import { describe, expect, test } from "vitest";
import { retry } from "../../src/index.js";
import { counts, expectCountsToAddUp, gated, Keyed, n, Ping, Pong } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

async function started(
  prepare: (bus: ReturnType<typeof virtualBus>["bus"]) => void = () => undefined,
  options = {},
) {
  const made = virtualBus(options);
  prepare(made.bus);
  await made.bus.start();
  return made;
}

describe("a subscription by on()", () => {
  test("takes several events in one subscription, in the order of their acceptance", async () => {
    const seen: string[] = [];
    const { bus, time } = await started((on) =>
      on.on([Ping, Pong], { name: "a", lane: { concurrency: 1 } }, (event) => {
        seen.push(`${event instanceof Ping ? "ping" : "pong"}${event.n}`);
      }),
    );
    await bus.publish([new Pong({ n: 1 }), new Ping({ n: 2 }), new Pong({ n: 3 })]);
    await time.rest();
    expect(seen).toEqual(["pong1", "ping2", "pong3"]);
  });

  test("gets nothing that was published before it came", async () => {
    const seen: number[] = [];
    const { bus, time } = await started(undefined, { onUnhandled: "ignore" });
    await bus.publish(new Ping({ n: 1 }));
    bus.on(Ping, (event) => void seen.push(event.n));
    await bus.publish(new Ping({ n: 2 }));
    await time.rest();
    expect(seen).toEqual([2]);
  });

  test("may come inside a handler, and gets what is published from then on", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(Pong, async () => {
        on.on(Ping, { name: "late" }, (event) => void seen.push(event.n));
        await on.publish(new Ping({ n: 1 }));
      }),
    );
    await bus.publish(new Pong({ n: 0 }));
    await time.rest();
    expect(seen).toEqual([1]);
  });

  test("takes options that are undefined for none", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, undefined as never, (event: Ping) => void seen.push(event.n)),
    );
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(seen).toEqual([1]);
  });

  test("refuses what is wrong with it, all faults at once, and is then not there", async () => {
    const { bus } = await started(undefined, { lanes: { mail: {} } });
    expect(() =>
      bus.on(Ping, { retry: 0, lane: { capacity: -1 }, timout: "1s" } as never, () => undefined),
    ).toThrow(
      new TypeError(
        [
          "Unknown option `timout` in `options`. Did you mean `timeout`?",
          "Expected `options.lane.capacity` to be an integer from 1 up, got `-1` (number).",
          "Expected `options.retry` to be an integer from 1 up or an object { attempts, backoff, delay, delayMax, jitter, on }, got `0` (number).",
        ].join("\n"),
      ),
    );
    expect(() => bus.on(Ping, { lane: "mial" }, () => undefined)).toThrow("Did you mean `mail`?");
    expect(() => bus.on(Ping, undefined as never)).toThrow(
      new TypeError("Expected the handler to be a function. Write bus.on(Event, options, handler)."),
    );
    expect(() => bus.on("test.ping" as never, () => undefined)).toThrow(TypeError);
    expect(() => bus.on([] as never, () => undefined)).toThrow(TypeError);
    expect(() => bus.on(Ping, { name: "not a name" }, () => undefined)).toThrow(TypeError);
    expect(bus.describe().subscriptions).toEqual([]);
    expect([...bus.lanes.keys()]).toEqual(["mail"]);
  });

  test("a class of another event with the same name is refused, and leaves no part of it behind", async () => {
    const { bus } = await started();
    const { Event } = await import("../../src/index.js");
    class Twin extends Event("test.ping") {}
    bus.on(Ping, { name: "a" }, () => undefined);
    expect(() => bus.on([Pong, Twin], { name: "b" }, () => undefined)).toThrow(/Two event classes/);
    expect(await bus.publish(new Pong({ n: 1 }))).toMatchObject({ unhandled: true });
  });
});

describe("the undo", () => {
  test("may be called twice, by hand or by using, and takes nothing else away", async () => {
    const { bus } = await started();
    const undo = bus.on(Ping, { name: "a" }, () => undefined);
    undo();
    undo();
    bus.on(Ping, { name: "a" }, () => undefined);
    undo();
    undo[Symbol.dispose]();
    expect(await bus.publish(new Ping({ n: 1 }))).toMatchObject({ accepted: ["a"] });
  });

  test("ends future deliveries; what was accepted before is handled, its retries too", async () => {
    const gate = gated();
    const { bus, time } = await started(undefined, { onUnhandled: "ignore" });
    const undo = bus.on(
      Keyed,
      { name: "a", retry: { attempts: 2, delay: "1s", jitter: false } },
      (event, delivery) => {
        if (delivery.attempt === 1 && event.n === 0) throw new Error("first");
        return gate.handler(event);
      },
    );
    await bus.publish(n(2).map((at) => new Keyed({ key: "k", n: at })));
    await time.rest();
    undo();
    await bus.publish(new Keyed({ key: "k", n: 9 }));
    expect(await bus.subscriptions.list()).toEqual([]);
    expect(bus.lanes.get("a")).toMatchObject({ retrying: 1, waiting: 1 });
    await time.advance(1_000);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 1]);
    expect(bus.lanes.has("a")).toBe(false);
  });

  test("inside its own handler lets that delivery end", async () => {
    const seen: number[] = [];
    const { bus, time } = await started(undefined, { onUnhandled: "ignore" });
    const undo = bus.on(Ping, { name: "a" }, async (event) => {
      undo();
      await Promise.resolve();
      seen.push(event.n);
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    await bus.publish(new Ping({ n: 2 }));
    await time.rest();
    expect(seen).toEqual([1]);
    expect([...bus.lanes.keys()]).toEqual([]);
  });

  test("forgets an own lane when it is empty, with its timers, and leaves a shared one", async () => {
    const { bus, time } = await started(undefined, { lanes: { shared: {} } });
    const undos = [
      bus.on(Ping, { name: "own", lane: { rate: { limit: 1, interval: "1h" } } }, () => undefined),
      bus.on(Ping, { name: "other", lane: "shared" }, () => undefined),
    ];
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    for (const undo of undos) undo();
    expect([[...bus.lanes.keys()], time.timers]).toEqual([["shared"], 0]);
  });

  test("while the old lane still drains, a new subscription of the name has a lane of its own", async () => {
    const gate = gated();
    const { bus, time } = await started();
    const undo = bus.on(Ping, { name: "a" }, gate.handler);
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    undo();
    bus.on(Ping, { name: "a" }, () => undefined);
    expect([...bus.lanes.keys()]).toEqual(["a", "a#2"]);
    await bus.publish(new Ping({ n: 2 }));
    await time.rest();
    expect(counts(bus, "a")).toMatchObject({ routed: 1, handled: 1 });
    await gate.openAll(time);
    expect([...bus.lanes.keys()]).toEqual(["a#2"]);
    expectCountsToAddUp(bus);
  });

  test("while a transaction has a place in its lane, the lane stays, and its delivery runs", async () => {
    const seen: number[] = [];
    const { bus, time } = await started();
    const undo = bus.on(Ping, { name: "a" }, (event) => void seen.push(event.n));
    await bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
      undo();
      expect(bus.lanes.has("a")).toBe(true);
    });
    await time.rest();
    expect([seen, bus.lanes.has("a")]).toEqual([[1], false]);
  });

  test("while a handler of it runs that has called idle(), the lane stays, and its retry is waited for", async () => {
    const { bus, time } = await started();
    const undo = bus.on(Ping, { name: "a", retry: 2 }, async (_, { attempt }) => {
      if (attempt === 2) return undefined;
      undo();
      await bus.idle();
      return retry({ after: "1s" });
    });
    const receipt = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(bus.lanes.get("a")).toMatchObject({ retrying: 1 });
    const closed = bus.close();
    await time.advance(1_000);
    expect(await closed).toMatchObject({ drained: 1, abandoned: [] });
    expect(await receipt.settled()).toMatchObject({ done: 1 });
  });

  test("the same where the lane has no places to reserve, since newcomers supersede what waits", async () => {
    for (const ends of [true, false]) {
      const { bus, time } = await started();
      const undo = bus.on(Ping, { name: "a", lane: { overflow: "coalesce" } }, () => undefined);
      const work = bus.transaction(async (tx) => {
        await tx.publish(new Ping({ n: 1 }));
        undo();
        expect(bus.lanes.has("a")).toBe(true);
        if (!ends) throw new Error("no");
      });
      const ended = await work.then(
        () => "ended",
        (error: Error) => error.message,
      );
      expect(ended).toBe(ends ? "ended" : "no");
      await time.rest();
      expect(bus.lanes.has("a")).toBe(false);
    }
  });

  test("the lane goes, too, when the transaction that had the last place in it is taken back", async () => {
    const { bus } = await started();
    const undo = bus.on(Ping, { name: "a" }, () => undefined);
    const work = bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
      undo();
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    expect(bus.lanes.has("a")).toBe(false);
  });
});

test("subscriptions.remove() ends a subscription by its name, and is harmless for one that is not there", async () => {
  const { bus } = await started((on) => {
    on.on(Ping, { name: "a", lane: { concurrency: 2 } }, () => undefined);
    on.on([Ping, Pong], { name: "b" }, () => undefined);
  });
  expect(await bus.subscriptions.list()).toEqual([
    { name: "a", events: ["test.ping"], lane: "a", orphaned: false, waiting: 0, oldestAt: undefined },
    {
      name: "b",
      events: ["test.ping", "test.pong"],
      lane: "b",
      orphaned: false,
      waiting: 0,
      oldestAt: undefined,
    },
  ]);
  await bus.subscriptions.remove("a");
  await bus.subscriptions.remove("a");
  expect(await bus.publish(new Ping({ n: 1 }))).toMatchObject({ accepted: ["b"] });
});

test("a retry needs its attempts, a memory what it goes by and its window", () => {
  const { bus } = virtualBus();
  const on = (options: unknown) => () => bus.on(Ping, options as never, () => undefined);
  expect(on({ retry: {} })).toThrow("`options.retry.attempts`");
  expect(on({ dedupe: { window: "1h" } })).toThrow("`options.dedupe.by`");
  expect(on({ dedupe: { by: "id" } })).toThrow("`options.dedupe.window`");
});

test("an own lane is named after its subscription, and counted up while another of that name still drains", async () => {
  const gates = gated();
  const { bus, time } = await started();
  for (let count = 0; count < 3; count++) {
    const undo = bus.on(Ping, { name: "a" }, gates.handler);
    await bus.publish(new Ping({ n: count }));
    await time.rest();
    undo();
  }
  expect([...bus.lanes.keys()]).toEqual(["a", "a#2", "a#3"]);
  await gates.openAll(time);
  expect([...bus.lanes.keys()]).toEqual([]);
});

test("the lane of a subscription that has left keeps no timer", async () => {
  const { bus, time } = await started();
  const lane = { breaker: { failures: 1, pause: "1h" } } as const;
  const undo = bus.on(Ping, { name: "a", lane }, () => Promise.reject(new Error("no")));
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(time.timers).toBe(1);
  undo();
  expect([bus.lanes.size, time.timers]).toEqual([0, 0]);
});
