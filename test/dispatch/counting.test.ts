import fc from "fast-check";
import { expect, test } from "vitest";
import { deadLetter, drop, type Overflow, retry } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";
import {
  counts,
  expectCountsToAddUp,
  Keyed,
  mismatches,
  n,
  Ping,
  Pong,
  type TestBus,
  toggle,
} from "./setup.js";

/** Looks at the counts from everywhere that the engine calls: each notice, tap and log line; `wrong` is what it saw. */
function watchCounts(bus: TestBus) {
  const wrong: string[] = [];
  let looks = 0;
  const look = (): void => {
    looks++;
    wrong.push(...mismatches(bus));
  };
  const deliveries = [
    "started",
    "done",
    "retried",
    "deadLettered",
    "dropped",
    "deduplicated",
    "filtered",
    "abandoned",
  ] as const;
  for (const kind of deliveries) bus.notices.on(`delivery.${kind}`, look);
  for (const kind of ["full", "free", "paused", "resumed"] as const) bus.notices.on(`lane.${kind}`, look);
  bus.notices.on("event.published", look);
  bus.notices.on("event.unhandled", look);
  bus.tap("test.**", look);
  return { wrong, look, looks: () => looks };
}

test("the counts of a bus are of events: published is what somebody gets or waits for, and what nobody handles", async () => {
  const { bus, time } = virtualBus({ onUnhandled: "ignore", lanes: { one: { capacity: 1, waitingMax: 1 } } });
  bus.on(Ping, { name: "s", lane: "one" }, () => undefined);
  await bus.start();
  bus.lanes.get("one")!.pause();
  await bus.publish(new Pong({ n: 0 }));
  await bus.publish(new Ping({ n: 1 }));
  const waiting = bus.publish(new Ping({ n: 2 }));
  await bus.publish(new Ping({ n: 3 })).catch(() => undefined);
  expect(bus.describe().counts).toEqual({ published: 3, unhandled: 1 });
  expect(counts(bus, "s")).toMatchObject({ routed: 2, waiting: 2 });
  bus.lanes.get("one")!.resume();
  await waiting;
  await time.rest();
  expect(counts(bus, "s")).toMatchObject({ routed: 2, handled: 2 });
});

test("what a delivery comes to is counted once, in the one place for it", async () => {
  const { bus, time } = virtualBus();
  const answers = [undefined, drop("no use"), deadLetter("odd"), new Error("thrown"), retry(), "whatever"];
  bus.on(Ping, { name: "s", when: (event) => event.n < 6 }, ({ n: number }) => {
    const answer = answers[number];
    if (answer instanceof Error) throw answer;
    return answer;
  });
  await bus.start();
  await bus.publish(n(7).map((each) => new Ping({ n: each })));
  await time.rest();
  expect(counts(bus, "s")).toEqual({
    routed: 7,
    handled: 2,
    deadLettered: 3,
    dropped: 1,
    filtered: 1,
    deduplicated: 0,
    expired: 0,
    abandoned: 0,
    waiting: 0,
    retrying: 0,
    running: 0,
  });
});

test("a replay and a resume count as deliveries of their own, and as no event", async () => {
  const { bus, time } = virtualBus();
  let isBroken = true;
  bus.on(Keyed, { name: "s", keyFailure: "park", lane: { concurrency: 1 } }, () => {
    if (isBroken) throw new Error("no");
  });
  await bus.start();
  await bus.publish(n(3).map((each) => new Keyed({ key: "k", n: each })));
  await time.rest();
  isBroken = false;
  const [head] = await bus.deadLetters.list({ reason: "failed" });
  await bus.deadLetters.replay(head!);
  expectCountsToAddUp(bus);
  await bus.deadLetters.resume("s", "k");
  expectCountsToAddUp(bus);
  await time.rest();
  expect(counts(bus, "s")).toMatchObject({ routed: 6, deadLettered: 3, handled: 3 });
  expect(bus.describe().counts).toEqual({ published: 3, unhandled: 0 });
});

test("a publish of several events that wait, are filtered and dropped adds up for whoever looks in between", async () => {
  const { bus, time } = virtualBus({
    lanes: { one: { capacity: 1 }, drops: { capacity: 1, overflow: "dropNewest" } },
  });
  bus.on(Ping, { name: "s", lane: "one", when: (event) => event.n !== 1 }, () => undefined);
  bus.on(Ping, { name: "d", lane: "drops" }, () => undefined);
  await bus.start();
  bus.lanes.get("one")!.pause();
  bus.lanes.get("drops")!.pause();
  const { wrong, looks } = watchCounts(bus);
  await bus.publish(new Ping({ n: 0 }));
  const published = bus.publish([new Ping({ n: 2 }), new Ping({ n: 1 })]);
  expect(looks()).toBeGreaterThanOrEqual(5);
  bus.lanes.get("one")!.resume();
  await published;
  await time.rest();
  expect(wrong).toEqual([]);
});

