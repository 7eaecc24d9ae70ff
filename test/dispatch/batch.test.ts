/** Batches: a handler that takes several at once, each with its own delivery. */
import { expect, test } from "vitest";
import {
  deadLetter,
  type Delivery,
  drop,
  type LaneOptions,
  On,
  OnBatch,
  type Outcome,
  type Policies,
  retry,
  type StartError,
  Subscriber,
} from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { counts, expectCountsToAddUp, Keyed, n, Ping } from "./setup.js";

type Answer = (events: readonly Ping[], deliveries: readonly Delivery<Ping>[]) => unknown;

async function setup({
  size = 3,
  lane = {} as LaneOptions,
  answer = (() => undefined) as Answer,
  policies = {} as Policies,
} = {}) {
  const batches: number[][] = [];
  const at: number[] = [];
  class Writer {
    @OnBatch(Ping, { size, wait: "50ms", lane, ...policies })
    write(events: Ping[], deliveries: Delivery<Ping>[]): readonly Outcome[] {
      batches.push(events.map((event) => event.n));
      at.push(time.runtime.host.monotonic());
      return answer(events, deliveries) as readonly Outcome[];
    }
  }
  const { bus, time } = virtualBus({ subscribers: [Writer] });
  await bus.start();
  const publish = (...numbers: number[]) => bus.publish(numbers.map((each) => new Ping({ n: each })));
  return { bus, time, batches, at, publish, lane: bus.lanes.get("Writer.write" as never)! };
}

test("a full batch starts at once, and one that is not when its first has waited", async () => {
  const { bus, time, batches, at, publish, lane } = await setup();
  await publish(1, 2, 3, 4);
  await time.rest();
  expect(batches).toEqual([[1, 2, 3]]);
  await time.advance(40);
  await publish(5);
  await time.advance(9);
  expect(lane.waiting).toBe(2);
  await time.advance(1);
  expect([batches, at]).toEqual([
    [
      [1, 2, 3],
      [4, 5],
    ],
    [0, 50],
  ]);
  expect(counts(bus, "Writer.write")).toMatchObject({ routed: 5, handled: 5 });
  expect([lane.waiting, lane.running, time.timers]).toEqual([0, 0, 0]);
  expectCountsToAddUp(bus);
});

test("the wait begins with the first that is left, not with that of the batch before", async () => {
  const { time, at, publish } = await setup();
  await publish(1);
  await time.advance(40);
  await publish(2, 3, 4);
  await time.advance(49);
  expect(at).toEqual([40]);
  await time.advance(1);
  expect(at).toEqual([40, 90]);
});

test("each has its own outcome: done, retried, dropped, a dead letter; and its own receipt", async () => {
  const tries = new Map<number, number[]>();
  const { bus, time, batches, publish } = await setup({
    size: 5,
    policies: { retry: { attempts: 3, delay: "1s", backoff: "fixed", jitter: false } },
    answer: (events, deliveries) =>
      events.map(({ n: number }, index) => {
        tries.set(number, [...(tries.get(number) ?? []), deliveries[index]!.attempt]);
        if (number === 2) return deliveries[index]!.attempt === 1 ? retry() : undefined;
        return number === 3 ? drop("no use") : number === 4 ? deadLetter("no id") : undefined;
      }),
  });
  const receipts = await publish(1, 2, 3, 4, 5);
  await time.rest();
  expect(await receipts[0]!.settled()).toMatchObject({ done: 1 });
  expect(await receipts[2]!.settled()).toMatchObject({ dropped: 1, notHandled: [{ reason: "no use" }] });
  expect(await receipts[3]!.settled()).toMatchObject({ deadLettered: 1 });
  expect((await bus.deadLetters.list()).map(({ event, reason }) => [(event as Ping).n, reason])).toEqual([
    [4, "no id"],
  ]);
  await time.advance(1_050);
  expect(batches).toEqual([[1, 2, 3, 4, 5], [2]]);
  expect(tries.get(2)).toEqual([1, 2]);
  expect(counts(bus, "Writer.write")).toMatchObject({ handled: 3, dropped: 1, deadLettered: 1 });
  expectCountsToAddUp(bus);
});

