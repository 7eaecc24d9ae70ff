/** Promises of the pages that no room's own tests prove: they need a whole bus. */
import { describe, expect, it } from "vitest";

import { deadLetter, Event, type NoticeMap, On, StartError, Subscriber } from "../src/index.js";
import { textOf } from "./support/repository.js";
import { deferred, virtualBus } from "./support/virtual.js";

class Ordered extends Event("shop.ordered")<{ n: number }> {}
class Paid extends Event("shop.order.paid") {}
class SignedUp extends Event("user.signed-up") {}

async function setup(options: Parameters<typeof virtualBus>[0] = {}) {
  const { bus, time } = virtualBus(options);
  await bus.start();
  return { bus, time };
}

describe("lanes", () => {
  it("that a subscription names and the bus does not know are a fault at start, with what was meant", async () => {
    @Subscriber({ lane: "mial" })
    class Mails {
      @On(Ordered) send(): void {}
    }
    const { bus } = virtualBus({ subscribers: [Mails], lanes: { mail: {} } });
    const error = await bus.start().catch((each: unknown) => each);
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toMatch(/mial.*mail/s);
    expect([...bus.lanes.keys()]).toEqual(["mail"]);
  });

  it("count a retry against their capacity, and not what runs", async () => {
    const { bus, time } = await setup();
    const ends: (() => void)[] = [];
    const lane = { concurrency: 1, capacity: 1, overflow: "reject" } as const;
    const retry = { attempts: 2, backoff: "fixed", jitter: false } as const;
    bus.on(Ordered, { name: "one", lane, retry }, async (_, delivery) => {
      if (delivery.attempt === 1) throw new Error("again in a second");
      const { promise, resolve } = deferred();
      ends.push(resolve);
      await promise;
    });
    await bus.publish(new Ordered({ n: 1 }));
    await time.rest();
    expect(bus.lanes.get("one")).toMatchObject({ retrying: 1, running: 0 });
    await expect(bus.publish(new Ordered({ n: 2 }))).rejects.toThrow(/one/);
    await time.advance(1_000);
    expect(bus.lanes.get("one")).toMatchObject({ retrying: 0, running: 1 });
    await expect(bus.publish(new Ordered({ n: 3 }))).resolves.toMatchObject({ accepted: ["one"] });
    ends[0]!();
  });
});

describe("atRisk", () => {
  it("counts what a crash would lose: what is held, waits, runs or waits for its retry", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    bus.on(Ordered, { name: "one", lane: { concurrency: 1 }, retry: 2 }, async ({ n }, { attempt }) => {
      if (n === 1 && attempt === 1) throw new Error("again");
      await gate.promise;
    });
    await bus.publish(new Ordered({ n: 1 }));
    expect(bus.atRisk).toBe(1); // held
    await bus.start();
    await time.rest();
    await bus.publish([new Ordered({ n: 2 }), new Ordered({ n: 3 })]);
    await time.rest();
    expect(bus.lanes.get("one")).toMatchObject({ retrying: 1, running: 1, waiting: 1 });
    expect(bus.atRisk).toBe(3);
    gate.resolve();
    await time.advance(10_000);
    expect(bus.atRisk).toBe(0);
  });
});

describe("health", () => {
  it("is not ready while publishes wait for a lane, and says which", async () => {
    const { bus, time } = await setup();
    const gate = deferred();
    bus.on(Ordered, { name: "one", lane: { concurrency: 1, capacity: 1 } }, () => gate.promise);
    expect(bus.health()).toEqual({ live: true, ready: true, reasons: [] });
    await bus.publish(new Ordered({ n: 1 }));
    await time.rest();
    await bus.publish(new Ordered({ n: 2 }));
    const waiting = bus.publish(new Ordered({ n: 3 }));
    expect(bus.health()).toEqual({ live: true, ready: false, reasons: ["lane one is full"] });
    gate.resolve();
    await waiting;
    await time.rest();
    expect(bus.health().ready).toBe(true);
  });

  it("names a stuck handler, an open breaker and dead letters that come in numbers", async () => {
    const { bus, time } = await setup({ lanes: { shaky: { breaker: { failures: 12, pause: "1h" } } } });
    const gate = deferred();
    bus.on(Paid, { name: "slow", timeout: "1s" }, () => gate.promise);
    bus.on(Ordered, { name: "fails", lane: "shaky" }, () => Promise.reject(new Error("no")));
    await bus.publish(new Paid());
    for (let n = 0; n < 12; n++) await bus.publish(new Ordered({ n }));
    await time.advance(2_000);
    expect(bus.health().reasons).toEqual([
      "lane shaky: its breaker is open",
      "lane slow: slow is stuck",
      "12 dead letters within a minute",
    ]);
    gate.resolve();
  });

  it("is neither ready before start() nor live after close()", async () => {
    const { bus } = virtualBus();
    expect(bus.health()).toEqual({ live: true, ready: false, reasons: ["the bus has not started"] });
    await bus.start();
    await bus.close();
    expect(bus.health()).toEqual({ live: false, ready: false, reasons: ["the bus is closed"] });
  });
});

