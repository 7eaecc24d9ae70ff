import { describe, expect, it } from "vitest";
import type { SubscriptionOptions } from "../../src/delivery/policies.js";
import { type Delivery, Event, HandlerTimeoutError } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Pinged extends Event("timeout.pinged")<{ n: number }> {}

/** One subscription in a lane of one slot, whose handler waits for what the test resolves, one per attempt. */
async function setup(options: SubscriptionOptions<Pinged>) {
  const { bus, time, logged } = virtualBus();
  const running: { n: number; delivery: Delivery; end: ReturnType<typeof deferred<unknown>> }[] = [];
  const notices: string[] = [];
  for (const name of ["stuck", "late", "retried", "deadLettered", "done", "abandoned"] as const)
    bus.notices.on(`delivery.${name}`, ({ attempt, reason }) =>
      notices.push(`${name} ${attempt}${reason === undefined ? "" : ` ${reason}`}`),
    );
  bus.on(
    Pinged,
    { name: "slow", timeout: "10s", lane: { concurrency: 1 }, ...options },
    ({ n }, delivery) => {
      const end = deferred<unknown>();
      running.push({ n, delivery, end });
      return end.promise;
    },
  );
  await bus.start();
  const receipt = await bus.publish(new Pinged({ n: 1 }));
  await time.rest();
  const lane = [...bus.lanes.values()][0]!;
  return { bus, time, logged, running, notices, receipt, lane };
}

