import { expect, test } from "vitest";
import { expectCountsToAddUp, gated, n, Ping, Pong } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

test("what is published before start() is held, at most heldMax, then refused by name", async () => {
  const { bus } = virtualBus({ heldMax: 3 });
  const receipts = await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
  expect(receipts).toMatchObject([
    { held: true, accepted: [], unhandled: "unknown" },
    { held: true, accepted: [], unhandled: "unknown" },
  ]);
  await expect(bus.publish([new Ping({ n: 3 }), new Ping({ n: 4 })])).rejects.toMatchObject({
    code: "SIGNALBOX_NOT_STARTED",
    message: "2 events are held already, as many as heldMax allows. Await bus.start() first.",
  });
  await bus.publish(new Ping({ n: 3 }));
  await expect(bus.publish(new Ping({ n: 4 }))).rejects.toMatchObject({ code: "SIGNALBOX_NOT_STARTED" });
  expect(bus.atRisk).toBe(3);
});

test("routes are taken at the release: a subscription that came later gets it, one that left does not", async () => {
  const seen: string[] = [];
  const { bus, time } = virtualBus();
  const undo = bus.on(Ping, { name: "left" }, () => void seen.push("left"));
  const receipt = await bus.publish(new Ping({ n: 1 }));
  undo();
  bus.on(Ping, { name: "came" }, () => void seen.push("came"));
  await bus.start();
  await time.rest();
  expect(seen).toEqual(["came"]);
  expect(await receipt.settled()).toMatchObject({ done: 1 });
});

test("the release is in order, and before anything that is published later, be it from a tap or a handler", async () => {
  const seen: number[] = [];
  const { bus, time } = virtualBus();
  bus.on(Ping, { name: "a", lane: { concurrency: 1 } }, (event) => void seen.push(event.n));
  bus.tap("test.ping", (_, { id }) => {
    if (id === "first") void bus.publish(new Ping({ n: 99 }));
  });
  await bus.publish(new Ping({ n: 0 }), { id: "first" });
  await bus.publish(n(4, 1).map((at) => new Ping({ n: at })));
  const started = bus.start();
  await started;
  await bus.publish(new Ping({ n: 100 }));
  await time.rest();
  expect(seen).toEqual([0, 1, 2, 3, 4, 99, 100]);
});

test("held events are never refused: not by a lane that rejects, not by waitingMax, not by waitMax", async () => {
  const gate = gated();
  const { bus, time } = virtualBus();
  const lane = { concurrency: 1, capacity: 1 } as const;
  bus.on(Ping, { name: "rejects", lane: { ...lane, overflow: "reject" } }, gate.handler);
  bus.on(Ping, { name: "waits", lane: { ...lane, waitingMax: 1, waitMax: "1s" } }, () => undefined);
  const receipts = await bus.publish(n(10).map((at) => new Ping({ n: at })));
  await bus.start();
  await time.advance(60_000);
  expectCountsToAddUp(bus);
  await gate.openAll(time);
  expect(gate.seen).toEqual(n(10));
  for (const receipt of receipts) expect(await receipt.settled()).toMatchObject({ done: 2 });
});

test("an event that nobody handles by then counts as unhandled, and its receipt settles", async () => {
  const { bus, logged } = virtualBus();
  const receipt = await bus.publish(new Pong({ n: 1 }));
  await bus.start();
  expect(await receipt.settled()).toMatchObject({ unhandled: 1, done: 0 });
  expect(bus.describe().counts).toEqual({ published: 1, unhandled: 1 });
  expect(logged).toHaveLength(1);
});

test("taps hear of held events at the release, not before", async () => {
  const heard: number[] = [];
  const { bus } = virtualBus({ onUnhandled: "ignore" });
  bus.tap("**", (event) => void heard.push((event as unknown as Ping).n));
  await bus.publish(new Ping({ n: 1 }));
  expect([heard, bus.describe().counts.published]).toEqual([[], 0]);
  await bus.start();
  expect(heard).toEqual([1]);
});

test("held events are abandoned by name when the bus closes before its start", async () => {
  const { bus } = virtualBus();
  bus.on(Ping, { name: "a" }, () => undefined);
  const [first] = await bus.publish([new Ping({ n: 1 }), new Pong({ n: 2 })]);
  expect(await bus.close()).toEqual({
    drained: 0,
    aborted: [],
    released: [],
    abandoned: ["test.ping (held before start)", "test.pong (held before start)"],
  });
  expect(await first.settled()).toMatchObject({ abandoned: 1, notHandled: [{ outcome: "abandoned" }] });
  expect(bus.atRisk).toBe(0);
});

test("what was held and still waits for a place is abandoned by name when the bus closes", async () => {
  const gate = gated();
  const { bus, time, logged } = virtualBus();
  bus.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler);
  const receipts = await bus.publish(n(4).map((at) => new Ping({ n: at })));
  await bus.start();
  await time.rest();
  const closing = bus.close();
  await time.rest();
  expectCountsToAddUp(bus);
  await gate.openAll(time);
  expect(gate.seen).toEqual([0, 1]);
  expect((await closing).abandoned).toEqual(receipts.slice(2).map(({ id }) => `a (test.ping ${id})`));
  expect(await receipts[3]!.settled()).toMatchObject({ abandoned: 1 });
  expect(logged).toEqual([]);
});

test("held events go by the overflow policy of a lane that drops: only where it waits or refuses do they wait", async () => {
  const { bus, time } = virtualBus();
  const seen: number[] = [];
  bus.on(
    Ping,
    { name: "a", lane: { capacity: 1, overflow: "dropOldest" } },
    (event) => void seen.push(event.n),
  );
  bus.lanes.get("a")!.pause();
  for (const at of n(3)) await bus.publish(new Ping({ n: at }));
  await bus.start();
  expect(bus.lanes.get("a")).toMatchObject({ waiting: 1, dropped: 2, waitingPublishes: 0 });
  bus.lanes.get("a")!.resume();
  await time.rest();
  expect(seen).toEqual([2]);
});
