/** The port where a lane holds the queue: sends that fail, items that come twice, late, unasked, or never. */
import { expect, test } from "vitest";
import { type BusOptions, PartlyAcceptedError } from "../../src/index.js";
import type { Item } from "../../src/transport/transport.js";
import { counts, expectCountsToAddUp, gated, n, Ping, Pong, watched } from "../dispatch/setup.js";
import { deferred, virtualBus, VirtualTime } from "../support/virtual.js";
import { PortedMemory, type Weather } from "./transports.js";

type Made = ReturnType<typeof virtualBus>;

async function setup(weather: Weather, prepare: (bus: Made["bus"]) => void, options: BusOptions = {}) {
  const transport = new PortedMemory(weather);
  const made = virtualBus({ transport, ...options });
  prepare(made.bus);
  await made.bus.start();
  return { ...made, transport };
}

test("a send that fails rejects the publish with what the transport said, and leaves no trace", async () => {
  const seen: number[] = [];
  let isDown = true;
  const beforeSend = (): void => {
    if (isDown) throw new Error("no route to host");
  };
  const { bus, time } = await setup({ beforeSend }, (on) => {
    on.on(Ping, { name: "a", lane: { capacity: 1, overflow: "reject" } }, ({ n: at }) => void seen.push(at));
    on.on(Ping, { name: "b", dedupe: { by: ({ n: at }) => `${at}`, window: "1m" } }, () => undefined);
  });
  const told: string[] = [];
  bus.tap("**", (_, { name }) => void told.push(name));
  const event = new Ping({ n: 1 });
  await expect(bus.publish(event)).rejects.toThrow("no route to host");
  expect(bus.describe()).toMatchObject({ counts: { published: 0, unhandled: 0 } });
  expect(bus.describe().subscriptions.map(({ counts }) => counts.routed)).toEqual([0, 0]);
  expect(told).toEqual([]);
  isDown = false;
  expect(await bus.publish(event)).toMatchObject({ accepted: ["a", "b"] });
  await time.rest();
  expect([seen, told]).toEqual([[1], ["test.ping"]]);
  expectCountsToAddUp(bus);
});

test("a send that fails while a place is waited for ends the wait", async () => {
  const gate = gated();
  const answer = deferred();
  let sends = 0;
  const beforeSend = (): Promise<void> | undefined => (++sends === 3 ? answer.promise : undefined);
  const { bus, time } = await setup({ beforeSend: beforeSend as () => void }, (on) => {
    on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler);
    on.on(Ping, { name: "b" }, () => undefined);
  });
  await bus.publish(new Ping({ n: 0 }));
  await time.rest();
  await bus.publish(new Ping({ n: 1 }));
  const third = watched(bus.publish(new Ping({ n: 2 })));
  await time.rest();
  expectCountsToAddUp(bus);
  answer.reject(new Error("gone"));
  await time.rest();
  expect(third.error).toMatchObject({ message: "gone" });
  expect(bus.lanes.get("a")).toMatchObject({ waitingPublishes: 0, waiting: 1 });
  expectCountsToAddUp(bus);
  await gate.openAll(time);
  expect(gate.seen).toEqual([0, 1]);
  expect(time.timers).toBe(0);
});

test("an item that comes a second time is a second delivery: at least once", async () => {
  const seen: number[] = [];
  const items: Item[] = [];
  const { bus, time, transport } = await setup({ beforeDeliver: (item) => void items.push(item) }, (on) =>
    on.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(at)),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  await transport.sink.deliver(items[0]!);
  await time.rest();
  expect(seen).toEqual([1, 1]);
  expectCountsToAddUp(bus);
});

test("an item that comes twice while its place is waited for is one delivery", async () => {
  const gate = gated();
  const { bus, time, transport } = await setup({}, (on) =>
    on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, gate.handler),
  );
  await bus.publish([new Ping({ n: 0 })]);
  await time.rest();
  await bus.publish(new Ping({ n: 1 }));
  const third = watched(bus.publish(new Ping({ n: 2 })));
  await time.rest();
  await transport.sink.deliver({
    group: "a",
    envelope: transport.sent[2]!,
    failures: 0,
    deliveries: 2,
    history: [],
  });
  await gate.openAll(time);
  expect(third.isSettled).toBe(true);
  expect(gate.seen).toEqual([0, 1, 2]);
  expectCountsToAddUp(bus);
});

