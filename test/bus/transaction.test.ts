import { describe, expect, test } from "vitest";
import { LaneFullError, type TransactionScope, UnhandledEventError } from "../../src/index.js";
import {
  counts,
  expectCountsToAddUp,
  gated,
  Keyed,
  mismatches,
  n,
  Ping,
  Pong,
  watched,
} from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";

async function started(prepare: (bus: ReturnType<typeof virtualBus>["bus"]) => void, options = {}) {
  const made = virtualBus(options);
  prepare(made.bus);
  await made.bus.start();
  return made;
}

/** Everything that a transaction which was taken back must not have left. */
function expectNoTrace(bus: ReturnType<typeof virtualBus>["bus"], routed = 0): void {
  for (const each of bus.describe().subscriptions)
    expect(each.counts).toMatchObject({ routed, waiting: 0, running: 0, deduplicated: 0, dropped: 0 });
  for (const lane of bus.lanes.values()) expect(lane).toMatchObject({ waiting: 0, waitingPublishes: 0 });
  expectCountsToAddUp(bus);
}

describe("a transaction that succeeds", () => {
  test("answers what the work answers, and delivers in the order of its publishes", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1 } }, (event) => void seen.push(event.n)),
    );
    const value = await bus.transaction(async (tx) => {
      await tx.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
      await bus.publish(new Ping({ n: 3 }));
      return "value";
    });
    await bus.publish(new Ping({ n: 4 }));
    await time.rest();
    expect([value, seen]).toEqual(["value", [1, 2, 3, 4]]);
  });

  test("cannot be refused: its places are there, even if the lane fills up meanwhile", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 2, overflow: "reject" } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    const open = deferred();
    const work = bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
      await open.promise;
    });
    await time.rest();
    await bus.publish(new Ping({ n: 2 }));
    await expect(bus.publish(new Ping({ n: 3 }))).rejects.toBeInstanceOf(LaneFullError);
    expectCountsToAddUp(bus);
    open.resolve();
    await work;
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 2, 1]);
  });

  test("waits inside for a place where the lane lets publishers wait", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    await bus.publish(new Ping({ n: 1 }));
    const work = watched(bus.transaction((tx) => tx.publish(new Ping({ n: 2 }))));
    await time.rest();
    expect(work.isSettled).toBe(false);
    expectCountsToAddUp(bus);
    await gate.next(time);
    expect(work.value).toMatchObject({ held: true });
    expectCountsToAddUp(bus);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 1, 2]);
    expectCountsToAddUp(bus);
  });

  test("delivers what its last publishes still wait for, when nobody awaited them", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, waitingMax: 9 } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    const late: Promise<unknown>[] = [];
    await bus.transaction(async (tx) => {
      for (const at of [1, 2, 3]) late.push(tx.publish(new Ping({ n: at })));
    });
    expectCountsToAddUp(bus);
    await time.rest();
    await gate.openAll(time);
    await Promise.all(late);
    expect(gate.seen).toEqual([0, 1, 2, 3]);
    expectCountsToAddUp(bus);
  });

  test("settles its receipts when their deliveries are final", async () => {
    const gate = gated();
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, gate.handler));
    const receipt = await bus.transaction((tx) => tx.publish(new Ping({ n: 1 })));
    const settled = watched(receipt.settled());
    await time.rest();
    expect(settled.isSettled).toBe(false);
    await gate.openAll(time);
    expect(settled.value).toMatchObject({ done: 1 });
  });

  test("cannot wait inside for what its end delivers: settled() says so", async () => {
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, () => undefined));
    const receipt = await bus.transaction(async (tx) => {
      const held = await tx.publish(new Ping({ n: 1 }));
      await expect(held.settled()).rejects.toMatchObject({
        code: "SIGNALBOX_SELF_WAIT",
        message:
          "receipt.settled() inside a transaction would wait for that transaction itself. Await it when the transaction has ended.",
      });
      return held;
    });
    await time.rest();
    expect(await receipt.settled()).toMatchObject({ done: 1 });
  });

  test("filters, drops and deduplicates as any publish does", async () => {
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "filters", when: (event) => event.n > 1 }, () => undefined);
      on.on(Ping, { name: "dedupes", dedupe: { by: () => "same", window: "1m" } }, () => undefined);
      on.on(
        Ping,
        { name: "drops", lane: { concurrency: 1, capacity: 1, overflow: "dropOldest" } },
        () => undefined,
      );
    });
    await bus.transaction(async (tx) => {
      await tx.publish(n(3).map((at) => new Ping({ n: at })));
      expectCountsToAddUp(bus);
    });
    expectCountsToAddUp(bus);
    await time.rest();
    expect(counts(bus, "filters")).toMatchObject({ routed: 3, handled: 1, filtered: 2 });
    expect(counts(bus, "dedupes")).toMatchObject({ routed: 3, handled: 1, deduplicated: 2 });
    expect(counts(bus, "drops")).toMatchObject({ routed: 3, handled: 1, dropped: 2 });
  });

  test("is told to taps and notices when it has succeeded", async () => {
    const heard: string[] = [];
    const { bus } = await started((on) => {
      on.tap("**", (_, { name }) => void heard.push(`tap ${name}`));
      on.notices.on("event.published", ({ event }) => heard.push(`notice ${event}`));
      on.on(Ping, { name: "a" }, () => undefined);
    });
    await bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual(["tap test.ping", "notice test.ping"]);
    expect(bus.describe().counts.published).toBe(1);
  });
});

