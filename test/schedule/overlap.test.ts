/** What happens when a schedule is due while its last run is not over. */
import { expect, test } from "vitest";
import { type Delivery, Every, Subscriber, Tick } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { clockOf, HOUR, lasting, MINUTE, scheduled, SECOND, Tidied } from "./setup.js";

test("by default times in which the last run is not over get none, and the next tick says how many", async () => {
  const { handle, ends } = lasting();
  const { time, ran, skipped } = await scheduled({ every: "1h" }, {}, handle);
  await time.advance(3 * HOUR + 10 * MINUTE);
  expect([ran, skipped]).toEqual([["01:00"], ["1 from 02:00: overlap", "1 from 03:00: overlap"]]);
  ends[0]!();
  await time.advance(HOUR);
  expect(ran).toEqual(["01:00", "04:00 +2"]);
});

test("a run is over when all that its event caused is final, retries included", async () => {
  const { bus, time, ran } = await scheduled({ every: "1m" });
  const retry = { attempts: 2, delay: "90s", jitter: false } as const;
  bus.on(Tidied, { name: "slow", retry }, (_, { attempt }) => {
    if (attempt === 1) throw new Error("again");
  });
  await time.advance(3 * MINUTE);
  expect(ran).toEqual(["00:01", "00:03 +1"]);
});

test("queue runs them one after the other, each for its time", async () => {
  const { handle, ends } = lasting();
  const { bus, time, ran, skipped, job } = await scheduled({ every: "1h" }, { overlap: "queue" }, handle);
  await time.advance(3 * HOUR + 10 * MINUTE);
  expect([ran, bus.atRisk]).toEqual([["01:00"], 2]); // what runs, and what waits for its end
  ends[0]!();
  await time.rest();
  await time.advance(0);
  expect(ran).toEqual(["01:00", "02:00"]);
  expect(job.last).toMatchObject({ due: new Date(Date.UTC(2026, 0, 1, 2)), outcome: "running" });
  ends[1]!();
  await time.advance(0);
  ends[2]!();
  await time.advance(49 * MINUTE);
  expect(ran).toEqual(["01:00", "02:00", "03:00"]);
  await time.advance(MINUTE);
  expect(ran).toEqual(["01:00", "02:00", "03:00", "04:00"]);
  expect(skipped).toEqual([]);
});

/** A bus with a marked method whose runs end when their signal aborts and they are let go. */
async function marked(options: Parameters<typeof Every>[1]) {
  const log: string[] = [];
  const gate = { current: deferred() };
  @Subscriber()
  class Sweeps {
    @Every("1h", options)
    async sweep(tick: Tick, { signal }: Delivery): Promise<void> {
      const time = clockOf(tick.due);
      log.push(`${time}${tick.missed === 0 ? "" : ` +${tick.missed}`}`);
      signal.addEventListener("abort", () => log.push(`${time} aborted`));
      await gate.current.promise;
      gate.current = deferred();
      signal.throwIfAborted();
      log.push(`${time} ended`);
    }
  }
  const { bus, time } = virtualBus({ subscribers: [Sweeps] });
  await bus.start();
  return { bus, time, log, gate, job: bus.schedules.get("Sweeps.sweep")! };
}

test("cancelPrevious aborts the last run, and begins when that has ended: for the latest time", async () => {
  const { time, log, gate, job, bus } = await marked({ overlap: "cancelPrevious", retry: 3 });
  await time.advance(3 * HOUR + SECOND);
  expect(log).toEqual(["01:00", "01:00 aborted"]);
  gate.current.resolve();
  await time.advance(0);
  expect(log).toEqual(["01:00", "01:00 aborted", "03:00 +1"]);
  gate.current.resolve();
  await time.advance(0);
  expect(log.at(-1)).toBe("03:00 ended");
  expect(job.last?.outcome).toBe("done");
  expect(bus.describe().subscriptions[0]?.counts).toMatchObject({
    handled: 1,
    abandoned: 1,
    deadLettered: 0,
  });
});

test("cancelPrevious takes a run that waits for its retry out of its lane", async () => {
  const attempts: string[] = [];
  class Sweeps {
    @Every("1h", {
      overlap: "cancelPrevious",
      retry: { attempts: 9, delay: "3h", delayMax: "3h", jitter: false },
    })
    sweep(tick: Tick, { attempt }: Delivery): void {
      attempts.push(`${clockOf(tick.due)} ${attempt}`);
      throw new Error("no");
    }
  }
  const { bus, time } = virtualBus({ subscribers: [Sweeps] });
  await bus.start();
  await time.advance(3 * HOUR);
  expect(attempts).toEqual(["01:00 1", "02:00 1", "03:00 1"]);
  expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ retrying: 1, abandoned: 2 });
});

test("cancelPrevious does not take back an event that was published: it stops waiting for it", async () => {
  const { handle, ends } = lasting();
  const { time, ran, job } = await scheduled({ every: "1h" }, { overlap: "cancelPrevious" }, handle);
  await time.advance(2 * HOUR);
  await time.advance(0);
  expect(ran).toEqual(["01:00", "02:00"]);
  ends[0]!();
  await time.rest();
  expect(job.last?.outcome).toBe("running");
});

test("runNow while a run is not over: skip gives its receipt, queue comes after it, cancelPrevious in its place", async () => {
  const skip = lasting();
  const first = await scheduled({ every: "1h" }, {}, skip.handle);
  const receipt = await first.job.runNow();
  expect((await first.job.runNow()).id).toBe(receipt.id);

  const queue = lasting();
  const second = await scheduled({ every: "1h" }, { overlap: "queue" }, queue.handle);
  const one = await second.job.runNow();
  await second.time.rest();
  const two = second.job.runNow();
  await second.time.rest();
  expect(second.ran).toHaveLength(1);
  queue.ends[0]!();
  expect((await two).id).not.toBe(one.id);
  await second.time.rest();
  expect(second.ran).toHaveLength(2);

  const third = await marked({ overlap: "cancelPrevious" });
  await third.job.runNow();
  await third.time.rest();
  const next = third.job.runNow();
  third.gate.current.resolve();
  await next;
  await third.time.rest();
  expect(third.log).toEqual(["00:00", "00:00 aborted", "00:00"]);
});

test("a handler that never ends stops its schedule, unless a timeout releases it", async () => {
  const began: string[] = [];
  class Hangs {
    @Every("1h")
    forever(tick: Tick): Promise<void> {
      began.push(`forever ${clockOf(tick.due)}`);
      return new Promise(() => undefined);
    }
    @Every("1h", { timeout: "1m", stuck: "release" })
    released(tick: Tick): Promise<void> {
      began.push(`released ${clockOf(tick.due)}`);
      return new Promise(() => undefined);
    }
  }
  const { bus, time } = virtualBus({ subscribers: [Hangs] });
  await bus.start();
  await time.advance(2 * HOUR + 2 * MINUTE);
  expect(began).toEqual(["forever 01:00", "released 01:00", "released 02:00"]);
  expect(bus.schedules.get("Hangs.released")?.last?.outcome).toBe("deadLettered");
});