test("a throw fails all of them, each with its own retries and dead letter", async () => {
  const { bus, time, publish, batches } = await setup({
    policies: { retry: { attempts: 2, delay: "1s", backoff: "fixed", jitter: false } },
    answer: () => {
      throw new Error("database down");
    },
  });
  await publish(1, 2, 3);
  await time.advance(2_000);
  expect(batches.map((each) => each.toSorted((a, b) => a - b))).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  const letters = await bus.deadLetters.list();
  expect(letters.map(({ attempts, reason }) => [attempts.length, reason])).toEqual(
    n(3).map(() => [2, "failed"]),
  );
  expectCountsToAddUp(bus);
});

test("one outcome is that of all, and a list of another length is a failure that says so", async () => {
  const all = await setup({ answer: () => drop("maintenance") });
  await all.publish(1, 2, 3);
  await all.time.rest();
  expect(counts(all.bus, "Writer.write")).toMatchObject({ dropped: 3 });
  const short = await setup({ answer: () => [undefined] });
  await short.publish(1, 2, 3);
  await short.time.rest();
  expect(counts(short.bus, "Writer.write")).toMatchObject({ deadLettered: 3 });
  expect((await short.bus.deadLetters.list())[0]!.attempts[0]!.error).toMatchObject({
    message: expect.stringContaining("as many outcomes as events (3), got 1"),
  });
});

test("a batch takes one slot, and so many batches run at once as there are slots", async () => {
  const gates = [deferred(), deferred(), deferred()];
  const { time, batches, publish, lane } = await setup({
    lane: { concurrency: 2 },
    answer: (events) => gates[Math.floor((events[0]!.n - 1) / 3)]!.promise,
  });
  await publish(...n(9).map((each) => each + 1));
  await time.rest();
  expect(batches).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect([lane.running, lane.waiting]).toEqual([6, 3]);
  gates[0]!.resolve();
  await time.rest();
  expect(batches.length).toBe(3);
  gates[1]!.resolve();
  gates[2]!.resolve();
  await time.rest();
  expect([lane.running, lane.waiting]).toEqual([0, 0]);
});

test("of a key one is in a batch, and the next in the next: the order holds", async () => {
  const seen: string[] = [];
  class Ledger {
    @OnBatch(Keyed, { size: 10, wait: 5 }) book(events: Keyed[]): void {
      seen.push(events.map(({ key, n: number }) => `${key}${number}`).join(" "));
    }
  }
  const { bus, time } = virtualBus({ subscribers: [Ledger] });
  await bus.start();
  for (const number of [1, 2]) for (const key of ["a", "b"]) await bus.publish(new Keyed({ key, n: number }));
  await time.advance(100);
  expect(seen).toEqual(["a1 b1", "a2 b2"]);
});

test("steps stand around each delivery, and one that they keep back is not in the batch", async () => {
  const { time, batches, publish, bus } = await setup({
    policies: { steps: [async ({ event }, next) => ((event as Ping).n === 2 ? drop("kept back") : next())] },
  });
  await publish(1, 2, 3);
  await time.rest();
  expect(batches).toEqual([[1, 3]]);
  expect(counts(bus, "Writer.write")).toMatchObject({ handled: 2, dropped: 1 });
});

test("the timeout is each delivery's own: its signal aborts, its failure is retried or kept", async () => {
  const aborted: number[] = [];
  const { bus, time, publish } = await setup({
    policies: { timeout: "1s" },
    answer: (events, deliveries) =>
      Promise.all(
        deliveries.map((delivery, index) =>
          delivery.sleep("1h").catch(() => void aborted.push(events[index]!.n)),
        ),
      ),
  });
  await publish(1, 2, 3);
  await time.advance(1_000);
  expect(aborted).toEqual([1, 2, 3]);
  expect((await bus.deadLetters.list()).map(({ reason }) => reason)).toEqual(n(3).map(() => "timeout"));
  expectCountsToAddUp(bus);
});

