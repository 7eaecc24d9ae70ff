/** Cancelling a task, wherever it stands. */
import { expect, test } from "vitest";
import { retry, TaskCancelledError, type PublishOptions } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { Double, expectRest, gatedBus, seen } from "./setup.js";

const ONE = { lane: { concurrency: 1 } } as const;

test("what waits in its lane is removed at once", async () => {
  const { bus, time, calls } = await gatedBus({}, ONE);
  const running = await bus.run(new Double({ n: 1 }));
  const waiting = await bus.run(new Double({ n: 2 }));
  const result = seen(waiting);
  await time.rest();
  expect(await waiting.cancel("not needed")).toBe(true);
  expect([waiting.state, bus.lanes.get("double")!.waiting]).toEqual(["cancelled", 0]);
  calls[0]!.give(2);
  expect(await running.result()).toBe(2);
  await expectRest(bus, time);
  expect(calls).toHaveLength(1);
  expect(result).toMatchObject({
    times: 1,
    error: { code: "SIGNALBOX_TASK_CANCELLED", task: "math.double", reason: "not needed" },
  });
});

test("what runs gets its signal, is not tried again, and is waited for", async () => {
  const { bus, time, calls } = await gatedBus({}, { retry: 5 });
  const handle = await bus.run(new Double({ n: 1 }));
  const result = seen(handle);
  await time.rest();
  let answer: boolean | undefined;
  void handle.cancel("enough").then((is) => (answer = is));
  await time.rest();
  expect([calls[0]!.signal.aborted, answer, handle.state]).toEqual([true, undefined, "running"]);
  expect(calls[0]!.signal.reason).toBeInstanceOf(TaskCancelledError);
  calls[0]!.fail(calls[0]!.signal.reason);
  await time.rest();
  expect([answer, handle.state, calls.length]).toEqual([true, "cancelled", 1]);
  expect(result.error).toMatchObject({ reason: "enough" });
  expect(bus.deadLetters.size).toBe(0);
  await expectRest(bus, time);
});

test("a handler that gives its result nevertheless has the last word", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(new Double({ n: 1 }));
  await time.rest();
  const cancelled = handle.cancel("enough");
  calls[0]!.give(2);
  expect(await cancelled).toBe(false);
  expect(await handle.result()).toBe(2);
  await time.rest();
});

test("one that asks for a retry after it was cancelled gets none", async () => {
  const { bus, time } = virtualBus();
  let runs = 0;
  bus.handle(Double, { retry: 5 }, (_, { signal }) => {
    runs++;
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(retry())));
  });
  await bus.start();
  const handle = await bus.run(new Double({ n: 1 }));
  await time.rest();
  expect(await handle.cancel("enough")).toBe(true);
  await time.advance(100_000);
  expect(runs).toBe(1);
});

test("what waits for its retry is removed, and its timer with it", async () => {
  const { bus, time, calls } = await gatedBus({}, { retry: { attempts: 3, delay: "1h" } });
  const handle = await bus.run(new Double({ n: 1 }));
  await time.rest();
  calls[0]!.fail(new Error("once"));
  await time.rest();
  expect(bus.lanes.get("double")!.retrying).toBe(1);
  expect(await handle.cancel("no more")).toBe(true);
  await expectRest(bus, time);
});

test.each<[string, PublishOptions]>([
  ["for its time", { delay: "1d" }],
  ["behind its key", { key: "k" }],
])("what waits %s is removed", async (_, options) => {
  const { bus, time, calls } = await gatedBus();
  const first = await bus.run(new Double({ n: 1 }), { key: "k" });
  const second = await bus.run(new Double({ n: 2 }), options);
  await time.rest();
  expect(await second.cancel("not needed")).toBe(true);
  calls[0]!.give(2);
  expect(await first.result()).toBe(2);
  await expectRest(bus, time);
  expect(calls).toHaveLength(1);
});

test("what waits in a step before its handler gets its signal, and does not reach the handler", async () => {
  const gate = deferred();
  const { bus, time, calls } = await gatedBus(
    {},
    { steps: [async (_, next) => (await gate.promise, next())] },
  );
  const handle = await bus.run(new Double({ n: 1 }));
  await time.rest();
  const cancelled = handle.cancel("enough");
  gate.resolve();
  expect(await cancelled).toBe(true);
  expect(calls).toEqual([]);
  await expectRest(bus, time);
});

test("what waits for a place is taken back by its id, and its run resolves", async () => {
  const { bus, time, calls } = await gatedBus({}, { lane: { concurrency: 1, capacity: 1 } });
  await bus.run(new Double({ n: 1 }));
  await time.rest();
  await bus.run(new Double({ n: 2 }));
  const running = bus.run(new Double({ n: 3 }), { id: "third" });
  expect(bus.describe().lanes[0]!.waitingPublishes).toBe(1);
  expect(await bus.results.get("third")!.cancel("not needed")).toBe(true);
  expect(bus.describe().lanes[0]!.waitingPublishes).toBe(0);
  expect((await running).state).toBe("cancelled");
  calls[0]!.give(2);
  await time.rest();
  calls[1]!.give(4);
  await expectRest(bus, time);
  expect(calls).toHaveLength(2);
});

test("what is held before the start never runs", async () => {
  const { bus, time } = virtualBus();
  const ran: number[] = [];
  bus.handle(Double, ({ n }) => ran.push(n));
  const [first, second] = [await bus.run(new Double({ n: 1 })), await bus.run(new Double({ n: 2 }))];
  expect(await first.cancel("changed my mind")).toBe(true);
  await bus.start();
  expect(await second.result()).toBe(1);
  await expectRest(bus, time);
  expect(ran).toEqual([2]);
});

test("what a transaction holds never runs", async () => {
  const { bus, time, calls } = await gatedBus();
  await bus.transaction(async () => {
    const handle = await bus.run(new Double({ n: 1 }));
    expect(await handle.cancel("changed my mind")).toBe(true);
  });
  await expectRest(bus, time);
  expect(calls).toEqual([]);
});

test("two calls of cancel agree, and the first reason counts", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(new Double({ n: 1 }));
  const result = seen(handle);
  await time.rest();
  const both = [handle.cancel("first"), handle.cancel("second")];
  calls[0]!.fail(new Error("stopped"));
  expect(await Promise.all(both)).toEqual([true, true]);
  expect(await handle.cancel("third")).toBe(true);
  expect(result.error).toMatchObject({ reason: "first" });
});

test("what has ended cannot be cancelled", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(new Double({ n: 1 }));
  await time.rest();
  calls[0]!.give(2);
  await time.rest();
  expect(await handle.cancel("too late")).toBe(false);
  expect(handle.state).toBe("done");
});

test("a reason is needed", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(new Double({ n: 1 }));
  await time.rest();
  await expect((handle.cancel as (reason?: string) => Promise<boolean>)()).rejects.toThrow(TypeError);
  calls[0]!.give(2);
  expect(await handle.result()).toBe(2);
});
