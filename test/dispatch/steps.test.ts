import { describe, expect, it } from "vitest";
import { On, Subscriber } from "../../src/index.js";
import { deadLetter, done, drop, Event, NextTwiceError, retry, type Step } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Worked extends Event("steps.worked")<{ n: number }> {}

async function setup(steps: readonly Step[], handler: () => unknown = () => undefined, options = {}) {
  const { bus, time } = virtualBus();
  bus.on(Worked, { name: "worker", steps, ...options }, handler);
  await bus.start();
  const receipt = await bus.publish(new Worked({ n: 1 }));
  await time.rest();
  const letters = await bus.deadLetters.list();
  const error = letters[0]?.attempts.at(-1)?.error;
  return { bus, time, receipt, error, tally: () => receipt.settled() };
}

describe("steps", () => {
  it("run around the handler, outermost first: of the bus, of the class, of the subscription", async () => {
    const seen: string[] = [];
    const named =
      (name: string): Step =>
      async (_, next) => {
        seen.push(`${name} in`);
        const outcome = await next();
        seen.push(`${name} out`);
        return outcome;
      };
    @Subscriber({ steps: [named("class")] })
    class Worker {
      @On(Worked, { steps: [named("own"), named("inner")] })
      work(): void {
        seen.push("handler");
      }
    }
    const { bus, time } = virtualBus({
      subscribers: [Worker],
      steps: [named("bus")],
      defaults: { steps: [named("default")] },
    });
    await bus.start();
    await bus.publish(new Worked({ n: 1 }));
    await time.rest();
    expect(seen).toEqual([
      ...["bus", "default", "class", "own", "inner"].map((name) => `${name} in`),
      "handler",
      ...["inner", "own", "class", "default", "bus"].map((name) => `${name} out`),
    ]);
  });

  it("get the outcome of the rest, and may change it", async () => {
    const outcomes: unknown[] = [];
    const step: Step = async (_, next) => {
      outcomes.push(await next());
      return drop("changed");
    };
    const { tally } = await setup([step], () => "a result");
    expect(outcomes).toEqual([done()]);
    expect(await tally()).toMatchObject({ dropped: 1, notHandled: [{ reason: "changed" }] });
  });

  it("may decide without the handler", async () => {
    let isHandled = false;
    const { tally } = await setup([async () => deadLetter("not allowed")], () => (isHandled = true));
    expect(await tally()).toMatchObject({ deadLettered: 1, notHandled: [{ reason: "not allowed" }] });
    expect(isHandled).toBe(false);
  });

  it("see what the handler threw, and may swallow it", async () => {
    const error = new Error("broken");
    const caught: unknown[] = [];
    const step: Step = async (_, next) => {
      try {
        return await next();
      } catch (thrown) {
        caught.push(thrown);
        return done();
      }
    };
    const { tally } = await setup([step], () => {
      throw error;
    });
    expect(caught).toEqual([error]);
    expect(await tally()).toMatchObject({ done: 1, deadLettered: 0 });
  });

  it("that answer nothing are done", async () => {
    const { tally } = await setup([(async () => undefined) as never]);
    expect(await tally()).toMatchObject({ done: 1 });
  });

  it.each<[string, Step]>([
    [
      "before the handler",
      async () => {
        throw new Error("a step broke");
      },
    ],
    [
      "at once",
      () => {
        throw new Error("a step broke");
      },
    ],
    [
      "after the handler",
      async (_, next) => {
        await next();
        throw new Error("a step broke");
      },
    ],
  ])("that throw %s fail the attempt", async (_, step) => {
    const { tally, error } = await setup([step]);
    expect(await tally()).toMatchObject({ deadLettered: 1, notHandled: [{ reason: "failed" }] });
    expect(error).toMatchObject({ message: "a step broke" });
  });

  it.each<[string, Step]>([
    [
      "one after the other",
      async (_, next) => {
        await next();
        return next();
      },
    ],
    [
      "at once",
      async (_, next) => {
        const [outcome] = await Promise.all([next(), next()]);
        return outcome;
      },
    ],
    [
      "after an error, to try again",
      async (_, next) => {
        try {
          return await next();
        } catch {
          return next();
        }
      },
    ],
  ])("may call next() once: a second time throws, %s", async (_, step) => {
    let runs = 0;
    const { tally, error } = await setup(
      [step],
      () => {
        if (++runs === 1) throw new Error("first");
      },
      { retry: 1 },
    );
    expect(runs).toBe(1);
    expect(await tally()).toMatchObject({ deadLettered: 1 });
    expect(error instanceof NextTwiceError || (error as Error).message === "first").toBe(true);
  });

  it("may call next() once per attempt", async () => {
    let runs = 0;
    const { time, tally } = await setup(
      [(_, next) => next()],
      () => {
        if (++runs < 3) throw new Error("again");
      },
      { retry: { attempts: 3, delay: 1 } },
    );
    await time.advance(100);
    expect(runs).toBe(3);
    expect(await tally()).toMatchObject({ done: 1 });
  });

  it.each<[string, Step]>([
    [
      "the rest",
      async (_, next) => {
        void next();
        return done();
      },
    ],
    [
      "a second next()",
      async (_, next) => {
        await Promise.allSettled([next()]);
        void next();
        return done();
      },
    ],
  ])("that do not await %s cannot end the process", async (_, step) => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    try {
      const { time, tally } = await setup([step], () => Promise.reject(new Error("unheard")));
      await time.rest();
      expect(await tally()).toMatchObject({ done: 1 });
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listener);
    }
  });

  it("that leave the handler running have settled it: no abort and no word about it afterwards", async () => {
    const gate = deferred();
    const notices: string[] = [];
    let signal: AbortSignal | undefined;
    const { bus, time } = virtualBus();
    for (const name of ["stuck", "done", "deadLettered"] as const)
      bus.notices.on(`delivery.${name}`, () => notices.push(name));
    const step: Step = async (_, next) => {
      void next();
      return done();
    };
    bus.on(Worked, { steps: [step], timeout: "1s" }, (_, delivery) => {
      signal = delivery.signal;
      return gate.promise;
    });
    await bus.start();
    await bus.publish(new Worked({ n: 1 }));
    await time.advance(60_000);
    expect([notices, signal?.aborted]).toEqual([["done"], false]);
    gate.resolve();
    await time.rest();
    expect(notices).toEqual(["done"]);
  });

  it("hold the slot and the key while they wait", async () => {
    const gate = deferred();
    const { bus, time } = await setup([
      async (_, next) => {
        await gate.promise;
        return next();
      },
    ]);
    const [lane] = bus.lanes.values();
    expect(lane!.running).toBe(1);
    gate.resolve();
    await time.rest();
    expect(lane!.running).toBe(0);
  });

  it("stand around a timeout: they hear of it as an error of next()", async () => {
    const heard: unknown[] = [];
    const step: Step = async (_, next) =>
      next().catch((error: unknown) => {
        heard.push((error as Error).name);
        throw error;
      });
    const handler = () => new Promise<void>(() => undefined);
    const { time, tally } = await setup([step], handler, { timeout: "1s", stuck: "release" });
    await time.advance(2_000);
    expect(heard).toEqual(["HandlerTimeoutError"]);
    expect(await tally()).toMatchObject({ deadLettered: 1, notHandled: [{ reason: "timeout" }] });
  });

  it("may answer retry()", async () => {
    let runs = 0;
    const step: Step = async (_, next) => (++runs === 1 ? retry({ after: "5s" }) : next());
    const { time, tally } = await setup([step], undefined, { retry: 2 });
    await time.advance(5_000);
    expect(runs).toBe(2);
    expect(await tally()).toMatchObject({ done: 1 });
  });
});
