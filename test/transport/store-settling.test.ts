/** Every item of a store is settled once, as what it came to. */
import { describe, expect, test } from "vitest";
import { deadLetter, drop } from "../../src/index.js";
import { expectCountsToAddUp, gated, n, Ping, watched } from "../dispatch/setup.js";
import { deferred } from "../support/virtual.js";
import { setup } from "./store-setup.js";

describe("settling", () => {
  test("each way to end is told the store as it is, once", async () => {
    const answers = [undefined, drop("old"), deadLetter("mine")];
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: ({ n: at }: Ping) => (at < 3 ? answers[at] : Promise.reject(new Error("broken"))),
    });
    await bus.publish(n(4).map((at) => new Ping({ n: at })));
    await time.rest();
    const lastAttempt = expect.objectContaining({ attempt: 1, error: expect.stringContaining("broken") });
    expect(store.settled.map(({ settlement, answer }) => [settlement, answer])).toEqual([
      [{ kind: "done" }, "settled"],
      [{ kind: "drop", reason: "old" }, "settled"],
      [{ kind: "deadLetter", reason: "mine" }, "settled"],
      [{ kind: "deadLetter", reason: "failed", attempt: lastAttempt }, "settled"],
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

  test("that waited makes room for the next that the store has", async () => {
    const gate = gated();
    const { bus, store, time, undo } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: gate.handler,
    });
    await bus.publish(n(4).map((at) => new Ping({ n: at })));
    await time.rest();
    expect([store.shelf("a").out.size, store.shelf("a").waiting.length]).toEqual([2, 2]);
    store.lose("a", 1);
    await time.rest();
    expect([store.shelf("a").out.size, store.shelf("a").waiting.length]).toEqual([2, 1]);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0, 2, 3]);
    undo();
    expect(bus.lanes.size).toBe(0);
    expect([store.outMax, store.misuse]).toEqual([2, []]);
  });

  test("that still waits in the lane is not run here", async () => {
    const gate = gated();
    const { bus, store, time } = await setup({
      options: { lane: { concurrency: 1 } },
      handler: gate.handler,
      busOptions: { journal: true },
    });
    const receipts = await bus.publish([new Ping({ n: 0 }), new Ping({ n: 1 })]);
    await time.rest();
    const lost = store.lose("a", 1);
    await gate.openAll(time);
    expect(gate.seen).toEqual([0]);
    expect(store.settled).toHaveLength(1);
    expect(lost.deliveries).toBe(1);
    expect(bus.explain(receipts[1]!.id).map(({ decision, because }) => [decision, because])).toEqual([
      ["routed", "into lane a"],
      ["lost", "lease"],
      ["abandoned", "lost (lease)"],
    ]);
    expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ routed: 2, handled: 1, abandoned: 1 });
    const report = watched(bus.close());
    await time.rest();
    expect(report.value).toEqual({ drained: 0, aborted: [], released: [], abandoned: [] });
  });
});
