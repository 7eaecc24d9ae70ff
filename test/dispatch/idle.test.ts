import { describe, expect, it } from "vitest";
import { Event, retry } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Idled extends Event("idle.idled")<{ n: number }> {}

async function setup(handler: (event: Idled) => unknown, options = {}) {
  const { bus, time } = virtualBus();
  bus.on(Idled, options, handler);
  await bus.start();
  const isIdle = async () => {
    let isOver = false;
    void bus.idle().then(() => (isOver = true));
    await time.rest();
    return isOver;
  };
  return { bus, time, isIdle };
}

describe("idle()", () => {
  it("resolves at once when there is nothing", async () => {
    const { isIdle } = await setup(() => undefined);
    expect(await isIdle()).toBe(true);
  });

  it("waits for what is ready and what runs", async () => {
    const gate = deferred();
    const { bus, time, isIdle } = await setup(() => gate.promise, { lane: { concurrency: 1 } });
    await bus.publish([1, 2].map((n) => new Idled({ n })));
    expect(await isIdle()).toBe(false);
    const idle = bus.idle();
    gate.resolve();
    await idle;
    await time.rest();
    expect([...bus.lanes.values()][0]).toMatchObject({ running: 0, waiting: 0, handled: 2 });
  });

  it("does not wait for timers: retries count as idle", async () => {
    const { bus, time, isIdle } = await setup(() => retry({ after: "1h" }), { retry: 2 });
    await bus.publish(new Idled({ n: 1 }));
    await time.rest();
    expect([...bus.lanes.values()][0]!.retrying).toBe(1);
    expect(await isIdle()).toBe(true);
  });

  it("does not wait for the rate of a lane, nor for its pause", async () => {
    const { bus, time, isIdle } = await setup(() => undefined, {
      lane: { rate: { limit: 1, interval: "1h" } },
    });
    await bus.publish([1, 2].map((n) => new Idled({ n })));
    await time.rest();
    expect(await isIdle()).toBe(true);
    const [lane] = bus.lanes.values();
    lane!.pause();
    await bus.publish(new Idled({ n: 3 }));
    expect(await isIdle()).toBe(true);
    expect(lane!.waiting).toBe(2);
  });

  it("waits for a handler that sleeps, since that runs", async () => {
    const { bus, time } = virtualBus();
    bus.on(Idled, (_, delivery) => delivery.sleep("1m"));
    await bus.start();
    await bus.publish(new Idled({ n: 1 }));
    let isOver = false;
    void bus.idle().then(() => (isOver = true));
    await time.advance(59_999);
    expect(isOver).toBe(false);
    await time.advance(1);
    expect(isOver).toBe(true);
  });

  it("waits for publishes that wait for a place", async () => {
    const gate = deferred();
    const seen: number[] = [];
    const { bus, isIdle } = await setup(({ n }) => (seen.push(n), gate.promise), {
      lane: { concurrency: 1, capacity: 1, waitingMax: 9 },
    });
    const published = [1, 2, 3, 4].map((n) => bus.publish(new Idled({ n })));
    expect(await isIdle()).toBe(false);
    const idle = bus.idle();
    gate.resolve();
    await Promise.all(published);
    await idle;
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("does not wait for the delivery that calls it, and does wait for the others", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    const seen: string[] = [];
    bus.on(Idled, async ({ n }) => {
      if (n === 1) {
        await bus.idle();
        seen.push("idle");
      } else {
        await gate.promise;
        seen.push("other");
      }
    });
    await bus.start();
    await bus.publish([1, 2].map((n) => new Idled({ n })));
    await time.rest();
    expect(seen).toEqual([]);
    gate.resolve();
    await time.rest();
    expect(seen).toEqual(["other", "idle"]);
  });

  it("called by two deliveries at once ends for both", async () => {
    const { bus, time } = virtualBus();
    let ended = 0;
    bus.on(Idled, async () => {
      await bus.idle();
      ended++;
    });
    await bus.start();
    await bus.publish([1, 2].map((n) => new Idled({ n })));
    await time.rest();
    expect(ended).toBe(2);
    const [lane] = bus.lanes.values();
    expect(lane!.running).toBe(0);
  });

  it("does not wait for what only the slots of those that call it could run", async () => {
    const { bus, time } = virtualBus();
    const seen: number[] = [];
    bus.on(Idled, { lane: { concurrency: 2 } }, async ({ n }) => {
      await bus.idle();
      seen.push(n);
    });
    await bus.start();
    await bus.publish([1, 2, 3, 4, 5].map((n) => new Idled({ n })));
    await time.rest();
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it("resolves for everybody who waits", async () => {
    const gate = deferred();
    const { bus } = await setup(() => gate.promise);
    await bus.publish(new Idled({ n: 1 }));
    const idlers = [bus.idle(), bus.idle(), bus.idle()];
    gate.resolve();
    await expect(Promise.all(idlers)).resolves.toHaveLength(3);
  });
});
