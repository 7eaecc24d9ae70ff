import { expect, test } from "vitest";
import { type Delivery, Event, type Outcome, type Step } from "../../src/index.js";
import { expectCountsToAddUp, gated, Keyed, n, Ping, Pong } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

class Versioned extends Event("test.versioned", { version: 3 }) {}

const timed: Step = Object.assign(async (_: Delivery, next: () => Promise<Outcome>) => next(), {
  about: "measures",
});
async function audits(_: Delivery, next: () => Promise<Outcome>): Promise<Outcome> {
  return next();
}

async function setup() {
  const gate = gated();
  const made = virtualBus({
    lanes: { mail: { concurrency: 2, capacity: 5 } },
    steps: [timed],
    events: Versioned,
  });
  made.bus.on(Ping, { name: "mails", lane: "mail", retry: 3, timeout: "2s", steps: [audits] }, gate.handler);
  made.bus.on([Ping, Pong], { name: "own", lane: { overflow: "reject" } }, () => undefined);
  await made.bus.start();
  return { ...made, gate };
}

test("it shows events, lanes, subscriptions, steps and counts as data", async () => {
  const { bus, time } = await setup();
  await bus.publish(n(4).map((at) => new Ping({ n: at })));
  await time.rest();
  const { events, lanes, subscriptions, counts } = bus.describe();
  expect(events).toEqual(
    [
      { name: "test.ping", version: 1, subscriptions: ["mails", "own"] },
      { name: "test.pong", version: 1, subscriptions: ["own"] },
      { name: "test.versioned", version: 3, subscriptions: [] },
    ].toSorted(
      (a, b) =>
        events.findIndex((each) => each.name === a.name) - events.findIndex((each) => each.name === b.name),
    ),
  );
  expect(lanes).toEqual([
    {
      name: "mail",
      concurrency: 2,
      capacity: 5,
      overflow: "wait",
      waiting: 2,
      waitingPublishes: 0,
      running: 2,
      retrying: 0,
      isPaused: false,
    },
    expect.objectContaining({ name: "own", concurrency: 10, capacity: 10_000, overflow: "reject" }),
  ]);
  expect(subscriptions[0]).toMatchObject({
    name: "mails",
    events: ["test.ping"],
    lane: "mail",
    attempts: 3,
    timeoutMs: 2_000,
    steps: ["measures", "audits"],
    counts: { routed: 4, waiting: 2, running: 2, handled: 0 },
  });
  expect(counts).toEqual({ published: 4, unhandled: 0 });
});

test("it reads as text, one line for each thing", async () => {
  const { bus, time, gate } = await setup();
  await bus.publish([new Ping({ n: 1 }), new Versioned()]);
  await time.rest();
  bus.lanes.get("mail")!.pause();
  expect(String(bus.describe()).split("\n").toSorted()).toEqual(
    [
      "2 events published, 1 unhandled",
      "event test.versioned (version 3) → nobody",
      "event test.ping (version 1) → mails, own",
      "event test.pong (version 1) → own",
      "lane mail: 1/2 running, 0/5 waiting, 0 retrying, wait, paused",
      "lane own: 0/10 running, 0/10000 waiting, 0 retrying, reject",
      "subscription mails ← test.ping in lane mail, 3 attempts, timeout 2000 ms",
      "  step measures",
      "  step audits",
      "subscription own ← test.ping, test.pong in lane own, 1 attempt",
      "  step measures",
    ].toSorted(),
  );
  await gate.openAll(time);
});

test("it is a picture of its moment, and JSON of the same", async () => {
  const { bus, time, gate } = await setup();
  const before = bus.describe();
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  await gate.openAll(time);
  expect(before.counts.published).toBe(0);
  expect(before.subscriptions[0]?.counts.handled).toBe(0);
  const parsed = JSON.parse(JSON.stringify(bus.describe())) as { counts: unknown; lanes: unknown[] };
  expect(parsed.counts).toEqual({ published: 1, unhandled: 0 });
  expect(parsed.lanes).toHaveLength(2);
});

