import { describe, expect, it } from "vitest";
import {
  BusClosedError,
  deadLetter,
  type Delivery,
  done,
  drop,
  Event,
  InvokeDepthError,
  NotStartedError,
  retry,
} from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Asked extends Event("invoke.asked")<{ n: number }> {}
class Told extends Event("invoke.told")<{ n: number }> {}

describe("invoke", () => {
  it("runs every subscription now, inline, and resolves to nothing", async () => {
    const { bus } = virtualBus();
    const seen: string[] = [];
    bus.on(Asked, () => void seen.push("a"));
    bus.on(Asked, async () => {
      await Promise.resolve();
      seen.push("b");
      return "ignored";
    });
    await bus.start();
    const invoked = bus.invoke(new Asked({ n: 1 }));
    expect(seen).toEqual(["a"]);
    expect(await invoked).toBeUndefined();
    expect(seen).toEqual(["a", "b"]);
  });

  it("throws what one handler threw, after all have run", async () => {
    const { bus } = virtualBus();
    const seen: string[] = [];
    const error = new TypeError("mine");
    bus.on(Asked, () => {
      throw error;
    });
    bus.on(Asked, async () => {
      await Promise.resolve();
      seen.push("ran");
    });
    await bus.start();
    await expect(bus.invoke(new Asked({ n: 1 }))).rejects.toBe(error);
    expect(seen).toEqual(["ran"]);
    expect(bus.deadLetters.size).toBe(0);
  });

  it("throws all errors as one where several threw", async () => {
    const { bus } = virtualBus();
    const errors = [new Error("one"), new Error("two")];
    for (const error of errors) bus.on(Asked, () => Promise.reject(error));
    await bus.start();
    const thrown = await bus.invoke(new Asked({ n: 1 })).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(AggregateError);
    expect((thrown as AggregateError).errors).toEqual(errors);
  });

  it("uses `when` and steps, and neither lane, key, retry nor dedupe", async () => {
    const { bus } = virtualBus();
    const seen: string[] = [];
    const options = {
      lane: { capacity: 1, concurrency: 1, overflow: "reject" },
      retry: 5,
      key: () => {
        throw new Error("not asked for");
      },
      dedupe: { by: "id", window: "1h" },
      when: ({ n }: Asked) => n > 0,
      steps: [async (_: unknown, next: () => Promise<never>) => (seen.push("step"), next())],
    } as const;
    bus.on(Asked, options as never, ({ n }: Asked) => {
      seen.push(`handled ${n}`);
      throw new Error("once");
    });
    await bus.start();
    [...bus.lanes.values()][0]!.pause();
    for (const n of [1, 1, 0]) await bus.invoke(new Asked({ n })).catch(() => undefined);
    expect(seen).toEqual(["step", "handled 1", "step", "handled 1"]);
    expect([...bus.lanes.values()][0]).toMatchObject({ handled: 0, failed: 0, waiting: 0, running: 0 });
  });

  it("rejects with what `when` throws", async () => {
    const { bus } = virtualBus();
    const error = new Error("when");
    bus.on(
      Asked,
      {
        when: () => {
          throw error;
        },
      },
      () => undefined,
    );
    await bus.start();
    await expect(bus.invoke(new Asked({ n: 1 }))).rejects.toBe(error);
  });

  it("cannot try again, and says so; a drop is no error", async () => {
    const { bus } = virtualBus();
    const answers = [retry(), deadLetter("no address"), drop("no"), done()];
    bus.on(Asked, { name: "asked" }, ({ n }) => answers[n]);
    await bus.start();
    await expect(bus.invoke(new Asked({ n: 0 }))).rejects.toThrow("asked answered retry (no reason)");
    await expect(bus.invoke(new Asked({ n: 1 }))).rejects.toThrow("asked answered deadLetter (no address)");
    for (const n of [2, 3]) await expect(bus.invoke(new Asked({ n }))).resolves.toBeUndefined();
  });

  it("runs 64 deep and no deeper", async () => {
    const { bus } = virtualBus();
    let runs = 0;
    bus.on(Asked, async ({ n }) => {
      runs++;
      await Promise.resolve();
      await bus.invoke(new Asked({ n: n + 1 }));
    });
    await bus.start();
    const error = await bus.invoke(new Asked({ n: 1 })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvokeDepthError);
    expect((error as InvokeDepthError).chain).toContain("invoke.asked");
    expect(runs).toBe(64);
  });

  it("may be called as often as one likes side by side, also from one handler", async () => {
    const { bus } = virtualBus();
    let runs = 0;
    bus.on(Told, () => void runs++);
    bus.on(Asked, async () => {
      for (let n = 0; n < 100; n++) await bus.invoke(new Told({ n }));
    });
    await bus.start();
    await bus.invoke(new Asked({ n: 1 }));
    expect(runs).toBe(100);
  });

  it("comes neither before start() nor after close()", async () => {
    const { bus } = virtualBus();
    await expect(bus.invoke(new Asked({ n: 1 }))).rejects.toThrow(NotStartedError);
    await bus.start();
    await bus.close();
    await expect(bus.invoke(new Asked({ n: 1 }))).rejects.toThrow(BusClosedError);
  });

  it("is still taken from inside a delivery while the bus closes, and from nowhere else", async () => {
    const { bus, time } = virtualBus();
    const other = virtualBus();
    const gate = deferred();
    const asked: number[] = [];
    const errors: unknown[] = [];
    const refused = (error: unknown): void => void errors.push(error);
    bus.on(Asked, ({ n }) => void asked.push(n));
    bus.on(Told, async () => {
      await gate.promise;
      await bus.invoke(new Asked({ n: 1 }));
    });
    other.bus.on(Told, async () => {
      await gate.promise;
      await bus.invoke(new Asked({ n: 2 })).catch(refused);
    });
    await Promise.all([bus.start(), other.bus.start()]);
    await bus.publish(new Told({ n: 1 }));
    await other.bus.publish(new Told({ n: 1 }));
    await time.rest();
    const closed = bus.close();
    await bus.invoke(new Asked({ n: 3 })).catch(refused);
    gate.resolve();
    await closed;
    await time.rest();
    expect(asked).toEqual([1]);
    expect(errors).toEqual([expect.any(BusClosedError), expect.any(BusClosedError)]);
  });

  it("has ended when its handlers have: what they publish later is outside, and their signals stay quiet", async () => {
    const { bus, time } = virtualBus();
    let kept: Delivery | undefined;
    bus.on(Asked, (_, delivery) => void (kept = delivery));
    bus.on(Told, () => new Promise(() => undefined));
    await bus.start();
    await bus.invoke(new Asked({ n: 1 }));
    await bus.publish(new Told({ n: 1 }));
    await time.rest();
    const closed = bus.close({ deadline: "1s" });
    await expect(kept!.publish(new Told({ n: 2 }))).rejects.toThrow(BusClosedError);
    await time.advance(2_000);
    await closed;
    expect(kept!.signal.aborted).toBe(false);
  });

  it("called from outside may wait for the quiet, and publish where there is no room", async () => {
    const { bus, time } = virtualBus({ lanes: { full: { capacity: 1 } } });
    bus.on(Told, { lane: "full" }, () => undefined);
    bus.on(Asked, async () => {
      await bus.publish(new Told({ n: 2 }));
      await bus.idle();
    });
    await bus.start();
    bus.lanes.get("full")!.pause();
    await bus.publish(new Told({ n: 1 }));
    let isDone = false;
    const invoked = bus.invoke(new Asked({ n: 1 })).finally(() => (isDone = true));
    await time.rest();
    expect(isDone).toBe(false);
    bus.lanes.get("full")!.resume();
    await expect(invoked).resolves.toBeUndefined();
  });

  it("hands on the cause: from a delivery to what its invoked handlers publish", async () => {
    const { bus, time } = virtualBus();
    const facts: (string | undefined)[] = [];
    class Started extends Event("invoke.started")<{}> {}
    bus.on(Started, () => bus.invoke(new Asked({ n: 1 })));
    bus.on(Asked, async (_, { cause, eventId }) => {
      facts.push(cause, eventId);
      await bus.publish(new Told({ n: 1 }));
    });
    bus.on(Told, (_, { cause }) => void facts.push(cause));
    await bus.start();
    const { id } = await bus.publish(new Started({}));
    await time.rest();
    expect(facts).toEqual([id, facts[1], facts[1]]);
    expect(facts[1]).not.toBe(id);
  });

  it("belongs to the delivery that it is called in: what it publishes is waited for by settled()", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    class Started extends Event("invoke.tree")<{}> {}
    bus.on(Started, () => bus.invoke(new Asked({ n: 1 })));
    bus.on(Asked, async () => void (await bus.publish(new Told({ n: 1 }))));
    bus.on(Told, () => gate.promise);
    await bus.start();
    const receipt = await bus.publish(new Started({}));
    let isSettled = false;
    const settled = receipt.settled().finally(() => (isSettled = true));
    await time.rest();
    expect(isSettled).toBe(false);
    gate.resolve();
    expect(await settled).toMatchObject({ done: 2 });
  });

  it("in a slot of one lane may publish to that lane when it is full: a circle, not a wait without end", async () => {
    const { bus, time } = virtualBus({ lanes: { a: { concurrency: 1, capacity: 1 }, b: {} } });
    class Started extends Event("invoke.circle")<{ n: number }> {}
    const seen: number[] = [];
    bus.on(
      Started,
      { lane: "a" },
      ({ n }) => (seen.push(n), n < 0 ? undefined : bus.invoke(new Asked({ n }))),
    );
    bus.on(Asked, { lane: "b" }, async () => {
      for (let n = -1; n > -3; n--) await bus.publish(new Started({ n }));
    });
    await bus.start();
    const receipt = await bus.publish(new Started({ n: 1 }));
    await time.rest();
    expect(seen).toEqual([1, -1, -2]);
    expect(await receipt.settled()).toMatchObject({ done: 3 });
  });

  it("does not stand in the way of close() when its handler calls it", async () => {
    const { bus, time } = virtualBus();
    let report: unknown;
    bus.on(Asked, async () => void (report = await bus.close()));
    bus.on(Told, () => bus.invoke(new Asked({ n: 1 })));
    await bus.start();
    await bus.publish(new Told({ n: 1 }));
    await time.rest();
    expect(report).toMatchObject({ aborted: [], abandoned: [] });
  });
});