describe("a transaction that throws", () => {
  test("rejects with what was thrown and leaves no trace", async () => {
    const seen: unknown[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a" }, (event) => void seen.push(event));
      on.on(
        Ping,
        { name: "b", dedupe: { by: () => "same", window: "1m" } },
        (event) => void seen.push(event),
      );
      on.on(
        Ping,
        { name: "c", lane: { capacity: 1, overflow: "coalesce" }, key: () => "k" },
        () => undefined,
      );
      on.on(Keyed, { name: "d" }, () => undefined);
    });
    const error = new Error("no");
    const receipts: { settled(): Promise<unknown> }[] = [];
    const work = bus.transaction(async (tx) => {
      receipts.push(
        ...(await tx.publish([new Ping({ n: 1 }), new Ping({ n: 2 }), new Keyed({ key: "k", n: 1 })])),
      );
      throw error;
    });
    await expect(work).rejects.toBe(error);
    await time.rest();
    expect(seen).toEqual([]);
    expectNoTrace(bus);
    expect(await receipts[0]!.settled()).toMatchObject({ done: 0, abandoned: 0 });
    expect(bus.describe().counts).toEqual({ published: 0, unhandled: 0 });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(counts(bus, "b")).toMatchObject({ routed: 1, handled: 1, deduplicated: 0 });
  });

  test("a work that throws at once, before any promise, is the same", async () => {
    const { bus } = await started(() => undefined);
    const thrown = (): never => {
      throw new Error("at once");
    };
    await expect(bus.transaction(thrown)).rejects.toThrow("at once");
  });

  test("gives back the places that it had, and those that it still waited for", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, waitingMax: 9 } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    const late: Promise<unknown>[] = [];
    const failed = bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
      late.push(tx.publish(new Ping({ n: 2 })), tx.publish(new Ping({ n: 3 })));
      await time.rest();
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(bus.lanes.get("a")).toMatchObject({ waiting: 0, waitingPublishes: 0 });
    expectCountsToAddUp(bus);
    await Promise.all(late);
    expect(await bus.publish(new Ping({ n: 4 }))).toMatchObject({ accepted: ["a"] });
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 4]);
    expect(time.timers).toBe(0);
  });

  test("whoever waited behind it gets the places", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    const open = deferred();
    const failed = watched(
      bus.transaction(async (tx) => {
        await tx.publish(new Ping({ n: 1 }));
        await open.promise;
      }),
    );
    await time.rest();
    const waiting = watched(bus.publish(new Ping({ n: 2 })));
    await time.rest();
    expect(waiting.isSettled).toBe(false);
    open.reject(new Error("no"));
    await time.rest();
    expect([failed.isSettled, waiting.isSettled]).toEqual([true, true]);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 2]);
  });
});

