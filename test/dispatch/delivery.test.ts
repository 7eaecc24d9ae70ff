import pino from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createBus, type Delivery, Event, HandlerTimeoutError, On, Subscriber } from "../../src/index.js";
import { countListeners } from "../support/listeners.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Seen extends Event("delivery.seen", { key: (event) => (event as { to?: string }).to })<{
  n: number;
  to?: string;
  nested?: { list: { n: number }[] };
}> {}
class Child extends Event("delivery.child")<{}> {}

/** Publishes one event and gives what its handler got. */
async function setup(
  handler: (event: Seen, delivery: Delivery<Seen>) => unknown,
  options = {},
  busOptions = {},
) {
  const { bus, time, logged } = virtualBus(busOptions);
  bus.on(Seen, { name: "watch", ...options }, handler);
  await bus.start();
  const receipt = await bus.publish(new Seen({ n: 1, to: "ada" }), { headers: { tenant: "t" } });
  await time.rest();
  return { bus, time, logged, receipt };
}

describe("a delivery", () => {
  it("says what it is", async () => {
    let facts: object | undefined;
    const { receipt } = await setup((event, delivery) => {
      const { eventId, subscription, attempt, deliveries, key, headers, cause, deadline } = delivery;
      facts = { eventId, subscription, attempt, deliveries, key, headers: { ...headers }, cause, deadline };
      expect(delivery.event).toBe(event);
    });
    expect(facts).toEqual({
      eventId: receipt.id,
      subscription: "watch",
      attempt: 1,
      deliveries: 1,
      key: "ada",
      headers: { tenant: "t" },
      cause: undefined,
      deadline: undefined,
    });
  });

  it("has a deadline that stays, counted from the start of its timeout", async () => {
    const { bus, time } = virtualBus();
    const deadlines: unknown[] = [];
    const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
    bus.on(
      Seen,
      {
        timeout: "10s",
        steps: [
          async (delivery, next) => {
            deadlines.push(delivery.deadline);
            await delivery.sleep("3s");
            deadlines.push(delivery.deadline);
            return next();
          },
        ],
      },
      async (_, delivery) => {
        deadlines.push(delivery.deadline);
        await delivery.sleep("2s");
        deadlines.push(delivery.deadline);
      },
    );
    await bus.start();
    await time.advance(1_000);
    await bus.publish(new Seen({ n: 1 }));
    await time.advance(10_000);
    expect(deadlines).toEqual([at(11_000), at(14_000), at(14_000), at(14_000)]);
  });

  it("aborts once, whatever comes after the first reason", async () => {
    let kept: Delivery | undefined;
    const gate = deferred();
    const { bus, time } = await setup((_, delivery) => ((kept = delivery), gate.promise), { timeout: "1s" });
    await time.advance(1_000);
    void bus.close({ deadline: "1s" });
    await time.advance(1_000);
    expect(kept!.signal.reason).toBeInstanceOf(HandlerTimeoutError);
    gate.resolve();
    await time.rest();
  });

  it("publishes as a child, also when `publish` is taken out of it and called from anywhere", async () => {
    const taken = deferred<Delivery["publish"]>();
    const gate = deferred();
    const { bus, time, receipt } = await setup(async (_, { publish }) => {
      taken.resolve(publish);
      await gate.promise;
    });
    const causes: unknown[] = [];
    bus.on(Child, (_, { cause }) => void causes.push(cause));
    const publish = await taken.promise;
    await publish(new Child({}));
    await publish([new Child({}), new Child({})]);
    gate.resolve();
    await time.rest();
    expect(causes).toEqual([receipt.id, receipt.id, receipt.id]);
    expect(await receipt.settled()).toMatchObject({ done: 4 });
  });

  it("sleeps on the clock of the bus", async () => {
    let woke: number | undefined;
    const { time } = await setup(async (_, delivery) => {
      await delivery.sleep("5m");
      woke = time_();
    });
    const time_ = () => time.runtime.host.monotonic();
    await time.advance(299_999);
    expect(woke).toBeUndefined();
    await time.advance(1);
    expect(woke).toBe(300_000);
    expect(time.timers).toBe(0);
  });

  it("wakes from its sleep when its timeout aborts it, and leaves no timer", async () => {
    const errors: unknown[] = [];
    const { time, bus } = await setup(
      (_, delivery) =>
        delivery.sleep("1h").catch((error: unknown) => {
          errors.push(error);
          throw error;
        }),
      { timeout: "10s" },
    );
    await time.advance(10_000);
    expect(errors).toMatchObject([{ code: "SIGNALBOX_HANDLER_TIMEOUT" }]);
    expect(bus.deadLetters.size).toBe(1);
    expect(time.timers).toBe(0);
  });

  it("leaves no listener on its signal after a sleep", async () => {
    const counts: number[] = [];
    const { time } = await setup(
      async (_, delivery) => {
        const counted = countListeners(delivery.signal);
        for (let n = 0; n < 5; n++) {
          const slept = delivery.sleep(10);
          counts.push(counted());
          await slept;
        }
        counts.push(counted());
      },
      { timeout: "1h" },
    );
    await time.advance(100);
    expect(counts).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it.each([
    ["done", () => undefined],
    [
      "failed",
      () => {
        throw new Error("x");
      },
    ],
  ])("never aborts its signal after it is %s: not by timeout, not by close()", async (_, answer) => {
    let signal: AbortSignal | undefined;
    let late: Delivery | undefined;
    const { bus, time } = await setup(
      (__, delivery) => {
        signal = delivery.signal;
        late = delivery;
        return answer();
      },
      { timeout: "1s" },
    );
    await time.advance(60_000);
    const closed = bus.close({ deadline: 0 });
    await time.advance(60_000);
    await closed;
    expect(signal!.aborted).toBe(false);
    expect(late!.signal.aborted).toBe(false);
  });

  it("has a signal of its own for each attempt", async () => {
    const signals: AbortSignal[] = [];
    const { time } = await setup(
      (_, { signal }) => {
        signals.push(signal);
        throw new Error("again");
      },
      { retry: { attempts: 2, delay: 1 } },
    );
    await time.advance(10);
    expect(signals).toHaveLength(2);
    expect(signals[0]).not.toBe(signals[1]);
  });

  it("gets its subscriber from a scope of its own, attempt by attempt", async () => {
    let made = 0;
    @Subscriber({ scope: "delivery" })
    class Scoped {
      readonly number = ++made;
      @On(Seen, { retry: { attempts: 3, delay: 1 } })
      see(): void {
        if (this.number < 3) throw new Error("again");
      }
    }
    const { bus, time } = virtualBus({ subscribers: [Scoped] });
    await bus.start();
    const before = made;
    const receipt = await bus.publish(new Seen({ n: 1 }));
    await time.advance(100);
    expect(await receipt.settled()).toMatchObject({ done: 1 });
    expect(made - before).toBe(3 - before);
  });

  it("cannot change an event under another's feet where the bus isolates them", async () => {
    const { bus, time } = virtualBus({ isolate: "freeze" });
    const errors: unknown[] = [];
    bus.on(Seen, ({ nested }) => {
      try {
        nested!.list[0]!.n = 2;
      } catch (error) {
        errors.push(error);
      }
      try {
        nested!.list.push({ n: 3 });
      } catch (error) {
        errors.push(error);
      }
    });
    await bus.start();
    const half = Object.freeze({ list: [{ n: 1 }] }); // frozen by somebody, but not deep
    const event = new Seen({ n: 1, nested: half });
    await bus.publish(event);
    await time.rest();
    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)]);
    expect(event.nested).toEqual({ list: [{ n: 1 }] });
  });

  it("is as it was given where the bus does not isolate, which is the default", async () => {
    const nested = { list: [{ n: 1 }] };
    const { bus } = await setup(() => undefined);
    await bus.publish(new Seen({ n: 1, nested }));
    expect([nested, nested.list].some(Object.isFrozen)).toBe(false);
  });

  it("with a circle in its data is isolated, too", async () => {
    const { bus, time } = virtualBus({ isolate: "freeze" });
    bus.on(Seen, () => undefined);
    await bus.start();
    const nested: { list: never[]; self?: unknown } = { list: [] };
    nested.self = nested;
    await expect(bus.publish(new Seen({ n: 1, nested }))).resolves.toBeDefined();
    await time.rest();
    expect(Object.isFrozen(nested)).toBe(true);
  });
});

