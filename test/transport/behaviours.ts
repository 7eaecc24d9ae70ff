/** What a bus does whatever carries its events, as long as the lanes hold the queue: one body for the straight way and for ports. */
import { expect, test } from "vitest";
import {
  type BusOptions,
  Event,
  LaneFullError,
  PartlyAcceptedError,
  retry,
  type Transport,
} from "../../src/index.js";
import { counts, expectCountsToAddUp, gated, Keyed, n, Ping, watched } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Pure extends Event("test.pure") {}

export function behaves(transport: () => Transport): void {
  async function started(
    prepare: (bus: ReturnType<typeof virtualBus>["bus"]) => void,
    options: BusOptions = {},
  ) {
    const made = virtualBus({ transport: transport(), ...options });
    prepare(made.bus);
    await made.bus.start();
    return made;
  }

  test("every subscription gets every event once, in order, and publish resolves when they have it", async () => {
    const seen: string[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a", lane: { concurrency: 1 } }, ({ n: at }) => void seen.push(`a${at}`));
      on.on(Ping, { name: "b", lane: { concurrency: 1 } }, ({ n: at }) => void seen.push(`b${at}`));
    });
    const receipts = await Promise.all(n(20).map((at) => bus.publish(new Ping({ n: at }))));
    expect(receipts.every((each) => each.accepted.join() === "a,b" && each.unhandled === false)).toBe(true);
    await time.rest();
    expect(seen.filter((each) => each.startsWith("a"))).toEqual(n(20).map((at) => `a${at}`));
    expect(seen.filter((each) => each.startsWith("b"))).toEqual(n(20).map((at) => `b${at}`));
    expectCountsToAddUp(bus);
  });

  test("an event that nobody handles is told as such, once", async () => {
    const { bus, logged } = await started(() => undefined);
    expect(await bus.publish(new Ping({ n: 1 }))).toMatchObject({ accepted: [], unhandled: true });
    await bus.publish(new Ping({ n: 2 }));
    expect(logged.filter(({ message }) => message.includes("No subscription handles"))).toHaveLength(1);
    expect(bus.describe().counts).toEqual({ published: 2, unhandled: 2 });
  });

  test("the handler gets the very event, with headers, id and key of the publish", async () => {
    const got: unknown[] = [];
    const { bus, time } = await started((on) =>
      on.on(Keyed, { name: "a" }, (event, delivery) => {
        got.push(event, delivery.headers["tenant"], delivery.eventId, delivery.key, delivery.attempt);
      }),
    );
    const event = new Keyed({ key: "k", n: 1 });
    await bus.publish(event, { id: "id-1", headers: { tenant: "t" } });
    await time.rest();
    expect(got).toEqual([event, "t", "id-1", "k", 1]);
    expect(got[0]).toBe(event);
  });

  test("a failure is tried again after its delay and keeps its key; other keys go on", async () => {
    const seen: string[] = [];
    const { bus, time } = await started((on) =>
      on.on(
        Keyed,
        { name: "a", retry: { attempts: 2, delay: "1s", backoff: "fixed", jitter: false } },
        (event, delivery) => {
          seen.push(`${event.key}${event.n}.${delivery.attempt}`);
          if (event.key === "x" && event.n === 1 && delivery.attempt === 1) throw new Error("first");
        },
      ),
    );
    await bus.publish([
      new Keyed({ key: "x", n: 1 }),
      new Keyed({ key: "x", n: 2 }),
      new Keyed({ key: "y", n: 1 }),
    ]);
    await time.rest();
    expect(seen).toEqual(["x1.1", "y1.1"]);
    expectCountsToAddUp(bus);
    await time.advance(1_000);
    expect(seen).toEqual(["x1.1", "y1.1", "x1.2", "x2.1"]);
    expectCountsToAddUp(bus);
  });

  test("the last failure is a dead letter, which can be replayed", async () => {
    let isBroken = true;
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, () => (isBroken ? Promise.reject(new Error("broken")) : undefined)),
    );
    const receipt = await bus.publish(new Ping({ n: 1 }));
    expect(await receipt.settled()).toMatchObject({ deadLettered: 1, done: 0 });
    isBroken = false;
    const [letter] = await bus.deadLetters.list();
    const replayed = await bus.deadLetters.replay(letter!);
    await time.rest();
    expect(await replayed.settled()).toMatchObject({ done: 1 });
    expectCountsToAddUp(bus);
  });

  test("what `when` does not want is filtered, not handled", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", when: (event) => event.n % 2 === 0 }, ({ n: at }) => void seen.push(at)),
    );
    const receipts = await bus.publish(n(4).map((at) => new Ping({ n: at })));
    await time.rest();
    expect(receipts.map((each) => each.accepted.length)).toEqual([1, 0, 1, 0]);
    expect(seen).toEqual([0, 2]);
    expect(counts(bus, "a")).toMatchObject({ routed: 4, handled: 2, filtered: 2 });
    expectCountsToAddUp(bus);
  });

  test("what a subscription had before is deduplicated, not handled", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(
        Ping,
        { name: "a", dedupe: { by: ({ n: at }) => `${at}`, window: "1m" } },
        ({ n: at }) => void seen.push(at),
      ),
    );
    await bus.publish(new Ping({ n: 1 }));
    const again = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(again).toMatchObject({ accepted: [], deduplicated: ["a"] });
    expect(seen).toEqual([1]);
    expect(counts(bus, "a")).toMatchObject({ routed: 2, handled: 1, deduplicated: 1 });
    expectCountsToAddUp(bus);
  });

  test("one id published twice is two deliveries where nobody asked for dedupe", async () => {
    let count = 0;
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, () => void count++));
    await Promise.all([
      bus.publish(new Ping({ n: 1 }), { id: "x" }),
      bus.publish(new Ping({ n: 2 }), { id: "x" }),
    ]);
    await time.rest();
    expect(count).toBe(2);
  });

  test("a full lane that rejects refuses the publish everywhere", async () => {
    const gate = gated();
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, overflow: "reject" } }, gate.handler);
      on.on(Ping, { name: "b" }, () => undefined);
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    await bus.publish(new Ping({ n: 2 }));
    await expect(bus.publish(new Ping({ n: 3 }))).rejects.toBeInstanceOf(LaneFullError);
    await gate.openAll(time);
    expect(gate.seen).toEqual([1, 2]);
    expect(bus.describe().subscriptions.map(({ counts }) => counts.routed)).toEqual([2, 2]);
  });

  test("a full lane that drops the oldest keeps the newest", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, overflow: "dropOldest" } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    for (const at of [1, 2, 3]) await bus.publish(new Ping({ n: at }));
    await time.rest();
    expectCountsToAddUp(bus);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 3]);
    expect(bus.lanes.get("a")).toMatchObject({ dropped: 2, handled: 2, waiting: 0 });
  });

  test("a full lane makes its publisher wait, and delays nobody else", async () => {
    const gate = gated();
    const seen: number[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler);
      on.on(Ping, { name: "b" }, ({ n: at }) => void seen.push(at));
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    await bus.publish(new Ping({ n: 2 }));
    const third = watched(bus.publish(new Ping({ n: 3 })));
    await time.rest();
    expect([third.isSettled, seen]).toEqual([false, [1, 2, 3]]);
    expectCountsToAddUp(bus);
    await gate.next(time);
    expect(third.value).toMatchObject({ accepted: ["a", "b"] });
    await gate.openAll(time);
    expect(gate.seen).toEqual([1, 2, 3]);
    expectCountsToAddUp(bus);
  });

  test("a publish accepted in part goes to the rest when it is published again, and to nobody twice", async () => {
    const gate = gated();
    const seen: number[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, waitMax: "1s" } }, gate.handler);
      on.on(Ping, { name: "b" }, ({ n: at }) => void seen.push(at));
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    await bus.publish(new Ping({ n: 2 }));
    const event = new Ping({ n: 3 });
    const third = watched(bus.publish(event));
    await time.advance(1_000);
    expect(third.error).toBeInstanceOf(PartlyAcceptedError);
    expect(third.error).toMatchObject({ accepted: ["b"], refused: ["a"] });
    expectCountsToAddUp(bus);
    await gate.openAll(time);
    expect(await bus.publish(event)).toMatchObject({ accepted: ["b", "a"] });
    await time.rest();
    await gate.openAll(time);
    expect([gate.seen, seen]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(bus.describe().counts.published).toBe(3);
    expectCountsToAddUp(bus);
  });

  test("settled() waits for what the deliveries publish, and for retries", async () => {
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a" }, (event, delivery) =>
        event.n > 0 ? delivery.publish(new Ping({ n: event.n - 1 })) : undefined,
      );
      on.on(Pure, { name: "b", retry: 2 }, (_, delivery) =>
        delivery.attempt === 1 ? retry({ after: "5s" }) : undefined,
      );
    });
    const chain = await bus.publish(new Ping({ n: 3 }));
    const [slow] = [await bus.publish(new Pure())];
    await time.rest();
    expect(await chain.settled()).toMatchObject({ done: 4 });
    const settled = watched(slow.settled());
    await time.advance(4_999);
    expect(settled.isSettled).toBe(false);
    await time.advance(1);
    expect(settled.value).toMatchObject({ done: 1 });
  });

  test("what is held before the start is delivered after it, in order, before anything later", async () => {
    const seen: number[] = [];
    const { bus, time } = virtualBus({ transport: transport() });
    bus.on(Ping, { name: "a", lane: { concurrency: 1 } }, ({ n: at }) => void seen.push(at));
    const receipts = await bus.publish(n(5).map((at) => new Ping({ n: at })));
    expect(receipts.every((each) => each.held)).toBe(true);
    await bus.start();
    await bus.publish(new Ping({ n: 5 }));
    await time.rest();
    expect(seen).toEqual(n(6));
    expect(await receipts[0]!.settled()).toMatchObject({ done: 1 });
    expectCountsToAddUp(bus);
  });

  test("a transaction delivers everything when it succeeds, and nothing when it throws", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(at)),
    );
    await bus.transaction(async (tx) => {
      expect(await tx.publish(new Ping({ n: 1 }))).toMatchObject({ held: true });
      await bus.publish(new Ping({ n: 2 }));
      await time.rest();
      expect(seen).toEqual([]);
      expectCountsToAddUp(bus);
    });
    await time.rest();
    expect(seen).toEqual([1, 2]);
    const failed = bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 3 }));
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    await time.rest();
    expect(seen).toEqual([1, 2]);
    expect(bus.describe().subscriptions[0]!.counts).toMatchObject({ routed: 2, handled: 2, waiting: 0 });
    expect(bus.describe().counts.published).toBe(2);
  });

  test("a transaction that does not await its publishes delivers them, those that had to wait as well", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    const late: Promise<unknown>[] = [];
    await bus.transaction(async (tx) => {
      late.push(tx.publish(new Ping({ n: 1 })), tx.publish(new Ping({ n: 2 })));
    });
    await time.rest();
    expectCountsToAddUp(bus);
    await gate.openAll(time);
    await Promise.all(late);
    expect(gate.seen).toEqual([0, 1, 2]);
    expectCountsToAddUp(bus);
  });

  test("a subscription that has left gets nothing more, but what it had", async () => {
    const gate = gated();
    const { bus, time } = await started(() => undefined, { onUnhandled: "ignore" });
    const undo = bus.on(Ping, { name: "a", lane: { concurrency: 1 } }, gate.handler);
    await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
    await time.rest();
    undo();
    expect(await bus.publish(new Ping({ n: 3 }))).toMatchObject({ accepted: [], unhandled: true });
    await time.rest();
    await gate.openAll(time);
    expect(gate.seen).toEqual([1, 2]);
    expect(bus.lanes.has("a")).toBe(false);
    expect(await bus.deadLetters.list()).toEqual([]);
  });

  test("a subscription that comes after the start gets what is published next", async () => {
    const seen: number[] = [];
    const { bus, time } = await started(() => undefined);
    bus.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(at));
    expect(await bus.publish(new Ping({ n: 1 }))).toMatchObject({ accepted: ["a"] });
    await time.rest();
    expect(seen).toEqual([1]);
  });

  test("idle() waits until everything that was published has been handled", async () => {
    const gate = gated();
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, gate.handler));
    void bus.publish(new Ping({ n: 1 }));
    const idle = watched(bus.idle());
    await time.rest();
    expect([idle.isSettled, gate.seen]).toEqual([false, [1]]);
    await gate.openAll(time);
    expect(idle.isSettled).toBe(true);
  });

  test("close() lets what was accepted end, takes nothing new, and names nothing", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1 } }, gate.handler),
    );
    await bus.publish(n(3).map((at) => new Ping({ n: at })));
    await time.rest();
    const closed = watched(bus.close());
    await expect(bus.publish(new Ping({ n: 3 }))).rejects.toMatchObject({ code: "SIGNALBOX_BUS_CLOSED" });
    await time.rest();
    expect(closed.isSettled).toBe(false);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 1, 2]);
    expect(closed.value).toEqual({ drained: 3, aborted: [], released: [], abandoned: [] });
    expect(time.timers).toBe(0);
  });

  test("close() takes what is published inside a delivery, until the last has ended", async () => {
    const seen: number[] = [];
    const gate = deferred();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, async (event, delivery) => {
        await gate.promise;
        seen.push(event.n);
        if (event.n > 0) await delivery.publish(new Ping({ n: event.n - 1 }));
      }),
    );
    await bus.publish(new Ping({ n: 2 }));
    await time.rest();
    const closed = watched(bus.close());
    await time.rest();
    gate.resolve();
    await time.rest();
    expect(seen).toEqual([2, 1, 0]);
    expect(closed.value).toMatchObject({ drained: 3, abandoned: [] });
  });

  test("every publish that resolves while the bus closes is delivered, every other rejects", async () => {
    const seen = new Set<number>();
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, ({ n: at }) => void seen.add(at)));
    const accepted = new Set<number>();
    let refused = 0;
    const publisher = async (from: number): Promise<void> => {
      for (const at of n(100, from))
        await bus.publish(new Ping({ n: at })).then(
          () => void accepted.add(at),
          () => void refused++,
        );
    };
    const publishers = n(10).map((at) => publisher(at * 100));
    await new Promise((resolve) => setImmediate(resolve));
    const report = await bus.close();
    await Promise.all(publishers);
    await time.rest();
    expect(seen).toEqual(accepted);
    expect(accepted.size + refused).toBe(1_000);
    expect(report.abandoned).toEqual([]);
  });
}
