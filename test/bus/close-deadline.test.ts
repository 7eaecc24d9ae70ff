import { describe, expect, test } from "vitest";
import { BusClosedError } from "../../src/index.js";
import { expectCountsToAddUp, gated, Keyed, n, Ping, Pong, watched } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";

async function started(prepare: (bus: ReturnType<typeof virtualBus>["bus"]) => void, options = {}) {
  const made = virtualBus(options);
  prepare(made.bus);
  await made.bus.start();
  return made;
}

const never = (): Promise<never> => new Promise(() => undefined);

describe("the deadline", () => {
  test("signals abort at the deadline, with a second of grace; what ends in it counts as drained", async () => {
    const reasons: unknown[] = [];
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, (_, { signal }) => {
        return new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => (reasons.push(signal.reason), resolve())),
        );
      }),
    );
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: "5s" }));
    await time.advance(4_999);
    expect(reasons).toEqual([]);
    await time.advance(1);
    expect(reasons).toEqual([expect.any(BusClosedError)]);
    expect(closed.value).toEqual({
      drained: 1,
      aborted: [`a (test.ping ${id})`],
      released: [],
      abandoned: [],
    });
  });

  test("what fails because of the abort is abandoned: no rule, no retry, no dead letter", async () => {
    const asked: unknown[] = [];
    const { bus, time, logged } = await started((on) =>
      on.on(
        Ping,
        { name: "a", retry: { attempts: 5, on: (error) => void asked.push(error) } },
        (_, { signal }) => {
          return new Promise<void>((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason as Error)),
          );
        },
      ),
    );
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: "5s" }));
    await time.advance(5_000);
    const label = `a (test.ping ${id})`;
    expect(closed.value).toEqual({ drained: 0, aborted: [label], released: [], abandoned: [label] });
    expect([asked, bus.deadLetters.size, logged]).toEqual([[], 0, []]);
  });

  test("what goes on past the grace is abandoned; when it ends at last, that is late and nothing else", async () => {
    const gate = deferred();
    const late: string[] = [];
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, () => gate.promise));
    bus.notices.on("delivery.late", ({ subscription }) => late.push(subscription));
    const receipt = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: "5s" }));
    await time.advance(5_999);
    expect(closed.isSettled).toBe(false);
    await time.advance(1);
    const report = closed.value;
    expect(report).toMatchObject({ aborted: [expect.any(String)], abandoned: [expect.any(String)] });
    expect(await receipt.settled()).toMatchObject({ abandoned: 1 });
    gate.resolve();
    await time.rest();
    expect(late).toEqual(["a"]);
    expect(report).toMatchObject({ drained: 0 });
    expectCountsToAddUp(bus);
  });

  test("what still waits at the deadline is abandoned and never starts", async () => {
    const gate = gated();
    const { bus, time } = await started((on) => on.on(Keyed, { name: "a" }, (event) => gate.handler(event)));
    await bus.publish(n(3).map((at) => new Keyed({ key: "k", n: at })));
    await time.rest();
    const closed = watched(bus.close({ deadline: "1s" }));
    await time.advance(2_000);
    expect(closed.value).toMatchObject({ aborted: [expect.any(String)], abandoned: { length: 3 } });
    await gate.openAll(time);
    expect(gate.seen).toEqual([0]);
    expectCountsToAddUp(bus);
  });

  test("what is published in the grace is taken, and is abandoned by name where it does not end in it", async () => {
    const seen: number[] = [];
    const { bus, time } = await started((on) => {
      on.on(Pong, { name: "b", lane: { concurrency: 1 } }, (event) => (seen.push(event.n), never()));
      on.on(Ping, { name: "a" }, (_, delivery) => {
        delivery.signal.addEventListener(
          "abort",
          () => void delivery.publish([new Pong({ n: 1 }), new Pong({ n: 2 })]),
        );
        return never();
      });
    });
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: "1s" }));
    await time.advance(2_000);
    expect(seen).toEqual([1]);
    const { abandoned } = closed.value!;
    expect(abandoned.map((each) => each.slice(0, 1)).toSorted()).toEqual(["a", "b", "b"]);
    await time.advance(10_000);
    expect(seen).toEqual([1]);
    expectCountsToAddUp(bus);
  });

  test("a deadline of zero aborts what runs at once", async () => {
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, never));
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close({ deadline: 0 }));
    await time.advance(1_000);
    expect(closed.value).toMatchObject({ aborted: { length: 1 }, abandoned: { length: 1 } });
  });

  test("the deadline counts from the call, however long the bus has run", async () => {
    let isAborted = false;
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, (_, { signal }) => {
        signal.addEventListener("abort", () => (isAborted = true));
        return never();
      }),
    );
    await time.advance(60_000);
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    void bus.close({ deadline: "5s" });
    await time.advance(4_999);
    expect(isAborted).toBe(false);
    await time.advance(1);
    expect(isAborted).toBe(true);
  });

  test("nothing that waits starts in the grace, also where the signal frees a slot; the journal says why", async () => {
    const seen: number[] = [];
    const { bus, time } = await started(
      (on) =>
        on.on(Ping, { name: "a", lane: { concurrency: 1 } }, ({ n: number }, { signal }) => {
          seen.push(number);
          return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        }),
      { journal: true },
    );
    const receipts = await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
    await time.rest();
    const closed = watched(bus.close({ deadline: "1s" }));
    await time.advance(1_000);
    expect([closed.isSettled, seen]).toEqual([true, [1]]);
    expect(bus.explain(receipts[1]!.id).at(-1)).toMatchObject({
      decision: "abandoned",
      because: "the deadline of close() came first",
    });
  });

  test("whoever waits for the quiet is let go when the bus has closed over a handler that never ends", async () => {
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, never));
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const idle = watched(bus.idle());
    void bus.close({ deadline: "1s" });
    await time.advance(1_999);
    expect(idle.isSettled).toBe(false);
    await time.advance(1);
    expect(idle.isSettled).toBe(true);
  });

  test("the deadline is 25 seconds where none is given", async () => {
    const { bus, time } = await started((on) => on.on(Ping, { name: "a" }, never));
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = watched(bus.close());
    await time.advance(25_999);
    expect(closed.isSettled).toBe(false);
    await time.advance(1);
    expect(closed.isSettled).toBe(true);
  });

  test("a handler that never ends leaves no timer behind, whatever its options set", async () => {
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a", timeout: "1h", lane: { rate: { limit: 1, interval: "1h" } } }, never),
    );
    await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
    await time.rest();
    const closed = watched(bus.close({ deadline: "1s" }));
    await time.advance(2_000);
    expect([closed.isSettled, time.timers]).toEqual([true, 0]);
  });

  test("a publish inside that waits for a place when the deadline comes is refused", async () => {
    const { bus, time } = await started((on) => {
      on.on(Pong, { name: "b", lane: { concurrency: 1, capacity: 1, waitingMax: 9 } }, never);
      on.on(Ping, { name: "a" }, async (event, delivery) => {
        const publish = watched(delivery.publish(new Pong({ n: event.n })));
        refused.push(publish);
        await never();
      });
    });
    const refused: ReturnType<typeof watched>[] = [];
    await bus.publish(n(3).map((at) => new Ping({ n: at })));
    await time.rest();
    void bus.close({ deadline: "1s" });
    await time.advance(2_000);
    expect(refused.map(({ error }) => error)).toEqual([undefined, undefined, expect.any(BusClosedError)]);
    expectCountsToAddUp(bus);
  });

  test("a sleep of the application's clock ends although the bus has closed", async () => {
    const { bus, time } = await started((on) =>
      on.on(Ping, { name: "a" }, async (_, delivery) => {
        const sleep = delivery.sleep("5s");
        await bus.close();
        await sleep;
        slept = true;
      }),
    );
    let slept = false;
    await bus.publish(new Ping({ n: 1 }));
    await time.advance(5_000);
    expect(slept).toBe(true);
  });
});