describe("whoever watches", () => {
  const watchers = ["published", "started", "done"];
  const broken = {
    throws: () => {
      throw new Error("bad");
    },
    rejects: () => Promise.reject(new Error("bad")),
  };

  it.each(Object.entries(broken))(
    "a listener that %s is detached, told once, and changes nothing",
    async (_, listener) => {
      const { bus, time, logged } = virtualBus();
      let calls = 0;
      const bad = () => (calls++, listener());
      bus.notices
        .on("event.published", bad as never)
        .on("delivery.started", bad as never)
        .on("delivery.done", bad as never);
      bus.on(Seen, () => undefined);
      await bus.start();
      for (let n = 0; n < 3; n++) {
        expect(await (await bus.publish(new Seen({ n }))).settled()).toMatchObject({ done: 1 });
        await time.rest();
      }
      expect(calls).toBe(watchers.length);
      expect(logged.map(({ facts }) => facts)).toEqual(
        ["event.published", "delivery.started", "delivery.done"].map((notice) => ({
          notice,
          err: new Error("bad"),
        })),
      );
    },
  );

  it.each(Object.entries(broken))("a tap that %s is told, and changes nothing", async (_, tap) => {
    const { bus, time, logged } = virtualBus();
    bus.tap("delivery.*", tap as never);
    bus.on(Seen, () => undefined);
    await bus.start();
    expect(await (await bus.publish(new Seen({ n: 1 }))).settled()).toMatchObject({ done: 1 });
    await time.rest();
    expect(logged.map(({ message }) => message)).toEqual([
      expect.stringContaining("A tap on delivery.seen threw."),
    ]);
  });

  it.each(Object.entries(broken))(
    "a logger that %s changes nothing, even for listeners that throw",
    async (_, line) => {
      const logger = { debug: line, info: line, warn: line, error: line };
      const { bus, time, receipt } = await setup(
        () => {
          throw new Error("x");
        },
        {
          retry: {
            attempts: 2,
            delay: 1,
            on: () => {
              throw new Error("bad rule");
            },
          },
        },
        { logger },
      );
      bus.notices.on("delivery.deadLettered", () => {
        throw new Error("bad listener");
      });
      await bus.publish(new Child({}));
      await time.advance(10);
      expect(await receipt.settled()).toMatchObject({ deadLettered: 1 });
      expect([...bus.lanes.values()][0]).toMatchObject({ running: 0, waiting: 0, retrying: 0 });
    },
  );
});

