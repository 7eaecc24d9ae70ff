/** Called from inside: who waits for the end must not be waited for. */
import { expect, test } from "vitest";
import { BusClosedError, retry } from "../../src/index.js";
import { counts, expectCountsToAddUp, gated, Ping, Pong, watched } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";

async function started(prepare: (bus: ReturnType<typeof virtualBus>["bus"]) => void) {
  const made = virtualBus();
  prepare(made.bus);
  await made.bus.start();
  return made;
}

test("a handler that awaits close() does not wait for itself, but for everybody else", async () => {
  const gate = gated();
  const ended: string[] = [];
  const { bus, time } = await started((on) => {
    on.on(Pong, { name: "other" }, gate.handler);
    on.on(Ping, { name: "closer" }, async () => {
      const report = await bus.close();
      ended.push(`drained ${report.drained}`);
    });
  });
  const receipts = await bus.publish([new Pong({ n: 1 }), new Ping({ n: 1 })]);
  await time.rest();
  expect(ended).toEqual([]);
  await gate.openAll(time);
  expect(ended).toEqual(["drained 1"]);
  expect(await receipts[1].settled()).toMatchObject({ done: 1 });
  expect(counts(bus, "closer")).toMatchObject({ handled: 1, running: 0 });
  expectCountsToAddUp(bus);
});

test("several handlers may await close() at once, and get the same report", async () => {
  const reports: unknown[] = [];
  const { bus, time } = await started((on) =>
    on.on(Ping, { name: "a" }, async () => void reports.push(await bus.close())),
  );
  await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 }), new Ping({ n: 3 })]);
  await time.rest();
  expect(reports).toHaveLength(3);
  expect(new Set(reports).size).toBe(1);
});

test("a handler that calls close() later than somebody else is not waited for from then on", async () => {
  const turn = deferred();
  const { bus, time } = await started((on) =>
    on.on(Ping, { name: "a" }, async () => {
      await turn.promise;
      await bus.close();
    }),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  const closed = watched(bus.close());
  await time.rest();
  expect(closed.isSettled).toBe(false);
  turn.resolve();
  await time.rest();
  expect(closed.isSettled).toBe(true);
});

test("its signal does not abort at the deadline, and its end is counted although the bus has closed", async () => {
  let signal: AbortSignal | undefined;
  const { bus, time } = await started((on) => {
    on.on(Pong, { name: "stuck" }, () => new Promise(() => undefined));
    on.on(Ping, { name: "a" }, async (_, delivery) => {
      ({ signal } = delivery);
      await bus.close({ deadline: "1s" });
    });
  });
  await bus.publish([new Pong({ n: 1 }), new Ping({ n: 1 })]);
  await time.advance(2_000);
  expect(signal?.aborted).toBe(false);
  expect(counts(bus, "a")).toMatchObject({ handled: 1 });
});

test("a handler that fails after its close() is abandoned, and nothing is tried on a closed bus", async () => {
  const attempts: number[] = [];
  const { bus, time } = await started((on) =>
    on.on(Ping, { name: "a", retry: 3 }, async (_, delivery) => {
      attempts.push(delivery.attempt);
      await bus.close();
      return retry({ after: "1ms" });
    }),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  const report = await bus.close();
  await time.advance(60_000);
  expect([attempts, report.abandoned, time.timers]).toEqual([[1], [], 0]);
  expect(counts(bus, "a")).toMatchObject({ abandoned: 1, retrying: 0 });
});

test("a handler that fails after its close() leaves no timer of a breaker behind", async () => {
  const { bus, time } = await started((on) =>
    on.on(Ping, { name: "a", lane: { breaker: { failures: 1, pause: "1h" } } }, async () => {
      await bus.close();
      throw new Error("no");
    }),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect([counts(bus, "a").deadLettered, time.timers]).toEqual([1, 0]);
});

test("a transaction of a handler that has closed the bus inside it takes nothing along", async () => {
  const gate = gated();
  const ends: unknown[] = [];
  const { bus, time } = await started((on) => {
    on.on(Pong, { name: "b" }, gate.handler);
    on.on(Ping, { name: "a" }, () =>
      bus
        .transaction(async (tx) => {
          await tx.publish(new Pong({ n: 1 }));
          await bus.close();
        })
        .catch((error: unknown) => void ends.push(error)),
    );
  });
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(ends).toEqual([expect.any(BusClosedError)]);
  expect((await bus.close()).abandoned).toEqual(["test.pong (held in a transaction)"]);
  expect([gate.seen, counts(bus, "b").routed]).toEqual([[], 0]);
});

test("a transaction that outlives its handler, which did not await it, does not commit into a closed bus", async () => {
  const gate = gated();
  const [open, ends] = [deferred(), deferred<unknown>()];
  const { bus, time } = await started((on) => {
    on.on(Pong, { name: "b" }, () => undefined);
    on.on(Ping, { name: "a" }, (event) => {
      const work = bus.transaction(async (tx) => {
        await tx.publish(new Pong({ n: 1 }));
        await open.promise;
      });
      work.then(ends.resolve, ends.resolve);
      return gate.handler(event);
    });
  });
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  const closed = bus.close();
  await gate.openAll(time);
  expect((await closed).abandoned).toEqual(["test.pong (held in a transaction)"]);
  open.resolve();
  expect(await ends.promise).toBeInstanceOf(BusClosedError);
  expect(counts(bus, "b").routed).toBe(0);
});

test("a handler that is closing the bus publishes while it drains, and no more when it has closed", async () => {
  const results: unknown[] = [];
  const { bus, time } = await started((on) => {
    on.on(Pong, { name: "other" }, () => undefined);
    on.on(Ping, { name: "a" }, async (_, delivery) => {
      const closed = bus.close();
      results.push((await delivery.publish(new Pong({ n: 1 }))).accepted);
      await closed;
      results.push(await delivery.publish(new Pong({ n: 2 })).catch((error: { code: string }) => error.code));
    });
  });
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(results).toEqual([["other"], "SIGNALBOX_BUS_CLOSED"]);
  expect(counts(bus, "other")).toMatchObject({ routed: 1, handled: 1 });
});

test("close() inside an invoked handler does not wait for the delivery around it", async () => {
  const { bus, time } = await started((on) => {
    on.on(Ping, { name: "outer" }, () => bus.invoke(new Pong({ n: 1 })));
    on.on(Pong, { name: "inner" }, () => bus.close());
  });
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(counts(bus, "outer")).toMatchObject({ handled: 1 });
});

test("close() of one bus inside a delivery of another waits for nothing of that other", async () => {
  const other = await started(() => undefined);
  const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, () => other.bus.close()));
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(counts(bus, "a")).toMatchObject({ handled: 1 });
  const closed = watched(bus.close());
  await time.rest();
  expect(closed.value).toMatchObject({ drained: 0 });
});

test("close() inside a transaction abandons what it had reserved, by name, and the transaction rejects", async () => {
  const seen: unknown[] = [];
  const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, (event) => void seen.push(event)));
  let report: unknown;
  const work = bus.transaction(async (tx) => {
    const receipt = await tx.publish(new Ping({ n: 1 }));
    report = await bus.close();
    return receipt;
  });
  await expect(work).rejects.toMatchObject({ code: "SIGNALBOX_BUS_CLOSED" });
  await time.rest();
  expect(report).toMatchObject({ abandoned: ["test.ping (held in a transaction)"] });
  expect(seen).toEqual([]);
  expectCountsToAddUp(bus);
  expect(counts(bus, "a")).toMatchObject({ routed: 0, waiting: 0 });
});