test("an item that another process sent is delivered as it comes, in the counts too", async () => {
  const got: unknown[] = [];
  const { bus, time, transport } = await setup({}, (on) =>
    on.on(Ping, { name: "a" }, (event) => void got.push(event)),
  );
  const body = new Ping({ n: 7 });
  const facts = {
    id: "x",
    name: "test.ping",
    key: undefined,
    priority: 3,
    dueAt: undefined,
    expiresAt: undefined,
  };
  const envelope = { ...facts, headers: {}, body };
  await transport.sink.deliver({ group: "a", envelope, failures: 0, deliveries: 1, history: [] });
  await transport.sink.deliver({ group: "nobody", envelope, failures: 0, deliveries: 1, history: [] });
  await time.rest();
  expect(got).toEqual([body]);
  expect(transport.settled.map(({ item, settlement }) => [item.group, settlement.kind])).toEqual([
    ["a", "done"],
    ["nobody", "release"],
  ]);
  expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ routed: 1, handled: 1 });
});

test("what is on its way keeps its place, counts as waiting, and is waited for by idle() and close()", async () => {
  const arrival = deferred();
  const gate = gated();
  const { bus, time } = await setup({ isLazy: true, beforeDeliver: () => arrival.promise }, (on) =>
    on.on(Ping, { name: "a", lane: { capacity: 2, overflow: "reject" } }, gate.handler),
  );
  await bus.publish([new Ping({ n: 0 }), new Ping({ n: 1 })]);
  await time.rest();
  expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ routed: 2, waiting: 2, running: 0 });
  expect(bus.atRisk).toBe(2);
  await expect(bus.publish(new Ping({ n: 2 }))).rejects.toMatchObject({ code: "SIGNALBOX_LANE_FULL" });
  const idle = watched(bus.idle());
  const closed = watched(bus.close());
  await time.rest();
  expect([idle.isSettled, closed.isSettled]).toEqual([false, false]);
  arrival.resolve();
  await time.rest();
  await gate.openAll(time);
  expect(gate.seen).toEqual([0, 1]);
  expect(idle.isSettled).toBe(true);
  expect(closed.value).toMatchObject({ drained: 2, abandoned: [] });
});

test("what never arrives is abandoned by name at the deadline, and does not run when it comes after all", async () => {
  const arrival = deferred();
  const seen: number[] = [];
  const { bus, time } = await setup({ isLazy: true, beforeDeliver: () => arrival.promise }, (on) =>
    on.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(at)),
  );
  const receipt = await bus.publish(new Ping({ n: 0 }));
  const closed = watched(bus.close({ deadline: "3s" }));
  await time.advance(3_000);
  expect(closed.value).toMatchObject({ drained: 0, abandoned: [`a (test.ping ${receipt.id})`] });
  expect(await receipt.settled()).toMatchObject({ abandoned: 1 });
  expectCountsToAddUp(bus);
  arrival.resolve();
  await time.rest();
  expect(seen).toEqual([]);
});

test("a publish right after on() waits until the transport knows the group", async () => {
  const declared = deferred();
  const seen: number[] = [];
  const { bus, time, transport } = await setup(
    { beforeDeclare: ({ name }) => (name === "late" ? declared.promise : undefined) },
    () => undefined,
  );
  bus.on(Ping, { name: "late" }, ({ n: at }) => void seen.push(at));
  const publish = watched(bus.publish(new Ping({ n: 1 })));
  await time.rest();
  expect([publish.isSettled, transport.sent.length]).toEqual([false, 0]);
  declared.resolve();
  await time.rest();
  expect(publish.value).toMatchObject({ accepted: ["late"] });
  expect(seen).toEqual([1]);
});