describe("the log", () => {
  afterEach(() => void vi.restoreAllMocks());

  const failing = () => {
    throw new Error("the cause of it all");
  };

  it("is the console's warnings and errors where there is no logger", async () => {
    const spies = (["debug", "info", "log", "warn", "error"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(() => undefined),
    );
    const bus = createBus();
    bus.on(Seen, { name: "watch" }, failing);
    await bus.start();
    await (await bus.publish([new Seen({ n: 1 }), new Child({})]))[0].settled();
    await bus.close();
    const [debug, info, log, warn, error] = spies.map((spy) => spy.mock.calls);
    expect([debug, info, log]).toEqual([[], [], []]);
    expect(warn).toEqual([
      [expect.stringContaining("No subscription handles delivery.child"), expect.any(Object)],
    ]);
    expect(error).toEqual([
      [
        expect.stringContaining("watch gave up on delivery.seen after 1 attempt (failed)."),
        expect.objectContaining({ err: new Error("the cause of it all") }),
      ],
    ]);
  });

  it("goes to pino with facts, message and the stack of the error", async () => {
    const lines: {
      level: number;
      msg: string;
      subscription: string;
      err: { message: string; stack: string };
    }[] = [];
    const logger = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    await setup(failing, {}, { logger });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 50, subscription: "watch", reason: "failed", attempts: 1 });
    expect(lines[0]!.msg).toContain("watch gave up on delivery.seen");
    expect(lines[0]!.err.stack).toContain("Error: the cause of it all\n    at ");
  });
});
