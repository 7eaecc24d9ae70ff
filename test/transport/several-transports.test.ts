import { expect, test } from "vitest";
import { Event } from "../../src/index.js";
import { Ping } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { PortedMemory, ShelfStore } from "./transports.js";

class Stored extends Event("test.stored", { transport: "durable" })<{ n: number }> {}
class Lost extends Event("test.lost", { transport: "durabel" }) {}

test("an event goes through the transport that it names, every other through the default", async () => {
  const durable = new ShelfStore();
  const other = new PortedMemory();
  const seen: string[] = [];
  const { bus, time } = virtualBus({ transports: { default: other, durable } });
  bus.on(
    [Ping, Stored],
    { name: "both" },
    (event) => void seen.push(`${event instanceof Stored} ${event.n}`),
  );
  await bus.start();
  const [stored, pinged] = await bus.publish([new Stored({ n: 1 }), new Ping({ n: 2 })]);
  await time.rest();
  expect(seen.toSorted()).toEqual(["false 2", "true 1"]);
  expect([stored.unhandled, pinged.unhandled]).toEqual(["unknown", false]);
  expect(other.sent.map(({ name }) => name)).toEqual(["test.ping"]);
  expect(durable.settled.map(({ settlement }) => settlement.kind)).toEqual(["done"]);
});

test("at risk is what no transport keeps, of several the part of those that keep nothing", async () => {
  const gate = deferred();
  const { bus, time } = virtualBus({
    transports: { default: new PortedMemory(), durable: new ShelfStore() },
    lanes: { shared: { concurrency: 2 } },
  });
  bus.on([Ping, Stored], { name: "a", lane: "shared" }, () => gate.promise);
  await bus.start();
  await bus.publish([1, 2, 3].map((n) => new Stored({ n })));
  await time.rest();
  expect(bus.atRisk).toBe(0);
  await bus.publish([1, 2].map((n) => new Ping({ n })));
  await time.rest();
  expect(bus.atRisk).toBe(2);
  gate.resolve();
  await time.rest();
  expect(bus.atRisk).toBe(0);
});

test("a batch in which one event goes through a port resolves when the transport has that one", async () => {
  const sending = deferred();
  const durable = new PortedMemory({ beforeSend: () => sending.promise });
  const { bus, time } = virtualBus({ transports: { durable } });
  const seen: number[] = [];
  bus.on([Ping, Stored], { name: "a" }, ({ n }) => void seen.push(n));
  await bus.start();
  let isPublished = false;
  const published = bus
    .publish([new Ping({ n: 1 }), new Stored({ n: 2 })])
    .finally(() => (isPublished = true));
  await time.rest();
  expect(isPublished).toBe(false);
  sending.resolve();
  await published;
  await time.rest();
  expect(new Set(seen)).toEqual(new Set([1, 2]));
  expect(seen).toHaveLength(2);
});

test("memory is the default where none is given", async () => {
  const seen: number[] = [];
  const { bus, time } = virtualBus({ transports: { durable: new ShelfStore() } });
  bus.on(Ping, { name: "a" }, ({ n }) => void seen.push(n));
  await bus.start();
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(seen).toEqual([1]);
});

test("a transport that the bus does not have is a fault with a hint, wherever the event comes up", async () => {
  const says =
    "Event test.lost names the transport `durabel`, which createBus({ transports }) does not have. Did you mean `durable`?";
  const transports = { durable: new ShelfStore() };
  expect(() => virtualBus({ transports, events: [Lost] })).toThrow(new TypeError(says));
  const { bus } = virtualBus({ transports });
  expect(() => bus.on(Lost, () => undefined)).toThrow(new TypeError(says));
  await expect(bus.publish(new Lost())).rejects.toThrow(new TypeError(says));
});

test("the bus opens all of them, and closes those that were opened when one fails", async () => {
  const first = new ShelfStore();
  const second = new ShelfStore();
  let isDown = true;
  const open = second.open.bind(second);
  second.open = (sink) => (isDown ? Promise.reject(new Error("no server")) : open(sink));
  const { bus } = virtualBus({ transports: { default: first, durable: second } });
  const seen: number[] = [];
  bus.on(Ping, { name: "a" }, ({ n }) => void seen.push(n));
  await expect(bus.start()).rejects.toMatchObject({
    code: "SIGNALBOX_START",
    faults: ["Transport durable could not be opened: no server"],
    cause: { message: "no server" },
  });
  expect([first.calls, second.calls]).toEqual([["open", "close"], []]);
  isDown = false;
  await bus.start();
  expect(first.calls).toEqual(["open", "close", "open"]);
  await bus.publish(new Ping({ n: 1 }));
  expect([seen, first.misuse]).toEqual([[1], []]);
  await bus.close();
  expect([first.calls.slice(-2), second.calls]).toEqual([
    ["stop", "close"],
    ["open", "stop", "close"],
  ]);
});

test("a transport that fails to stop or to close does not keep the bus from closing", async () => {
  const bad = new ShelfStore();
  bad.stop = () => {
    throw new Error("no stop");
  };
  bad.close = () => Promise.reject(new Error("no close"));
  const { bus, logged } = virtualBus({ transport: bad });
  await bus.start();
  expect(await bus.close()).toEqual({ drained: 0, aborted: [], released: [], abandoned: [] });
  expect(logged.map(({ message }) => message)).toEqual([
    "Transport default failed to stop. The bus closes without it.",
    "Transport default failed to close. The bus closes without it.",
  ]);
});

test("a transport that never answers costs the close no more than its deadline and the grace", async () => {
  const hung = new ShelfStore();
  const never = new Promise<void>(() => undefined);
  hung.stop = (() => never) as never;
  hung.close = () => never;
  const { bus, time } = virtualBus({ transport: hung });
  await bus.start();
  let isClosed = false;
  void bus.close({ deadline: "4s" }).then(() => (isClosed = true));
  await time.advance(4_999);
  expect(isClosed).toBe(false);
  await time.advance(1);
  expect([isClosed, time.timers]).toEqual([true, 0]);
});

test("a transport that was never opened is not closed", async () => {
  const store = new ShelfStore();
  const { bus } = virtualBus({ transport: store });
  await bus.close();
  expect(store.calls).toEqual([]);
});