describe("a publish inside that fails", () => {
  test("keeps nothing, and the transaction goes on without it", async () => {
    const gate = gated();
    const seen: number[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "full", lane: { concurrency: 1, capacity: 1, waitMax: "1s" } }, gate.handler);
      on.on(Ping, { name: "free" }, (event) => void seen.push(event.n));
    });
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    await bus.publish(new Ping({ n: 1 }));
    let error: unknown;
    const work = watched(
      bus.transaction(async (tx) => {
        await tx.publish(new Ping({ n: 2 })).catch((reason: unknown) => (error = reason));
        await tx.publish(new Pong({ n: 3 }));
      }),
    );
    await time.advance(1_000);
    expect(error).toBeInstanceOf(LaneFullError);
    expect(work.isSettled).toBe(true);
    expect(counts(bus, "free")).toMatchObject({ routed: 2, waiting: 0 });
    expect(counts(bus, "full")).toMatchObject({ routed: 2, waiting: 1, running: 1 });
    await gate.openAll(time);
    expect([gate.seen, seen]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expectCountsToAddUp(bus);
  });

  test("is refused at once where nobody handles the event and the bus is strict", async () => {
    const { bus } = await started(() => undefined, { onUnhandled: "error" });
    const work = bus.transaction((tx) => tx.publish(new Ping({ n: 1 })));
    await expect(work).rejects.toBeInstanceOf(UnhandledEventError);
  });

  test("stops waiting when its signal aborts", async () => {
    const gate = gated();
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler),
    );
    await bus.publish(new Ping({ n: 0 }));
    await time.rest();
    await bus.publish(new Ping({ n: 1 }));
    const abort = new AbortController();
    const work = watched(bus.transaction((tx) => tx.publish(new Ping({ n: 2 }), { signal: abort.signal })));
    await time.rest();
    abort.abort(new Error("enough"));
    await time.rest();
    expect(work.error).toMatchObject({ message: "enough" });
    expectCountsToAddUp(bus);
  });
});