describe("a timeout", () => {
  it("aborts the signal with an error that says so", async () => {
    const { time, running } = await setup({});
    const { signal } = running[0]!.delivery;
    await time.advance(9_999);
    expect(signal.aborted).toBe(false);
    await time.advance(1);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(HandlerTimeoutError);
    expect(signal.reason).toMatchObject({ subscription: "slow", timeoutMs: 10_000 });
  });

  it("aborts a signal that is looked at only afterwards", async () => {
    const { time, running } = await setup({});
    await time.advance(10_000);
    expect(running[0]!.delivery.signal.aborted).toBe(true);
  });

  it.each([
    ["a result", (end: ReturnType<typeof deferred<unknown>>) => end.resolve("fine")],
    ["an error of its own", (end: ReturnType<typeof deferred<unknown>>) => end.reject(new Error("aborted"))],
  ])("fails the attempt when the handler ends, whatever it answers: %s", async (_, end) => {
    const { bus, time, running, notices, receipt, lane } = await setup({});
    await time.advance(10_500);
    expect(notices).toEqual([]);
    expect(lane.running).toBe(1);
    end(running[0]!.end);
    await time.rest();
    expect(notices).toEqual(["deadLettered 1 timeout"]);
    expect(await receipt.settled()).toMatchObject({ deadLettered: 1, done: 0 });
    const [letter] = await bus.deadLetters.list();
    expect(letter!.attempts).toEqual([expect.objectContaining({ error: expect.any(HandlerTimeoutError) })]);
  });

  it("leaves a handler alone that ends in time", async () => {
    const { time, running, notices, receipt } = await setup({});
    await time.advance(9_000);
    running[0]!.end.resolve(undefined);
    await time.advance(60_000);
    expect(notices).toEqual(["done 1"]);
    expect(running[0]!.delivery.signal.aborted).toBe(false);
    expect(await receipt.settled()).toMatchObject({ done: 1 });
    expect(time.timers).toBe(0);
  });

  it("is tried again like any failure", async () => {
    const { time, running, notices } = await setup({ retry: { attempts: 2, delay: "1s", jitter: false } });
    await time.advance(10_000);
    running[0]!.end.resolve(undefined);
    await time.advance(1_000);
    expect(running.map(({ delivery }) => delivery.attempt)).toEqual([1, 2]);
    running[1]!.end.resolve(undefined);
    await time.rest();
    expect(notices).toEqual(["retried 1 timeout", "done 2"]);
  });

  it("of a handler that this one invoked is a failure of its own kind", async () => {
    class Asked extends Event("timeout.asked")<{}> {}
    const { bus, time } = virtualBus();
    bus.on(
      Asked,
      { name: "inner", timeout: "1s" },
      (_, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
    );
    bus.on(Pinged, { name: "outer" }, () => bus.invoke(new Asked({})));
    await bus.start();
    await bus.publish(new Pinged({ n: 1 }));
    await time.advance(2_000);
    expect((await bus.deadLetters.list()).map(({ reason }) => reason)).toEqual(["failed"]);
  });

  it("counts what the handler waits for a place in another lane", async () => {
    class Next extends Event("timeout.next")<{}> {}
    const { bus, time } = virtualBus();
    const gate = deferred();
    let signal: AbortSignal | undefined;
    bus.on(Next, { lane: { capacity: 1, concurrency: 1 } }, () => gate.promise);
    bus.on(Pinged, { timeout: "5s" }, async (_, delivery) => {
      signal = delivery.signal;
      for (let n = 0; n < 3; n++) await delivery.publish(new Next({}));
    });
    await bus.start();
    await bus.publish(new Pinged({ n: 1 }));
    await time.advance(4_999);
    expect(signal?.aborted).toBe(false);
    await time.advance(1);
    expect(signal?.aborted).toBe(true);
    gate.resolve();
    await time.rest();
  });
});

describe("a handler that never settles, without a timeout", () => {
  it("keeps its slot and its key, and nobody else's: the lane goes on with the others, and other lanes with all", async () => {
    const { bus, time } = virtualBus({ lanes: { two: { concurrency: 2 } } });
    const seen: string[] = [];
    const never = new Promise<void>(() => undefined);
    bus.on(Pinged, { name: "own" }, ({ n }) => void seen.push(`own ${n}`));
    bus.on(Pinged, { name: "shared", lane: "two", key: ({ n }) => (n < 2 ? "k" : undefined) }, ({ n }) => {
      seen.push(`shared ${n}`);
      return n === 0 ? never : undefined;
    });
    await bus.start();
    await bus.publish([0, 1, 2, 3].map((n) => new Pinged({ n })));
    await time.advance(86_400_000);
    expect(seen.filter((each) => each.startsWith("own"))).toHaveLength(4);
    expect(seen.filter((each) => each.startsWith("shared"))).toEqual(["shared 0", "shared 2", "shared 3"]);
    expect(bus.lanes.get("two")).toMatchObject({ running: 1, waiting: 1 });
    expect(bus.atRisk).toBe(2);
  });
});

describe("a handler that is stuck", () => {
  it("is announced once the grace is over, and keeps slot and key", async () => {
    const { bus, time, logged, running, notices, lane } = await setup({ grace: "2s", key: () => "one" });
    await bus.publish(new Pinged({ n: 2 }));
    await time.advance(11_999);
    expect(notices).toEqual([]);
    await time.advance(1);
    expect(notices).toEqual(["stuck 1 timeout"]);
    expect(logged[0]).toMatchObject({ level: "warn", facts: { subscription: "slow" } });
    expect(bus.health()).toMatchObject({ ready: false, reasons: [expect.stringContaining("slow is stuck")] });
    await time.advance(600_000);
    expect(running).toHaveLength(1);
    expect(lane).toMatchObject({ running: 1, waiting: 1 });
    running[0]!.end.resolve(undefined);
    await time.rest();
    expect(notices).toEqual(["stuck 1 timeout", "deadLettered 1 timeout"]);
    expect(running.map(({ n }) => n)).toEqual([1, 2]);
    expect(bus.health().reasons.filter((reason) => reason.includes("stuck"))).toEqual([]);
    running[1]!.end.resolve(undefined);
  });

  it("is released where that was asked for: the failure counts now, and slot and key are free", async () => {
    const { bus, time, running, notices, receipt, lane } = await setup({
      stuck: "release",
      key: () => "one",
    });
    await bus.publish(new Pinged({ n: 2 }));
    await time.advance(11_000);
    expect(notices).toEqual(["stuck 1 timeout", "deadLettered 1 timeout"]);
    expect(await receipt.settled()).toMatchObject({ deadLettered: 1 });
    expect(running.map(({ n }) => n)).toEqual([1, 2]);
    expect(lane.running).toBe(1);
    running[1]!.end.resolve(undefined);
    await time.rest();
    expect(lane.running).toBe(0);
  });

  it("ends late as a notice and nothing else", async () => {
    const { bus, time, running, notices, receipt } = await setup({ stuck: "release" });
    const late: unknown[] = [];
    bus.notices.on("delivery.late", ({ error, ran }) => late.push([error, ran]));
    await time.advance(11_000);
    const before = JSON.stringify(bus.describe());
    await time.advance(4_000);
    running[0]!.end.resolve("a result, not an error");
    await time.rest();
    expect(notices.at(-1)).toBe("late 1 ended after its settlement");
    expect(late).toEqual([[undefined, 15_000]]);
    expect(JSON.stringify(bus.describe())).toBe(before);
    expect(await receipt.settled()).toMatchObject({ deadLettered: 1, done: 0 });
    expect(bus.deadLetters.size).toBe(1);
  });

  it("may end while its retry runs: the retry decides, and what is late belongs to its own attempt", async () => {
    const { bus, time, running, notices, receipt, lane } = await setup({
      stuck: "release",
      retry: { attempts: 2, delay: "1s", jitter: false },
    });
    const late: { attempt: number; ran: number; error: unknown }[] = [];
    bus.notices.on("delivery.late", ({ attempt, ran, error }) => late.push({ attempt, ran, error }));
    await time.advance(12_000);
    expect(running.map(({ delivery }) => delivery.attempt)).toEqual([1, 2]);
    const error = new Error("too late");
    running[0]!.end.reject(error);
    await time.rest();
    expect(late).toEqual([{ attempt: 1, ran: 12_000, error }]);
    expect(lane.running).toBe(1);
    expect(running[1]!.delivery.signal.aborted).toBe(false);
    running[1]!.end.resolve(undefined);
    await time.rest();
    expect(await receipt.settled()).toMatchObject({ done: 1, deadLettered: 0 });
    expect(notices.filter((each) => each.startsWith("done"))).toEqual(["done 2"]);
    expect(lane).toMatchObject({ running: 0, waiting: 0, retrying: 0 });
  });

  it("that was released and then waits for idle() or close() is not counted as the retry's slot", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    const second = deferred();
    bus.on(
      Pinged,
      { timeout: "1s", stuck: "release", retry: { attempts: 2, delay: "1s", jitter: false } },
      async (_, { attempt }) => {
        if (attempt === 2) return second.promise;
        await gate.promise;
        await bus.idle();
      },
    );
    await bus.start();
    await bus.publish(new Pinged({ n: 1 }));
    await time.advance(3_000);
    gate.resolve();
    await time.rest();
    let isIdle = false;
    void bus.idle().then(() => (isIdle = true));
    await time.rest();
    expect(isIdle).toBe(false);
    second.resolve();
    await time.rest();
    expect(isIdle).toBe(true);
  });
});