test("a group that the transport refuses after the start is taken out again, and said", async () => {
  const { bus, time, logged } = await setup(
    { beforeDeclare: ({ name }) => (name === "late" ? Promise.reject(new Error("no rights")) : undefined) },
    (on) => on.on(Ping, { name: "a" }, () => undefined),
  );
  bus.on(Ping, { name: "late" }, () => undefined);
  const publish = watched(bus.publish(new Ping({ n: 1 })));
  await time.rest();
  expect(publish.error).toMatchObject({ message: "no rights" });
  expect(await bus.publish(new Ping({ n: 2 }))).toMatchObject({ accepted: ["a"] });
  expect(logged[0]?.message).toBe(
    "A transport refused late, which was taken out again. Correct it, and add it once more.",
  );
  expectCountsToAddUp(bus);
});

test("a mixed array goes its two ways: what has no room nowhere, what has room everywhere", async () => {
  const seen: string[] = [];
  const { bus, time } = await setup({}, (on) => {
    on.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(`ping${at}`));
    on.on(
      Pong,
      { name: "b", lane: { capacity: 1, overflow: "reject" } },
      ({ n: at }) => void seen.push(`pong${at}`),
    );
  });
  await expect(
    bus.publish([new Ping({ n: 1 }), new Pong({ n: 1 }), new Pong({ n: 2 })]),
  ).rejects.toMatchObject({
    code: "SIGNALBOX_LANE_FULL",
  });
  await time.rest();
  expect(seen).toEqual([]);
  await bus.publish([new Ping({ n: 1 }), new Pong({ n: 1 })]);
  await time.rest();
  expect(seen.toSorted()).toEqual(["ping1", "pong1"]);
  expectCountsToAddUp(bus);
});

test("a wait that ends part-way leaves the item of the refused one without a handler", async () => {
  const gate = gated();
  const { bus, time, transport } = await setup({}, (on) => {
    on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, waitMax: "1s" } }, gate.handler);
    on.on(Ping, { name: "b" }, () => undefined);
  });
  await bus.publish(n(2).map((at) => new Ping({ n: at }))).catch(() => undefined);
  await time.rest();
  const third = watched(bus.publish(new Ping({ n: 2 })));
  await time.advance(1_000);
  expect(third.error).toBeInstanceOf(PartlyAcceptedError);
  await gate.openAll(time);
  expect(gate.seen).not.toContain(2);
  expect(transport.settled.filter(({ item }) => item.group === "b")).toHaveLength(3);
  expectCountsToAddUp(bus);
});

test("an event that every lane refused is told once, when the transport has it, and not again", async () => {
  const gate = gated();
  const { bus, time } = await setup({}, (on) =>
    on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, waitMax: "1s" } }, gate.handler),
  );
  const told: unknown[] = [];
  bus.tap("**", (event) => void told.push(event));
  await bus.publish(new Ping({ n: 0 }));
  await time.rest();
  await bus.publish(new Ping({ n: 1 }));
  const event = new Ping({ n: 2 });
  const refused = watched(bus.publish(event));
  await time.advance(1_000);
  expect(refused.error).toMatchObject({ accepted: [], refused: ["a"] });
  await gate.openAll(time);
  expect(await bus.publish(event)).toMatchObject({ accepted: ["a"] });
  await time.rest();
  await gate.openAll(time);
  expect(gate.seen).toEqual([0, 1, 2]);
  expect(told.filter((each) => each === event)).toHaveLength(1);
  expect(bus.describe().counts.published).toBe(3);
});

test("an item that comes when its place has been refused runs nowhere", async () => {
  const gate = gated();
  const arrival = deferred();
  const beforeDeliver = ({ envelope }: Item): Promise<void> | undefined =>
    "id" in envelope && envelope.id === "late" ? arrival.promise : undefined;
  const { bus, time, transport } = await setup(
    { isLazy: true, beforeDeliver: beforeDeliver as () => void },
    (on) => on.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, waitMax: "1s" } }, gate.handler),
  );
  await bus.publish(new Ping({ n: 0 }));
  await time.rest();
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  const third = watched(bus.publish(new Ping({ n: 2 }), { id: "late" }));
  await time.advance(1_000);
  expect(third.error).toBeInstanceOf(PartlyAcceptedError);
  arrival.resolve();
  await time.rest();
  await gate.openAll(time);
  expect(gate.seen).toEqual([0, 1]);
  expect(transport.settled.map(({ settlement }) => settlement.kind)).toEqual(["done", "done", "done"]);
  expectCountsToAddUp(bus);
});

