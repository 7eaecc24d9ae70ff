/** Closing with a store: it gets back what has not ended, and hands out nothing more. */
import { describe, expect, test } from "vitest";
import { gated, n, Ping, watched } from "../dispatch/setup.js";
import { deferred } from "../support/virtual.js";
import { setup, wire } from "./store-setup.js";

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
