/** A wall clock that is set while the bus runs, and a day on which the clocks change: what waits goes by the time that passes. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Event, type Handler, type SubscriptionOptions } from "../../src/index.js";
import { Turn } from "../../src/runtime/turn.js";
import { Ping, Pong } from "../dispatch/setup.js";
import { deferred, virtualBus, VirtualTime } from "../support/virtual.js";

const YEAR = 365 * 86_400_000;

/** A virtual time whose wall clock may be set, as an administrator or a time server does. */
function settable(start = Date.UTC(2026, 0, 1)) {
  const time = new VirtualTime();
  const wall = { offset: start - time.runtime.host.now() };
  const { host: inner } = time.runtime;
  const host = { ...inner, now: () => inner.now() + wall.offset };
  Object.assign(time, { runtime: { ...time.runtime, host, turn: new Turn(host) } });
  return { time, wall };
}

const FIXED = { backoff: "fixed", delay: "10s", jitter: false } as const;

/** What comes ten seconds after the first of its events was published. */
interface Wait {
  readonly events: readonly number[];
  readonly options: SubscriptionOptions<Ping>;
  readonly handler: (comes: () => void) => Handler<Ping>;
}

const WAITS: Readonly<Record<string, Wait>> = {
  "a retry": {
    events: [1],
    options: { retry: { attempts: 2, ...FIXED } },
    handler:
      (comes) =>
      (_, { attempt }) => {
        if (attempt === 1) throw new Error("first");
        comes();
      },
  },
  "a timeout": {
    events: [1],
    options: { timeout: "10s" },
    handler:
      (comes) =>
      (_, { signal }) =>
        new Promise<void>((resolve) => signal.addEventListener("abort", () => (comes(), resolve()))),
  },
  "a sleep": {
    events: [1],
    options: {},
    handler: (comes) => (_, delivery) => delivery.sleep("10s").then(comes),
  },
  "the next start of a rate": {
    events: [1, 2],
    options: { lane: { rate: { limit: 1, interval: "10s" } } },
    handler:
      (comes) =>
      ({ n }) =>
        n === 2 ? comes() : undefined,
  },
  "the probe of a breaker": {
    events: [1, 2],
    options: { lane: { concurrency: 1, breaker: { failures: 1, pause: "10s" } } },
    handler:
      (comes) =>
      ({ n }) => {
        if (n === 1) throw new Error("down");
        comes();
      },
  },
};

describe.each([
  ["back by a year", -YEAR],
  ["ahead by a year", YEAR],
])("a wall clock that is set %s, before and after an event is published,", (_how, jump) => {
  test.each(Object.entries(WAITS))("moves nothing: %s comes after its ten seconds", async (_name, wait) => {
    const { time, wall } = settable();
    const { bus } = virtualBus({}, time);
    let count = 0;
    bus.on(
      Ping,
      wait.options,
      wait.handler(() => void count++),
    );
    await bus.start();
    wall.offset += jump;
    await bus.publish(wait.events.map((n) => new Ping({ n })));
    await time.rest();
    wall.offset += jump;
    await time.advance(5_000);
    wall.offset += jump;
    await time.advance(4_999);
    expect(count).toBe(0);
    await time.advance(1);
    expect(count).toBe(1);
  });

  test("moves nothing: a publish waits as long as waitMax says, a close until its deadline", async () => {
    const { time, wall } = settable();
    const { bus } = virtualBus({}, time);
    const gate = deferred();
    const ends: string[] = [];
    bus.on(Ping, { lane: { capacity: 1, concurrency: 1, waitMax: "10s" } }, (_, { signal }) => {
      signal.addEventListener("abort", () => ends.push("aborted"));
      return gate.promise;
    });
    await bus.start();
    for (const n of [1, 2]) await bus.publish(new Ping({ n })).then(() => time.rest());
    bus.publish(new Ping({ n: 3 })).catch(() => ends.push("refused"));
    wall.offset += jump;
    await time.advance(9_999);
    expect(ends).toEqual([]);
    await time.advance(1);
    expect(ends).toEqual(["refused"]);
    void bus.close({ deadline: "10s" });
    wall.offset += jump;
    await time.advance(9_999);
    expect(ends).toEqual(["refused"]);
    await time.advance(1);
    expect(ends).toEqual(["refused", "aborted"]);
    gate.resolve();
  });

  test("moves nothing: a handled event is remembered for its window", async () => {
    const { time, wall } = settable();
    const { bus } = virtualBus({}, time);
    bus.on(Ping, { name: "s", dedupe: { by: "id", window: "10s" } }, () => undefined);
    await bus.start();
    const again = () => bus.publish(new Ping({ n: 1 }), { id: "same" });
    await again();
    await time.rest();
    wall.offset += jump;
    await time.advance(5_000);
    wall.offset += jump;
    await time.advance(4_999);
    expect(await again()).toMatchObject({ deduplicated: ["s"] });
    await time.advance(1);
    expect(await again()).toMatchObject({ accepted: ["s"] });
  });
});

test("the age of dead letters is told by the wall clock: set ahead, it makes them older", async () => {
  const { time, wall } = settable();
  const { bus } = virtualBus({ deadLetters: { maxAge: "30d" } }, time);
  bus.on(Pong, () => Promise.reject(new Error("no")));
  await bus.start();
  await bus.publish(new Pong({ n: 1 }));
  await time.rest();
  wall.offset -= YEAR;
  expect(bus.deadLetters.size).toBe(1);
  wall.offset += 2 * YEAR;
  expect(bus.deadLetters.size).toBe(0);
});

describe("a day on which the clocks change", () => {
  const zone = process.env["TZ"];
  beforeEach(() => void (process.env["TZ"] = "Europe/Berlin"));
  afterEach(() => {
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  });

  test.each([
    ["of 23 hours", "2026-03-28T12:00:00+01:00", 23],
    ["of 25 hours", "2026-10-24T12:00:00+02:00", 25],
  ])("%s by the calendar: a retry after a day comes after 24 hours", async (_, noon, hours) => {
    const [start, next] = [new Date(noon), new Date(noon)];
    next.setDate(start.getDate() + 1);
    expect((next.getTime() - start.getTime()) / 3_600_000).toBe(hours); // the zone is in force

    class Daily extends Event("clock.daily")<{}> {}
    const { time } = settable(start.getTime());
    const { bus } = virtualBus({}, time);
    const attempts: number[] = [];
    const day = { ...FIXED, delay: "1d", delayMax: "1d" } as const;
    bus.on(Daily, { retry: { attempts: 2, ...day } }, (__, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("tomorrow");
    });
    await bus.start();
    await bus.publish(new Daily({}));
    await time.advance(86_400_000 - 1);
    expect(attempts).toEqual([1]);
    await time.advance(1);
    expect(attempts).toEqual([1, 2]);
  });
});
