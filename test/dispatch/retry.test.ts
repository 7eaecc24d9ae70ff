import { describe, expect, it } from "vitest";
import type { RetryOptions } from "../../src/delivery/policies.js";
import { deadLetter, drop, done, Event, retry } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Ordered extends Event("retry.ordered")<{ n: number; to?: string }> {}

/** A bus with one subscription, whose handler fails as often as it is told to. */
async function setup(
  options: number | RetryOptions | undefined,
  failures = Infinity,
  error: unknown = new Error("broken"),
) {
  const { bus, time, logged } = virtualBus();
  const attempts: number[] = [];
  const starts: number[] = [];
  const retried: { attempt: number; reason: string | undefined; error: unknown }[] = [];
  bus.notices.on("delivery.retried", ({ attempt, reason, error: by }) =>
    retried.push({ attempt, reason, error: by }),
  );
  const buried: (string | undefined)[] = [];
  bus.notices.on("delivery.deadLettered", ({ reason }) => buried.push(reason));
  bus.on(Ordered, { name: "mail", retry: options }, (_, delivery) => {
    attempts.push(delivery.attempt);
    starts.push(time.runtime.host.monotonic());
    if (attempts.length <= failures) throw error;
  });
  await bus.start();
  const receipt = await bus.publish(new Ordered({ n: 1 }));
  return { bus, time, logged, attempts, starts, retried, buried, receipt };
}

const fixed = { backoff: "fixed", delay: "1s", jitter: false } as const;

describe("retries", () => {
  it("do not exist by default: one attempt, then a dead letter, a notice and a logged stack", async () => {
    const { bus, time, logged, attempts, buried } = await setup(undefined);
    await time.advance(60_000);
    expect(attempts).toEqual([1]);
    expect(buried).toEqual(["failed"]);
    expect(bus.deadLetters.size).toBe(1);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({
      level: "error",
      facts: { reason: "failed", err: new Error("broken") },
    });
  });

  it("come as often as `attempts` says, the first one included, and count up", async () => {
    const { time, attempts, retried, receipt } = await setup({ attempts: 3, ...fixed });
    await time.advance(10_000);
    expect(attempts).toEqual([1, 2, 3]);
    expect(retried.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await receipt.settled()).toMatchObject({ deadLettered: 1, done: 0 });
  });

  it("end with the first attempt that is handled", async () => {
    const { bus, time, attempts, receipt } = await setup({ attempts: 5, ...fixed }, 2);
    await time.advance(10_000);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await receipt.settled()).toMatchObject({ done: 1, deadLettered: 0, notHandled: [] });
    expect(bus.deadLetters.size).toBe(0);
  });

  it("wait twice as long each time, up to delayMax", async () => {
    const { time, starts } = await setup({ attempts: 6, delay: "1s", delayMax: "5s", jitter: false });
    await time.advance(60_000);
    expect(starts).toEqual([0, 1_000, 3_000, 7_000, 12_000, 17_000]);
  });

  it("are spread between half of the wait and all of it", async () => {
    const { time, starts } = await setup({ attempts: 40, backoff: "fixed", delay: "1s" });
    await time.advance(60_000);
    const waits = starts.slice(1).map((start, index) => start - starts[index]!);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
    expect(new Set(waits).size).toBeGreaterThan(30);
  });

  it("take their wait from a function of the attempt and the error", async () => {
    const error = new Error("slow down");
    const seen: unknown[] = [];
    const backoff = (attempt: number, by: unknown) => (seen.push(attempt, by), attempt * 100);
    const { time, starts } = await setup({ attempts: 3, backoff }, Infinity, error);
    await time.advance(1_000);
    expect(starts).toEqual([0, 100, 300]);
    expect(seen).toEqual([1, error, 2, error]);
  });

  it("stay numbers after a thousand attempts without a delay", async () => {
    const { time, attempts } = await setup({ attempts: 1_100, delay: 0 });
    for (let round = 0; attempts.length < 1_100 && round < 200; round++) await time.advance(10);
    expect(attempts).toHaveLength(1_100);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("bad rule");
      },
    ],
    ["answers no duration", () => "soon" as never],
    ["answers a promise", () => Promise.reject(new Error("late")) as never],
  ])("wait a second when the backoff %s, and say so", async (_, backoff) => {
    const { time, starts, logged } = await setup({ attempts: 2, backoff });
    await time.advance(5_000);
    expect(starts).toEqual([0, 1_000]);
    expect(logged[0]!.message).toBe("The retry option of mail threw; the default stands in for it.");
  });

  it("keep their wait while others of the lane go on", async () => {
    const { bus, time } = virtualBus();
    const seen: number[] = [];
    bus.on(Ordered, { retry: { attempts: 2, ...fixed }, lane: { concurrency: 1 } }, ({ n }, { attempt }) => {
      seen.push(n);
      if (n === 1 && attempt === 1) throw new Error("once");
    });
    await bus.start();
    await bus.publish([1, 2, 3].map((n) => new Ordered({ n })));
    await time.advance(2_000);
    expect(seen).toEqual([1, 2, 3, 1]);
  });

  it("keep the order of their key", async () => {
    const { bus, time } = virtualBus();
    const seen: string[] = [];
    bus.on(Ordered, { retry: { attempts: 2, ...fixed }, key: ({ to }) => to }, ({ n, to }, { attempt }) => {
      seen.push(`${to}${n}`);
      if (n === 1 && attempt === 1) throw new Error("once");
    });
    await bus.start();
    await bus.publish(["a", "b"].flatMap((to) => [1, 2].map((n) => new Ordered({ n, to }))));
    await bus.publish(new Ordered({ n: 1, to: "c" }));
    await time.advance(2_000);
    expect(seen.slice(0, 3)).toEqual(["a1", "b1", "c1"]);
    expect(seen.filter((each) => each.startsWith("a"))).toEqual(["a1", "a1", "a2"]);
    expect(seen.filter((each) => each.startsWith("b"))).toEqual(["b1", "b1", "b2"]);
  });

  it("never re-run a subscription that was done", async () => {
    const { bus, time } = virtualBus();
    const seen: string[] = [];
    bus.on(Ordered, { name: "good" }, () => void seen.push("good"));
    bus.on(Ordered, { name: "bad", retry: { attempts: 3, ...fixed } }, () => {
      seen.push("bad");
      throw new Error("bad");
    });
    await bus.start();
    await bus.publish(new Ordered({ n: 1 }));
    await time.advance(10_000);
    expect(seen.filter((each) => each === "good")).toHaveLength(1);
    expect(seen.filter((each) => each === "bad")).toHaveLength(3);
  });
});

