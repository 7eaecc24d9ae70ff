import { describe, expect, test } from "vitest";
import { BusClosedError, type Delivery, retry } from "../../src/index.js";
import { counts, expectCountsToAddUp, gated, Keyed, n, Ping, Pong, watched } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { PortedMemory } from "../transport/transports.js";

async function started(prepare: (bus: ReturnType<typeof virtualBus>["bus"]) => void, options = {}) {
  const made = virtualBus(options);
  prepare(made.bus);
  await made.bus.start();
  return made;
}

const never = (): Promise<never> => new Promise(() => undefined);

describe("the life of a bus", () => {
  test("close() is one promise, however often it is called, and whatever deadline comes later", async () => {
    const { bus } = await started(() => undefined);
    const closes = [bus.close(), bus.close({ deadline: 0 }), bus.close()];
    expect(new Set(closes).size).toBe(1);
    await Promise.all(closes);
    expect(bus.close()).toBe(closes[0]);
  });

  test("a bus that never started closes at once", async () => {
    const { bus, time } = virtualBus();
    expect(await bus.close()).toEqual({ drained: 0, aborted: [], released: [], abandoned: [] });
    expect(time.timers).toBe(0);
  });

  test("a closed bus is final: everything that would go on says so", async () => {
    const { bus } = await started(() => undefined);
    await bus.close();
    const event = new Ping({ n: 1 });
    for (const call of [
      () => bus.start(),
      () => bus.publish(event),
      () => bus.publish([event, event]),
      () => bus.invoke(event),
      () => bus.transaction(async () => undefined),
      () => bus.next(Ping),
      () => bus.stream(Ping)[Symbol.asyncIterator]().next(),
      () => bus.deadLetters.replay({ id: "x" } as never),
      () => bus.deadLetters.resume("a", "k"),
    ])
      await expect(call()).rejects.toBeInstanceOf(BusClosedError);
    expect(() => bus.on(Ping, () => undefined)).toThrow(BusClosedError);
    await bus.idle();
  });

  test("from the call of close() on, publishes from outside and start() reject, in the same turn", async () => {
    const { bus } = await started((on) => on.on(Ping, () => undefined));
    const closed = bus.close();
    await expect(bus.publish(new Ping({ n: 1 }))).rejects.toBeInstanceOf(BusClosedError);
    await expect(bus.start()).rejects.toBeInstanceOf(BusClosedError);
    expect(() => bus.on(Ping, () => undefined)).toThrow(BusClosedError);
    expect(bus.health()).toMatchObject({ live: false, ready: false });
    await closed;
  });

  test("a close during a start lets it come to its end, closes what it opened, and the start rejects", async () => {
    const opened = deferred();
    const transport = new PortedMemory();
    const open = transport.open.bind(transport);
    transport.open = async (sink) => {
      await opened.promise;
      await open(sink);
    };
    const { bus, time } = virtualBus({ transport });
    bus.on(Ping, { name: "a" }, () => undefined);
    await bus.publish(new Ping({ n: 1 }));
    const start = watched(bus.start());
    const close = watched(bus.close());
    await time.rest();
    expect([start.isSettled, close.isSettled]).toEqual([false, false]);
    opened.resolve();
    await time.rest();
    expect(start.error).toBeInstanceOf(BusClosedError);
    expect(close.value).toMatchObject({ abandoned: ["test.ping (held before start)"] });
    expect(transport.calls).toEqual(["open", "declare a", "close"]);
    expect(time.timers).toBe(0);
  });

  test("a start that hangs costs the close no more than its deadline", async () => {
    const transport = new PortedMemory();
    transport.open = never;
    const { bus, time } = virtualBus({ transport });
    void bus.start();
    const close = watched(bus.close({ deadline: "5s" }));
    await time.advance(5_000);
    expect(close.isSettled).toBe(true);
    expect(time.timers).toBe(0);
  });

  test("a wrong deadline is a TypeError, and closes nothing", async () => {
    const { bus } = await started(() => undefined);
    await expect(bus.close({ deadline: "soon" as never })).rejects.toThrow(
      /Expected `close.deadline` to be a duration/,
    );
    await expect(bus.close({ dedline: 1 } as never)).rejects.toThrow("Did you mean `deadline`?");
    await bus.publish(new Ping({ n: 1 }));
  });

  test("a thousand starts and closes leave no timer and no lane behind", async () => {
    const { time } = virtualBus();
    for (let more = 0; more < 1_000; more++) {
      const { bus } = virtualBus({ lanes: { a: { rate: { limit: 1, interval: "1h" } } } }, time);
      bus.on(Ping, { name: "a", lane: "a" }, () => undefined);
      await bus.start();
      await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
      const closed = bus.close({ deadline: 0 });
      await time.advance(0);
      await closed;
    }
    expect(time.timers).toBe(0);
  });

  test("await using closes the bus", async () => {
    const { bus } = await started(() => undefined);
    await bus[Symbol.asyncDispose]();
    await expect(bus.publish(new Ping({ n: 1 }))).rejects.toBeInstanceOf(BusClosedError);
  });
});