test("what the transport knew already is told as deduplicated, and never runs", async () => {
  const seen: number[] = [];
  const { bus, time, transport } = await setup({}, (on) =>
    on.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(at)),
  );
  transport.send = async (batch) => batch.map(() => "duplicate" as const);
  expect(await bus.publish(new Ping({ n: 1 }))).toMatchObject({ accepted: [], deduplicated: ["a"] });
  await time.rest();
  expect(seen).toEqual([]);
  expect(bus.describe().subscriptions[0]?.counts).toMatchObject({ routed: 1, deduplicated: 1, waiting: 0 });
  expectCountsToAddUp(bus);
});

test("credit has no limit where the lane holds the queue, and is given once a group is known", async () => {
  const { bus, transport } = await setup({}, (on) => on.on(Ping, { name: "a" }, () => undefined));
  bus.on(Pong, { name: "b" }, () => undefined);
  await bus.publish(new Pong({ n: 1 }));
  expect(transport.calls).toEqual([
    "open",
    "declare a",
    "credit a Infinity",
    "declare b",
    "credit b Infinity",
  ]);
});

test("a transport that is stopped hands out nothing more, so it is stopped when the lanes have ended", async () => {
  const gate = gated();
  const { bus, time, transport } = await setup({}, (on) => on.on(Ping, { name: "a" }, gate.handler));
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  const closed = watched(bus.close());
  await time.rest();
  expect(transport.calls).not.toContain("stop");
  await gate.openAll(time);
  expect(closed.isSettled).toBe(true);
  expect(transport.calls.slice(-2)).toEqual(["stop", "close"]);
});

test("what is sent and what comes in is handed over by the name of the transport", async () => {
  const points: string[] = [];
  const time = new VirtualTime({ handOver: (point, about) => void points.push(`${point} ${about}`) });
  const { bus } = virtualBus({ transport: new PortedMemory() }, time);
  bus.on(Ping, { name: "a" }, () => undefined);
  await bus.start();
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(points).toEqual(["send default", "receive default", "deliver a", "settle a"]);
});

test("a transport that settles at once is no failure to settle, and what it loses after that is nobody's", async () => {
  const transport = new PortedMemory();
  const { bus, time, logged } = virtualBus({ transport });
  bus.on(Ping, { name: "a" }, () => undefined);
  const lost: unknown[] = [];
  bus.notices.on("delivery.lost", (notice) => void lost.push(notice));
  await bus.start();
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  transport.sink.lost(transport.settled[0]!.item, "lease");
  await time.rest();
  expect([lost, logged]).toEqual([[], []]);
  expect(counts(bus, "a")).toMatchObject({ routed: 1, handled: 1 });
});

test("what was held or committed, and a send then fails, is told in the log: nobody waits for it any more", async () => {
  let isDown = true;
  const failed: string[] = [];
  const beforeSend = () => (isDown ? Promise.reject(new Error("gone")) : undefined);
  const { bus, time, logged } = virtualBus({ transport: new PortedMemory({ beforeSend }) });
  bus.on(Ping, { name: "a" }, ({ n: at }) => void failed.push(`handled ${at}`));
  await bus.publish(new Ping({ n: 1 }));
  await bus.start();
  await time.rest();
  await bus.transaction(async (tx) => tx.publish(new Ping({ n: 2 })));
  await time.rest();
  const says = "test.ping was held and could not be published at its release.";
  expect(logged.map(({ level, message }) => [level, message])).toEqual([
    ["error", says],
    ["error", says],
  ]);
  expect(logged[1]!.facts).toMatchObject({ event: "test.ping", err: new Error("gone") });
  isDown = false;
  await bus.publish(new Ping({ n: 3 }));
  await time.rest();
  expect(failed).toEqual(["handled 3"]);
  expectCountsToAddUp(bus);
});