describe("a returned retry()", () => {
  async function asking(attempts: number) {
    const { bus, time } = virtualBus();
    const starts: number[] = [];
    bus.on(Ordered, { name: "mail", retry: { attempts, ...fixed } }, () => {
      starts.push(time.runtime.host.monotonic());
      return retry({ after: "20s", reason: "the server asked for it" });
    });
    await bus.start();
    const receipt = await bus.publish(new Ordered({ n: 1 }));
    return { bus, time, starts, receipt };
  }

  it("counts as a failure, and comes back after the time it names", async () => {
    const { bus, time, starts, receipt } = await asking(3);
    await time.advance(60_000);
    expect(starts).toEqual([0, 20_000, 40_000]);
    expect(await receipt.settled()).toMatchObject({ deadLettered: 1 });
    const [letter] = await bus.deadLetters.list();
    expect(letter).toMatchObject({ reason: "failed" });
    expect(letter!.attempts).toHaveLength(3);
    expect([...bus.lanes.values()][0]!.failed).toBe(3);
  });

  it("is a dead letter at once where there is one attempt", async () => {
    const { bus, time, starts } = await asking(1);
    await time.advance(60_000);
    expect(starts).toEqual([0]);
    expect(bus.deadLetters.size).toBe(1);
  });
});

describe("what the deadline of a close aborts", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("aborted"))],
    ["asks for a retry", () => retry()],
  ])("is no failure, whatever it does then: it %s", async (_, answer) => {
    const { bus, time } = virtualBus();
    bus.on(
      Ordered,
      { retry: 1 },
      (__, { signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(answer()))),
    );
    await bus.start();
    const receipt = await bus.publish(new Ordered({ n: 1 }));
    await time.rest();
    const closed = bus.close({ deadline: 0 });
    await time.advance(5_000);
    await closed;
    expect(await receipt.settled()).toMatchObject({ abandoned: 1, deadLettered: 0 });
    expect([...bus.lanes.values()][0]!.failed).toBe(0);
  });
});

