/** Whatever is thrown wherever code of the application runs: it becomes a failure with an error that can be read, and no more. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";

import { Event, type SubscriptionOptions } from "../../src/index.js";
import { counts, expectCountsToAddUp } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { HOSTILE, HOSTILE_NAMES } from "./hostile.js";

class Ping extends Event("hostile.ping")<{ n: number }> {}

type Throws = () => never;
interface Place {
  readonly options?: (throws: Throws) => SubscriptionOptions<Ping>;
  readonly handler?: (throws: Throws) => () => unknown;
}

const PLACES: Readonly<Record<string, Place>> = {
  "a handler": { handler: (throws) => throws },
  "a handler that waited": { handler: (throws) => async () => (await Promise.resolve(), throws()) },
  "a handler under a timeout": { options: () => ({ timeout: "1h" }), handler: (throws) => throws },
  "a step before its handler": { options: (throws) => ({ steps: [() => throws()] }) },
  "a step after its handler": {
    options: (throws) => ({ steps: [async (_delivery, next) => (await next(), throws())] }),
  },
  when: { options: (throws) => ({ when: throws }) },
  "the key of a subscription": { options: (throws) => ({ key: throws }) },
  "dedupe.by": { options: (throws) => ({ dedupe: { by: throws, window: "1h" } }) },
  "retry.on": {
    options: (throws) => ({ retry: { attempts: 2, delay: 5, on: throws } }),
    handler: (throws) => throws,
  },
  "retry.backoff": {
    options: (throws) => ({ retry: { attempts: 2, backoff: throws } }),
    handler: (throws) => throws,
  },
};

const thrower = (name: string): Throws => {
  return () => {
    // oxlint-disable-next-line no-throw-literal -- that is what is tried
    throw HOSTILE[name]!();
  };
};

function expectReadable(error: unknown): void {
  const { message, name, stack } = error as Error;
  expect([typeof message, typeof name, typeof stack]).toEqual(["string", "string", "string"]);
  expect(message.length).toBeLessThan(1_100_000);
}

describe.each(Object.entries(PLACES))("thrown in %s", (_place, { options, handler }) => {
  test.each(HOSTILE_NAMES)("%s becomes a dead letter with an error that can be read", async (name) => {
    const { bus, time, logged } = virtualBus({ lanes: { one: { concurrency: 1 } } });
    const throws = thrower(name);
    const policies = { lane: "one", retry: { attempts: 2, delay: 5 }, ...options?.(throws) } as const;
    bus.on(Ping, { ...policies, name: "hurt" }, handler?.(throws) ?? (() => undefined));
    bus.on(Ping, { lane: "one", name: "neighbour" }, () => undefined);
    await bus.start();

    const receipts = await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
    await time.advance(60_000);
    const tally = await receipts[0].settled();
    expect(tally).toMatchObject({ deadLettered: 1, done: 1 });
    const letters = await bus.deadLetters.list();
    expect(letters).toHaveLength(2);
    for (const { reason, attempts } of letters) {
      expect({ reason, attempts: attempts.length }).toEqual({ reason: "failed", attempts: 2 });
      for (const { error } of attempts) expectReadable(error);
    }
    expect(counts(bus, "neighbour")).toMatchObject({ handled: 2 });
    expectCountsToAddUp(bus);
    expect(logged.filter(({ message }) => message.includes("gave up on hostile.ping"))).toHaveLength(2);
    await bus.close();
  });
});

describe.each(HOSTILE_NAMES)("%s", (name) => {
  test("that a handler throws comes out of invoke as it was thrown", async () => {
    const { bus } = virtualBus();
    const thrown = HOSTILE[name]!();
    bus.on(Ping, () => {
      throw thrown;
    });
    await bus.start();
    const caught = await bus.invoke(new Ping({ n: 1 })).then(
      () => ({ nothing: true }),
      (error: unknown) => [error],
    );
    expect(Array.isArray(caught) && Object.is(caught[0], thrown)).toBe(true);
    await bus.close();
  });

  test("that the console is told of does not get past it", async () => {
    const { bus, time } = virtualBus({ logger: undefined });
    const silenced = (["log", "warn", "error"] as const).map((level) => [level, console[level]] as const);
    const told: unknown[] = [];
    for (const [level] of silenced)
      console[level] = (...line: unknown[]) => void told.push(line.map((each) => inspect(each)));
    try {
      bus.on(Ping, thrower(name));
      await bus.start();
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
    } finally {
      for (const [level, before] of silenced) console[level] = before;
    }
    expect(told).toHaveLength(1);
    await bus.close();
  });

  test("that transaction() is left with comes out of it, and its publishes are taken back", async () => {
    const { bus, time } = virtualBus();
    bus.on(Ping, { name: "it" }, () => undefined);
    await bus.start();
    const thrown = HOSTILE[name]!();
    const done = bus.transaction(async (tx) => {
      await tx.publish(new Ping({ n: 1 }));
      throw thrown;
    });
    const caught = await done.then(
      () => ({ nothing: true }),
      (error: unknown) => [error],
    );
    await time.rest();
    expect(Array.isArray(caught) && Object.is(caught[0], thrown)).toBe(true);
    expect(counts(bus, "it")).toMatchObject({ routed: 0, handled: 0 });
    await bus.close();
  });
});