describe("the deadline of a delivery", () => {
  it("is when the timeout will abort the signal, and stays that while it runs", async () => {
    const { time, running } = await setup({});
    const { delivery } = running[0]!;
    const deadline = Date.UTC(2026, 0, 1) + 10_000;
    expect(delivery.deadline?.getTime()).toBe(deadline);
    await time.advance(4_000);
    expect(delivery.deadline?.getTime()).toBe(deadline);
    running[0]!.end.resolve(undefined);
  });

  it("does not exist without a timeout", async () => {
    const { running } = await setup({ timeout: undefined });
    expect(running[0]!.delivery.deadline).toBeUndefined();
    running[0]!.end.resolve(undefined);
  });

  it("begins when the handler does, however long the steps before it took", async () => {
    const gate = deferred();
    const { time, running } = await setup({
      steps: [
        async (_, next) => {
          await gate.promise;
          return next();
        },
      ],
    });
    await time.advance(3_000);
    gate.resolve();
    await time.rest();
    const { delivery } = running[0]!;
    expect(delivery.deadline?.getTime()).toBe(Date.UTC(2026, 0, 1) + 13_000);
    await time.advance(9_999);
    expect(delivery.signal.aborted).toBe(false);
    await time.advance(1);
    expect(delivery.signal.aborted).toBe(true);
    running[0]!.end.resolve(undefined);
  });
});