describe("what closing lets end", () => {
  test("what runs ends, its signal is not aborted; then what waits; the report counts both", async () => {
    const gate = gated();
    const signals: AbortSignal[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1 } }, (event, { signal }) => {
        signals.push(signal);
        return gate.handler(event);
      }),
    );
    await bus.publish(n(3).map((at) => new Ping({ n: at })));
    await time.rest();
    const closed = watched(bus.close());
    await gate.next(time);
    await time.advance(20_000);
    await gate.openAll(time);
    expect(closed.value).toEqual({ drained: 3, aborted: [], released: [], abandoned: [] });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
    expectCountsToAddUp(bus);
  });

  test("drained counts what ran to its end, well or not, of subscriptions that have left as well", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Pong, { name: "b", lane: { concurrency: 3 } }, gate.handler),
    );
    const undo = bus.on(Ping, { name: "a", lane: { concurrency: 3 } }, gate.handler);
    await bus.publish(new Ping({ n: 9 }));
    await time.rest();
    await gate.next(time);
    await bus.publish([new Ping({ n: 0 }), new Pong({ n: 1 }), new Pong({ n: 2 })]);
    await time.rest();
    undo();
    const closed = watched(bus.close());
    await time.rest();
    gate.calls[1]!.fail(new Error("broken"));
    gate.calls.splice(1, 1);
    await gate.openAll(time);
    expect(closed.value).toMatchObject({ drained: 3, abandoned: [] });
  });

  test("a retry that is due before the deadline is waited for, a later one is abandoned at once", async () => {
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "soon", retry: 2 }, (_, delivery) =>
        delivery.attempt === 1 ? retry({ after: "2s" }) : undefined,
      );
      on.on(Ping, { name: "late", retry: 2 }, () => retry({ after: "1h" }));
    });
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: "10s" }));
    await time.rest();
    expect(counts(bus, "late")).toMatchObject({ abandoned: 1, retrying: 0 });
    await time.advance(2_000);
    expect(closed.value).toEqual({
      drained: 1,
      aborted: [],
      released: [],
      abandoned: [`late (test.ping ${id})`],
    });
    expectCountsToAddUp(bus);
  });

  test("a retry that comes up while the bus closes and is due too late is abandoned by name", async () => {
    const gate = deferred();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", retry: 2 }, async () => {
        await gate.promise;
        return retry({ after: "1h" });
      }),
    );
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close());
    gate.resolve();
    await time.rest();
    expect(closed.value).toMatchObject({ drained: 0, abandoned: [`a (test.ping ${id})`] });
  });

  test("a paused lane is abandoned at once, with what stands behind its keys", async () => {
    const { bus, time } = await started((on) => on.on(Keyed, { name: "a" }, () => undefined));
    bus.lanes.get("a")!.pause();
    const receipts = await bus.publish(n(3).map((at) => new Keyed({ key: "k", n: at })));
    const closed = watched(bus.close());
    await time.rest();
    expect(closed.value).toMatchObject({
      drained: 0,
      abandoned: receipts.map(({ id }) => `a (test.keyed ${id})`),
    });
    expect(await receipts[0]!.settled()).toMatchObject({ abandoned: 1 });
    expectCountsToAddUp(bus);
  });

  test("a lane that is paused while the bus closes does not hold it up", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1 } }, gate.handler),
    );
    await bus.publish(n(2).map((at) => new Ping({ n: at })));
    await time.rest();
    const closed = watched(bus.close());
    await time.rest();
    bus.lanes.get("a")!.pause();
    await gate.openAll(time);
    expect(closed.value).toMatchObject({ drained: 1, abandoned: [expect.stringContaining("a (test.ping")] });
  });

  test("what is published inside into a paused lane is abandoned by name, not lost", async () => {
    const gate = deferred();
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a" }, async (_, delivery) => {
        await gate.promise;
        await delivery.publish(new Pong({ n: 1 }));
      });
      on.on(Pong, { name: "b" }, () => undefined);
    });
    bus.lanes.get("b")!.pause();
    const receipt = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close());
    gate.resolve();
    await time.rest();
    expect(closed.value).toMatchObject({
      drained: 1,
      abandoned: [expect.stringMatching(/^b \(test\.pong /)],
    });
    expect(await receipt.settled()).toMatchObject({ done: 1, abandoned: 1 });
  });

  test("a publish that waits for a place rejects, with what was accepted", async () => {
    const gate = gated();
    const { bus, time } = await started(
      (on) => {
        on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler);
        on.on(Pong, { name: "b", lane: "a2" }, gate.handler);
        on.on(Pong, { name: "c" }, () => undefined);
      },
      { lanes: { a2: { concurrency: 1, capacity: 1 } } },
    );
    await bus.publish([new Ping({ n: 0 }), new Pong({ n: 0 })]);
    await time.rest();
    await bus.publish([new Ping({ n: 1 }), new Pong({ n: 1 })]);
    const alone = watched(bus.publish(new Ping({ n: 2 })));
    const partly = watched(bus.publish(new Pong({ n: 2 })));
    const closed = watched(bus.close());
    await time.rest();
    expect(alone.error).toBeInstanceOf(BusClosedError);
    expect(partly.error).toMatchObject({
      accepted: ["c"],
      refused: ["b"],
      cause: expect.any(BusClosedError),
    });
    await gate.openAll(time);
    expect(closed.value).toMatchObject({ abandoned: [] });
    expectCountsToAddUp(bus);
  });

  test("a publish inside a delivery may wait for a place while the bus closes", async () => {
    const gate = gated();
    const { bus, time } = await started((on) => {
      on.on(Pong, { name: "slow", lane: { concurrency: 1, capacity: 1, waitingMax: 9 } }, gate.handler);
      on.on(Ping, { name: "fast" }, (event, delivery) =>
        delivery.publish(new Pong({ n: event.n })).then(() => undefined),
      );
    });
    await bus.publish(n(5).map((at) => new Ping({ n: at })));
    await time.rest();
    const closed = watched(bus.close());
    await time.rest();
    await gate.openAll(time);
    expect(gate.seen).toEqual(n(5));
    expect(closed.value).toMatchObject({ drained: 8, aborted: [], abandoned: [] }); // two of the fast had ended
  });

  test("invoke() inside a delivery still runs while the bus closes", async () => {
    const gate = deferred();
    const seen: string[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a" }, async () => {
        await gate.promise;
        await bus.invoke(new Pong({ n: 1 }));
      });
      on.on(Pong, { name: "b" }, () => void seen.push("b"));
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close());
    gate.resolve();
    await time.rest();
    expect([seen, closed.value]).toMatchObject([["b"], { drained: 1 }]);
  });

  test("after its settlement a delivery publishes from outside, also while the bus closes", async () => {
    const late = watched(deferred().promise);
    let publish: Promise<unknown> | undefined;
    const gate = gated();
    const { bus, time } = await started((on) => {
      on.on(Pong, { name: "hold" }, gate.handler);
      on.on(Ping, { name: "a" }, (_, delivery: Delivery) => {
        void new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
          publish = delivery.publish(new Pong({ n: 2 }));
          publish.catch(() => undefined);
        });
      });
    });
    await bus.publish([new Ping({ n: 1 }), new Pong({ n: 1 })]);
    const closed = watched(bus.close());
    await time.rest();
    await expect(publish).rejects.toBeInstanceOf(BusClosedError);
    await gate.openAll(time);
    expect([closed.isSettled, late.isSettled]).toEqual([true, false]);
  });
});

test("a listener that calls close() while the bus closes gets the same promise", async () => {
  const { bus } = virtualBus();
  bus.on(Ping, { name: "a" }, () => undefined);
  await bus.start();
  bus.lanes.get("a")?.pause();
  await bus.publish(new Ping({ n: 1 }));
  const heard: Promise<unknown>[] = [];
  bus.notices.on("delivery.abandoned", () => void heard.push(bus.close()));
  const closing = bus.close();
  expect((await closing).abandoned).toHaveLength(1);
  expect(heard).toEqual([closing]);
  expect(heard[0]).toBe(closing);
});