describe("a tap", () => {
  it("sees events by pattern, before any handler, and never makes one handled", async () => {
    const { bus, time } = await setup({ onUnhandled: "ignore" });
    const seen: string[] = [];
    const undo = bus.tap("shop.**", (_, { name }) => seen.push(`tap ${name}`));
    bus.tap("*.signed-up", (_, { name }) => seen.push(`tap ${name}`));
    bus.on(Ordered, { name: "one" }, () => seen.push("handled"));
    const receipts = bus.publish([new Ordered({ n: 1 }), new Paid(), new SignedUp()] as const);
    expect(seen).toEqual(["tap shop.ordered", "tap shop.order.paid", "tap user.signed-up"]);
    const [ordered, paid] = await receipts;
    await time.rest();
    expect(seen[3]).toBe("handled");
    expect([ordered.unhandled, paid.unhandled]).toEqual([false, true]);
    undo();
    await bus.publish(new Paid());
    expect(seen).toHaveLength(4);
  });
});

describe("a transaction", () => {
  it("delivers what is published inside when it succeeds, and nothing when it throws", async () => {
    const { bus, time } = await setup();
    const seen: number[] = [];
    bus.on(Ordered, { name: "one" }, ({ n }) => void seen.push(n));
    const failed = bus.transaction(async (tx) => {
      await tx.publish(new Ordered({ n: 1 }));
      throw new Error("rolled back");
    });
    await expect(failed).rejects.toThrow("rolled back");
    await bus.transaction(async () => {
      const receipt = await bus.publish(new Ordered({ n: 2 }));
      expect(receipt.held).toBe(true);
      await time.rest();
      expect(seen).toEqual([]);
    });
    await time.rest();
    expect(seen).toEqual([2]);
  });
});

describe("what pulls", () => {
  it("gets the next that fits, and a stream all of them in order", async () => {
    const { bus, time } = await setup();
    const next = bus.next(Ordered, ({ n }) => n > 1);
    const read: number[] = [];
    const stream = bus.stream(Ordered)[Symbol.asyncIterator]();
    const first = stream.next();
    for (const n of [1, 2, 3]) await bus.publish(new Ordered({ n }));
    read.push((await first).value.n, (await stream.next()).value.n, (await stream.next()).value.n);
    expect(read).toEqual([1, 2, 3]);
    expect((await next).n).toBe(2);
    await stream.return?.();
    await time.rest();
    expect(await bus.publish(new Ordered({ n: 4 }))).toMatchObject({ unhandled: true });
  });
});

describe("two buses", () => {
  it("share nothing: lanes, subscriptions, dead letters, notices", async () => {
    const [one, two] = [await setup({ onUnhandled: "ignore" }), await setup({ onUnhandled: "ignore" })];
    const heard: string[] = [];
    two.bus.notices.on("event.published", ({ event }) => heard.push(event));
    one.bus.on(Ordered, { name: "same" }, () => Promise.reject(new Error("no")));
    await one.bus.publish(new Ordered({ n: 1 }));
    await one.time.rest();
    expect(one.bus.deadLetters.size).toBe(1);
    expect([two.bus.deadLetters.size, two.bus.lanes.size, heard.length]).toEqual([0, 0, 0]);
    two.bus.on(Ordered, { name: "same" }, () => undefined);
    await one.bus.close();
    const receipt = await two.bus.publish(new Ordered({ n: 2 }));
    expect(await receipt.settled()).toMatchObject({ done: 1 });
  });
});

describe("the log", () => {
  it("counts failed attempts, and none where the handler gave up at once", async () => {
    const { bus, logged } = virtualBus();
    bus.on(Ordered, { name: "one" }, ({ n }) =>
      n === 1 ? deadLetter("unwanted") : Promise.reject(new Error("no")),
    );
    await bus.start();
    for (const n of [1, 2]) await (await bus.publish(new Ordered({ n }))).settled();
    expect(logged.map(({ message }) => message)).toEqual([
      "one gave up on shop.ordered (unwanted). It is kept in bus.deadLetters.",
      "one gave up on shop.ordered after 1 attempt (failed). It is kept in bus.deadLetters.",
    ]);
  });
});

describe("the page about watching", () => {
  it("has every notice, and none that does not exist", () => {
    // An object of all names: the compiler refuses one too many and one too few.
    const all: { readonly [K in keyof NoticeMap]: true } = {
      "event.published": true,
      "event.unhandled": true,
      "delivery.started": true,
      "delivery.done": true,
      "delivery.retried": true,
      "delivery.deadLettered": true,
      "delivery.dropped": true,
      "delivery.deduplicated": true,
      "delivery.filtered": true,
      "delivery.expired": true,
      "delivery.abandoned": true,
      "delivery.stuck": true,
      "delivery.late": true,
      "delivery.lost": true,
      "loop.blocked": true,
      "schedule.skipped": true,
      "lane.full": true,
      "lane.free": true,
      "lane.paused": true,
      "lane.resumed": true,
      "transport.down": true,
      "transport.up": true,
    };
    const rows = textOf("docs/watching.md").matchAll(
      /^\| `((?:event|delivery|loop|schedule|lane|transport)\.[A-Za-z]+)`/gm,
    );
    expect(Array.from(rows, (row) => row[1] ?? "").toSorted()).toEqual(Object.keys(all).toSorted());
  });
});