test("explain(Event) is the part of one event: who gets it, and through which lanes", async () => {
  const { bus } = await setup();
  const { events, lanes, subscriptions } = bus.explain(Pong);
  expect(events.map(({ name }) => name)).toEqual(["test.pong"]);
  expect(lanes.map(({ name }) => name)).toEqual(["own"]);
  expect(subscriptions.map(({ name }) => name)).toEqual(["own"]);
  expect(bus.explain(Keyed).subscriptions).toEqual([]);
  expect(bus.explain(Ping).subscriptions.map(({ name }) => name)).toEqual(["mails", "own"]);
});

test("explain(id) says what was decided for each delivery, when the journal is on", async () => {
  const { bus, time } = virtualBus({ journal: { size: 100 } });
  bus.on(Ping, { name: "filters", when: () => false }, () => undefined);
  bus.on(Ping, { name: "fails", retry: { attempts: 2, delay: "1s", jitter: false } }, () =>
    Promise.reject(new Error("no")),
  );
  await bus.start();
  const { id } = await bus.publish(new Ping({ n: 1 }));
  await time.advance(1_000);
  expect(bus.explain(id).map(({ subscription, decision }) => `${subscription} ${decision}`)).toEqual([
    "filters routed",
    "filters filtered",
    "fails routed",
    "fails retried",
    "fails deadLettered",
  ]);
  expect(bus.explain(id)[3]?.because).toContain("again in 1000 ms");
  expect(bus.explain("nobody")).toEqual([]);
});

test("without a journal there is nothing to explain about an id", async () => {
  const { bus } = await setup();
  const { id } = await bus.publish(new Ping({ n: 1 }));
  expect(bus.explain(id)).toEqual([]);
});

test("the counts of subscriptions add up in every step of a delivery", async () => {
  const { bus, time, gate } = await setup();
  const look = (): void => expectCountsToAddUp(bus);
  for (const name of ["event.published", "lane.full"] as const) bus.notices.on(name, look);
  for (const name of [
    "delivery.started",
    "delivery.done",
    "delivery.deadLettered",
    "delivery.retried",
  ] as const)
    bus.notices.on(name, look);
  let isSound = true;
  bus.notices.on("delivery.done", () => (isSound &&= sumsUp()));
  const sumsUp = (): boolean =>
    bus
      .describe()
      .subscriptions.every(
        ({ counts: { routed, ...rest } }) => Object.values(rest).reduce((a, b) => a + b, 0) === routed,
      );
  await bus.publish(n(5).map((at) => new Ping({ n: at })));
  await time.rest();
  await gate.openAll(time);
  expect(isSound).toBe(true);
  expectCountsToAddUp(bus);
});

test("atRisk counts what a crash would lose now: held, waiting, running, retrying", async () => {
  const gate = gated();
  const { bus, time } = virtualBus();
  bus.on(Keyed, { name: "a", retry: { attempts: 2, delay: "1s", jitter: false } }, (event, delivery) =>
    event.n === 0 && delivery.attempt === 1 ? Promise.reject(new Error("first")) : gate.handler(event),
  );
  await bus.publish(n(3).map((at) => new Keyed({ key: "k", n: at })));
  expect(bus.atRisk).toBe(3);
  await bus.start();
  await time.rest();
  expect([bus.lanes.get("a")?.retrying, bus.atRisk]).toEqual([1, 3]);
  await time.advance(1_000);
  expect(bus.atRisk).toBe(3);
  await gate.next(time);
  expect(bus.atRisk).toBe(2);
  await gate.openAll(time);
  expect(bus.atRisk).toBe(0);
});

test("a lane says since when its oldest delivery waits, whatever has come since", async () => {
  const { bus, time } = virtualBus();
  bus.on(Ping, { name: "a" }, () => undefined);
  await bus.start();
  const lane = bus.lanes.get("a")!;
  lane.pause();
  expect(lane.oldest).toBeUndefined();
  await time.advance(1_000);
  await bus.publish(new Ping({ n: 1 }));
  await time.advance(500);
  await bus.publish(new Ping({ n: 2 }));
  await time.advance(500);
  expect(lane.oldest).toEqual(new Date(Date.UTC(2026, 0, 1) + 1_000));
  lane.resume();
  await time.rest();
  expect(lane.oldest).toBeUndefined();
  expect(lane.waitMs.max).toBe(1_000);
});