describe("the rule of a retry", () => {
  it("decides by the error: dead letter, drop, done, another wait", async () => {
    const rule = (error: unknown) =>
      ({
        fatal: deadLetter("fatal"),
        useless: drop("useless"),
        "done already": done(),
        busy: retry({ after: "7s" }),
      })[(error as Error).message];
    const run = async (message: string) => {
      const { bus, time, starts, receipt } = await setup(
        { attempts: 2, ...fixed, on: rule },
        1,
        new Error(message),
      );
      await time.advance(60_000);
      const { done: handled, deadLettered, dropped, notHandled } = await receipt.settled();
      return { bus, starts, counts: [handled, deadLettered, dropped], reason: notHandled[0]?.reason };
    };
    expect(await run("fatal")).toMatchObject({ starts: [0], counts: [0, 1, 0], reason: "fatal" });
    expect(await run("useless")).toMatchObject({ starts: [0], counts: [0, 0, 1], reason: "useless" });
    expect(await run("done already")).toMatchObject({ starts: [0], counts: [1, 0, 0] });
    expect(await run("busy")).toMatchObject({ starts: [0, 7_000], counts: [1, 0, 0] });
    expect(await run("other")).toMatchObject({ starts: [0, 1_000], counts: [1, 0, 0] });
  });

  it("never gives more attempts than there are", async () => {
    const { time, attempts } = await setup({ attempts: 2, on: () => retry({ after: 1 }) });
    await time.advance(60_000);
    expect(attempts).toEqual([1, 2]);
  });

  it("hears which attempt failed, and by what", async () => {
    const heard: unknown[] = [];
    const error = new Error("x");
    const on = (by: unknown, attempt: number) => void heard.push([by, attempt]);
    const { time } = await setup({ attempts: 2, ...fixed, on: on as never }, Infinity, error);
    await time.advance(60_000);
    expect(heard).toEqual([
      [error, 1],
      [error, 2],
    ]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("bad rule");
      },
    ],
    ["rejects", () => Promise.reject(new Error("late rule")) as never],
  ])("costs nothing but a line in the log when it %s", async (_, on) => {
    const { time, attempts, logged } = await setup({ attempts: 2, ...fixed, on }, 1);
    await time.advance(60_000);
    expect(attempts).toEqual([1, 2]);
    expect(logged.map(({ message }) => message)).toEqual([
      "The retry option of mail threw; the default stands in for it.",
    ]);
  });

  it("that drops or buries a failure counts it, and keeps its error for whoever watches", async () => {
    const error = new Error("useless");
    const { bus, time } = virtualBus();
    const errors: unknown[] = [];
    bus.notices.on("delivery.dropped", (notice) => errors.push(notice.error));
    bus.on(Ordered, { retry: { attempts: 9, on: () => drop("not worth it") } }, () => {
      throw error;
    });
    await bus.start();
    await bus.publish(new Ordered({ n: 1 }));
    await time.rest();
    expect(errors).toEqual([error]);
    expect([...bus.lanes.values()][0]).toMatchObject({ failed: 1, dropped: 1 });
  });
});

describe("counts", () => {
  it("add up whenever anybody looks: in notices, in the log, in handlers, in between", async () => {
    const gate = deferred();
    const faults: string[] = [];
    let looks = 0;
    const look = () => {
      for (const { counts } of bus.describe().subscriptions) {
        const { routed, ...others } = counts;
        const sum = Object.values(others).reduce((a, b) => a + b, 0);
        looks++;
        if (sum !== routed) faults.push(JSON.stringify(counts));
      }
    };
    const logger = { debug: look, info: look, warn: look, error: look };
    const { bus, time } = virtualBus({ logger });
    const names = [
      "started",
      "done",
      "retried",
      "deadLettered",
      "dropped",
      "filtered",
      "deduplicated",
    ] as const;
    for (const name of names) bus.notices.on(`delivery.${name}`, look);
    for (const name of ["full", "free", "paused", "resumed"] as const) bus.notices.on(`lane.${name}`, look);
    const options = {
      lane: {
        capacity: 2,
        concurrency: 1,
        waitingMax: 99,
        waitMax: "1h",
        breaker: { failures: 2, pause: "3s" },
      },
      retry: { attempts: 2, ...fixed },
      when: ({ n }: Ordered) => n % 7 !== 6,
      dedupe: { by: ({ n }: Ordered) => String(n % 20), window: "1m" },
      key: ({ n }: Ordered) => (n % 2 === 0 ? "even" : undefined),
    } as const;
    bus.on(Ordered, options, async ({ n }) => {
      look();
      await gate.promise;
      if (n % 5 === 0) throw new Error("five");
      return [undefined, retry({ after: 10 }), deadLetter("no"), drop("no")][n % 4];
    });
    await bus.start();
    const published = Array.from({ length: 40 }, (_, n) =>
      bus.publish(new Ordered({ n })).catch(() => undefined),
    );
    await time.rest();
    look();
    gate.resolve();
    await time.advance(300_000);
    await Promise.all(published);
    look();
    expect(faults).toEqual([]);
    expect(looks).toBeGreaterThan(100);
    expect(bus.describe().subscriptions[0]!.counts).toMatchObject({ waiting: 0, running: 0, retrying: 0 });
  });
});