test("wait times are told by the turn clock, run times by exact samples and by those that took longer than a turn", async () => {
  const { bus, time } = virtualBus({ lanes: { lane: { concurrency: 1 } } });
  const gate = deferred();
  bus.on(Ping, { lane: "lane" }, ({ n: number }) => (number === 0 ? gate.promise : undefined));
  await bus.start();
  const lane = bus.lanes.get("lane")!;
  await bus.publish([new Ping({ n: 0 }), new Ping({ n: 1 })]);
  await time.advance(400);
  gate.resolve();
  await time.rest();
  expect(lane.waitMs.max).toBe(400);
  expect(lane.runMs.max).toBe(400);
  expect([lane.handled, lane.failed]).toEqual([2, 0]);
});

test("routed is the sum of all the others at every instant, whatever happens", async () => {
  const publish = fc.record({
    event: fc.constantFrom("ping", "keyed"),
    key: fc.constantFrom("a", "b", undefined),
    does: fc.constantFrom("done", "throws", "asks", "drops", "buries", "waits", "filtered", "publishes"),
    id: fc.constantFrom("x", "y", undefined),
    isAborted: fc.boolean(),
  });
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ publish: fc.array(publish, { minLength: 1, maxLength: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ advance: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 4 }) }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom("toggle" as const, "abort" as const, "settle" as const, "again" as const),
    },
  );
  const workload = fc.record({
    overflow: fc.constantFrom<Overflow>("wait", "reject", "dropOldest", "dropNewest", "coalesce"),
    capacity: fc.integer({ min: 1, max: 4 }),
    actions: fc.array(action, { minLength: 1, maxLength: 25 }),
    isClosed: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(workload, async ({ overflow, capacity, actions, isClosed }) => {
      const logged = (): void => look();
      const lanes = { tight: { capacity, concurrency: 2, overflow, waitMax: 150 } };
      const { bus, time } = virtualBus({
        lanes,
        logger: { debug: logged, info: logged, warn: logged, error: logged },
      });
      const lane = bus.lanes.get("tight")!;
      const { look, wrong } = watchCounts(bus);
      const plans = new Map<number, string>();
      const gates: (() => void)[] = [];
      const handler = async (
        event: Ping | Keyed,
        delivery: { publish: TestBus["publish"]; attempt: number },
      ): Promise<unknown> => {
        look();
        const does = plans.get(event.n);
        if (does === "throws") throw new Error("no");
        if (does === "asks") return retry({ after: 20 });
        if (does === "drops") return drop("no use");
        if (does === "buries") return deadLetter("odd");
        if (does === "publishes" && delivery.attempt === 1)
          void delivery.publish(new Pong({ n: 0 })).catch(() => undefined);
        if (does === "waits") await new Promise<void>((resolve) => gates.push(resolve));
        look();
        return undefined;
      };
      const when = (event: Ping | Keyed): boolean => {
        look();
        return plans.get(event.n) !== "filtered";
      };
      const policies = { when, retry: { attempts: 2, delay: 30, jitter: false } } as const;
      bus.on([Ping, Keyed], { name: "tight", lane: "tight", ...policies }, handler);
      bus.on(
        [Ping, Keyed],
        { name: "twin", lane: "tight", ...policies, dedupe: { by: "id", window: 100 } },
        handler,
      );
      bus.on(Ping, { name: "own", lane: { capacity: 2, concurrency: 1 }, ...policies }, handler);
      bus.on(Pong, { name: "pong", lane: "tight" }, () => undefined);
      await bus.start();
      const aborts: AbortController[] = [];
      const failed: (Ping | Keyed)[] = [];
      const open: Promise<unknown>[] = [];
      let number = 0;
      const send = (
        events: (Ping | Keyed)[],
        options: { id?: string | undefined; key?: string | undefined },
      ): void => {
        const abort = new AbortController();
        aborts.push(abort);
        open.push(
          bus.publish(events, { ...options, signal: abort.signal }).catch(() => failed.push(...events)),
        );
        expectCountsToAddUp(bus);
      };
      for (const each of actions) {
        if (each === "toggle") toggle(lane);
        else if (each === "abort") aborts.pop()?.abort();
        else if (each === "settle") gates.shift()?.();
        else if (each === "again") send(failed.splice(0, 1), {});
        else if ("advance" in each) await time.advance(each.advance);
        else if ("concurrency" in each) lane.concurrency = each.concurrency;
        else {
          const events = each.publish.map(({ event, key = "", does }) => {
            plans.set(++number, does);
            return event === "ping" ? new Ping({ n: number }) : new Keyed({ key, n: number });
          });
          send(events, { id: each.publish[0]!.id, key: each.publish[0]!.key });
        }
        expectCountsToAddUp(bus);
      }
      if (isClosed) {
        const closed = bus.close({ deadline: 50 });
        await time.advance(2_000);
        await closed;
      } else {
        lane.resume();
        for (let round = 0; round < 200 && (gates.length > 0 || round < 3); round++) {
          for (const gate of gates.splice(0)) gate();
          await time.advance(500);
        }
      }
      await Promise.all(open);
      expectCountsToAddUp(bus);
      for (const { counts: all } of bus.describe().subscriptions)
        expect(all).toMatchObject({ waiting: 0, retrying: 0, running: 0 });
      expect([lane.waiting, lane.running, lane.retrying, lane.waitingPublishes]).toEqual([0, 0, 0, 0]);
      for (const gate of gates) gate();
      expect(wrong).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 60_000);