test("a bus that closes does not wait for a batch to fill", async () => {
  const { bus, time, batches, publish } = await setup({ size: 100 });
  await publish(1, 2);
  await time.rest();
  await bus.idle(); // timers do not count
  expect(batches).toEqual([]);
  const report = await bus.close();
  expect([batches, report.drained, report.abandoned, time.timers]).toEqual([[[1, 2]], 2, [], 0]);
});

test("at the deadline of a close every delivery of a batch is aborted, by name", async () => {
  const { bus, time, publish } = await setup({
    answer: (_, deliveries) => Promise.all(deliveries.map((delivery) => delivery.sleep("1h"))),
  });
  await publish(1, 2, 3);
  await time.rest();
  const closing = bus.close({ deadline: "1s" });
  await time.advance(1_000);
  expect((await closing).aborted.length).toBe(3);
});

test("an expired one is not in the batch", async () => {
  const { bus, time, batches, publish } = await setup();
  await bus.publish(new Ping({ n: 1 }), { expiresIn: 10 });
  await publish(2);
  await time.advance(50);
  expect(batches).toEqual([[2]]);
  expect(counts(bus, "Writer.write")).toMatchObject({ expired: 1, handled: 1 });
});

test("an invoke is a batch of one, and throws what it threw", async () => {
  const { bus, batches } = await setup({
    answer: (events) => {
      if (events[0]!.n === 2) throw new Error("two");
    },
  });
  await bus.invoke(new Ping({ n: 1 }));
  await expect(bus.invoke(new Ping({ n: 2 }))).rejects.toThrow("two");
  expect(batches).toEqual([[1], [2]]);
});

test("what is published by one of its deliveries has that one's event as its cause", async () => {
  const { bus, time, publish } = await setup({
    answer: async (_, deliveries) => void (await deliveries[1]!.publish(new Keyed({ key: "k", n: 1 }))),
  });
  const causes: (string | undefined)[] = [];
  bus.on(Keyed, (_, { cause }) => void causes.push(cause));
  const receipts = await publish(1, 2, 3);
  await time.rest();
  expect(causes).toEqual([receipts[1]!.id]);
});

test("where it cannot be: a shared lane, slots by themselves, threads, a scope per delivery", async () => {
  @Subscriber({ name: "Wrong", scope: "delivery" })
  class Wrong {
    @OnBatch(Ping, { size: 2, wait: 5, name: "a", lane: "shared" }) a(_events: Ping[]): void {}
    @OnBatch(Ping, {
      size: 2,
      wait: 5,
      name: "b",
      lane: { concurrency: { min: 1, max: 2, target: 5 }, worker: new URL("file:///x.js") },
    })
    b(_events: Ping[]): void {}
    @On(Ping) c(): void {}
  }
  const { bus } = virtualBus({ subscribers: [Wrong], lanes: { shared: {} } });
  const error = (await bus.start().catch((each: unknown) => each)) as StartError;
  expect(error.faults).toEqual([
    expect.stringMatching(/^Wrong.a takes batches, and lane shared is shared/),
    expect.stringMatching(/^Wrong.a .* made for each delivery/),
    expect.stringMatching(/^Wrong.b .* sets its slots by itself/),
    expect.stringMatching(/^Wrong.b .* worker threads/),
    expect.stringMatching(/^Wrong.b .* made for each delivery/),
  ]);
});

test("@OnBatch without parentheses is told how it is written", () => {
  expect(() => OnBatch({} as never, "handle" as never)).toThrow(
    "@OnBatch needs its event and its size: write @OnBatch(Event, { size, wait }), with parentheses.",
  );
});