describe("what is inside", () => {
  test("a nested transaction joins the outer one: its end delivers nothing, and the outer takes all back", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, (event) => void seen.push(event.n)),
    );
    const work = bus.transaction(async () => {
      await bus.transaction((inner) => inner.publish(new Ping({ n: 1 })));
      await time.rest();
      expect(seen).toEqual([]);
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    await time.rest();
    expect(seen).toEqual([]);
    await bus.transaction(async () => {
      await bus.transaction((inner) => inner.publish(new Ping({ n: 2 })));
    });
    await time.rest();
    expect(seen).toEqual([2]);
    expectNoTrace(bus, 1);
  });

  test("tx.publish needs no async context, and bus.publish outside of it is not inside", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, (event) => void seen.push(event.n)),
    );
    let scope: TransactionScope | undefined;
    const open = deferred();
    const work = bus.transaction(async (tx) => {
      scope = tx;
      await open.promise;
      throw new Error("no");
    });
    await scope!.publish(new Ping({ n: 1 }));
    await bus.publish(new Ping({ n: 2 }));
    open.resolve();
    await expect(work).rejects.toThrow("no");
    await time.rest();
    expect(seen).toEqual([2]);
  });

  test("tx.publish after the end is refused, whichever end it was", async () => {
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, () => undefined));
    let scope: TransactionScope | undefined;
    await bus.transaction(async (tx) => void (scope = tx));
    await expect(scope!.publish(new Ping({ n: 1 }))).rejects.toThrow(
      new TypeError("tx.publish() came after the end of its transaction. Await it inside the work."),
    );
    await bus.transaction(async (tx) => Promise.reject((scope = tx))).catch(() => undefined);
    await expect(scope!.publish(new Ping({ n: 1 }))).rejects.toBeInstanceOf(TypeError);
    await time.rest();
    expectNoTrace(bus);
  });

  test("whoever is told of something while it commits or is taken back finds counts that add up", async () => {
    const told: string[] = [];
    const wrong: string[] = [];
    const lane = { capacity: 1, concurrency: 1, overflow: "dropOldest" } as const;
    const { bus, time } = await started((on) => on.on(Ping, { name: "a", lane }, () => undefined));
    for (const name of ["lane.full", "lane.free", "delivery.dropped"] as const)
      bus.notices.on(name, () => (told.push(name), wrong.push(...mismatches(bus))));
    bus.lanes.get("a")!.pause();
    const publish = (tx: TransactionScope) => tx.publish(n(2).map((each) => new Ping({ n: each })));
    await bus.transaction(publish);
    bus.lanes.get("a")!.resume();
    await time.rest();
    await expect(
      bus.transaction(async (tx) => (await publish(tx), Promise.reject(new Error("no")))),
    ).rejects.toThrow("no");
    expect([told, wrong]).toEqual([
      ["lane.full", "delivery.dropped", "lane.free", "lane.full", "lane.free"],
      [],
    ]);
  });

  test("delivery.publish inside a transaction of that delivery belongs to it", async () => {
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a" }, (_, delivery) =>
        bus.transaction(async () => {
          await delivery.publish(new Pong({ n: 1 }));
          throw new Error("no");
        }),
      );
      on.on(Pong, { name: "b" }, () => undefined);
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(counts(bus, "b").routed).toBe(0);
  });

  test("a publish inside a delivery and inside a transaction belongs to both", async () => {
    const causes: unknown[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a" }, () =>
        bus.transaction((tx) => tx.publish(new Pong({ n: 1 }))).then(() => undefined),
      );
      on.on(Pong, { name: "b" }, (_, delivery) => void causes.push(delivery.cause));
    });
    const receipt = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(causes).toEqual([receipt.id]);
    expect(await receipt.settled()).toMatchObject({ done: 2 });
  });

  test("what an invoked handler publishes is inside, too", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) => {
      on.on(Ping, { name: "a" }, (event) => bus.publish(new Pong({ n: event.n })).then(() => undefined));
      on.on(Pong, { name: "b" }, (event) => void seen.push(event.n));
    });
    const work = bus.transaction(async () => {
      await bus.invoke(new Ping({ n: 1 }));
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    await time.rest();
    expect(seen).toEqual([]);
    await bus.transaction(() => bus.invoke(new Ping({ n: 2 })));
    await time.rest();
    expect(seen).toEqual([2]);
  });

  test("transactions of two buses, one in the other, do not mix", async () => {
    const seen: string[] = [];
    const one = await started((on) =>
      on.on(Ping, { name: "a" }, (event) => void seen.push(`one ${event.n}`)),
    );
    const two = await started((on) =>
      on.on(Ping, { name: "a" }, (event) => void seen.push(`two ${event.n}`)),
    );
    const work = one.bus.transaction(async () => {
      await two.bus.transaction(async () => {
        await one.bus.publish(new Ping({ n: 1 }));
        await two.bus.publish(new Ping({ n: 2 }));
      });
      await two.bus.publish(new Ping({ n: 3 }));
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    await one.time.rest();
    expect(seen.toSorted()).toEqual(["two 2", "two 3"]);
  });

  test("the handlers of a transaction do not run inside it", async () => {
    const receipts: unknown[] = [];
    const { bus, time } = await started((on) => {
      on.on(
        Ping,
        { name: "a" },
        async () => void receipts.push((await bus.publish(new Pong({ n: 1 }))).held),
      );
      on.on(Pong, { name: "b" }, () => undefined);
    });
    await bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
    });
    await time.rest();
    expect(receipts).toEqual([false]);
  });

  test("tx.client says so where no transport has a client", async () => {
    const { bus } = await started(() => undefined);
    await expect(bus.transaction(async (tx) => String(tx.client))).rejects.toThrow(
      "no transport of this bus has one",
    );
  });
});