test("a transaction outside of all deliveries is taken back at once, although others still drain", async () => {
  const gate = gated();
  const open = deferred();
  const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, gate.handler));
  await bus.publish(new Ping({ n: 0 }));
  const work = watched(
    bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
      await open.promise;
    }),
  );
  await time.rest();
  const closed = watched(bus.close());
  await time.rest();
  open.resolve();
  await time.rest();
  expect(work.error).toMatchObject({ code: "SIGNALBOX_BUS_CLOSED" });
  expectCountsToAddUp(bus);
  await gate.openAll(time);
  expect(gate.seen).toEqual([0]);
  expect(closed.value).toMatchObject({ drained: 1, abandoned: ["test.ping (held in a transaction)"] });
});

test("a transaction inside a delivery is waited for, and delivered, while the bus closes", async () => {
  const gate = deferred();
  const seen: number[] = [];
  const { bus, time } = await started((on) => {
    on.on(Pong, { name: "b" }, (event) => void seen.push(event.n));
    on.on(Ping, { name: "a" }, () =>
      bus.transaction(async (tx) => {
        await tx.publish(new Pong({ n: 1 }));
        await gate.promise;
        await bus.publish(new Pong({ n: 2 }));
      }),
    );
  });
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  const closed = watched(bus.close());
  await time.rest();
  gate.resolve();
  await time.rest();
  expect(seen).toEqual([1, 2]);
  expect(closed.value).toMatchObject({ drained: 3, abandoned: [] });
});

test("idle() inside a handler waits for everybody else, and for those that wait the same", async () => {
  const gate = gated();
  const idles: string[] = [];
  const { bus, time } = await started((on) => {
    on.on(Pong, { name: "other" }, gate.handler);
    on.on(Ping, { name: "a", lane: { concurrency: 2 } }, async (event) => {
      await bus.idle();
      idles.push(`${event.n}`);
    });
  });
  await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 }), new Pong({ n: 1 })]);
  await time.rest();
  expect(idles).toEqual([]);
  await gate.openAll(time);
  expect(idles).toEqual(["1", "2"]);
});

test("what a handler does after its idle() is work again for the next idle()", async () => {
  const gate = deferred();
  const { bus, time } = await started((on) =>
    on.on(Ping, { name: "a" }, async (event) => {
      if (event.n === 1) await bus.idle();
      else await gate.promise;
    }),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  await bus.publish(new Ping({ n: 2 }));
  const idle = watched(bus.idle());
  await time.rest();
  expect(idle.isSettled).toBe(false);
  gate.resolve();
  await time.rest();
  expect(idle.isSettled).toBe(true);
});

test("idle() resolves at once on a bus that has not started, and on one that has closed", async () => {
  const { bus } = virtualBus();
  await bus.publish(new Ping({ n: 1 }));
  await expect(bus.idle()).resolves.toBe(undefined);
  await bus.close();
  await expect(bus.idle()).resolves.toBe(undefined);
});
