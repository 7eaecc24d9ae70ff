import { expect, test } from "vitest";
import { Event, type Envelope } from "../../src/index.js";
import { Ping, Pong } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

class Deep extends Event("shop.order.line.added") {}
class Order extends Event("shop.order.placed") {}
class Shop extends Event("shop") {}

async function setup() {
  const made = virtualBus({ onUnhandled: "ignore" });
  await made.bus.start();
  return made;
}

test("patterns go token by token: * is one, ** at the end is one or more", async () => {
  const { bus } = await setup();
  const heard: Record<string, string[]> = {};
  for (const pattern of [
    "**",
    "shop.**",
    "shop.*",
    "shop.*.placed",
    "*.order.placed",
    "shop",
    "*",
    "shop.order.*.**",
  ])
    bus.tap(pattern, (_, { name }) => void (heard[pattern] ??= []).push(name));
  await bus.publish([new Shop(), new Order(), new Deep()]);
  expect(heard).toEqual({
    "**": ["shop", "shop.order.placed", "shop.order.line.added"],
    "shop.**": ["shop.order.placed", "shop.order.line.added"],
    "shop.*.placed": ["shop.order.placed"],
    "*.order.placed": ["shop.order.placed"],
    shop: ["shop"],
    "*": ["shop"],
    "shop.order.*.**": ["shop.order.line.added"],
  });
});

test("a pattern that is none is a TypeError with what is wrong; so is an observer that is none", async () => {
  const { bus } = await setup();
  for (const [pattern, says] of [
    ["**.placed", "** stands for the end of a name and must be the last token."],
    ["shop.ord*", "* stands for one whole token."],
    ["shop..placed", "a token is empty."],
    ["", "a token is empty."],
    [3, "it is no text."],
  ] as const)
    expect(() => bus.tap(pattern as never, () => undefined)).toThrow(
      new TypeError(`Expected a pattern such as "shop.order.*", got ${JSON.stringify(pattern)}: ${says}`),
    );
  expect(() => bus.tap("**", undefined as never)).toThrow("Expected `observer` to be a function");
});

test("it hears an event when it is accepted, synchronously, before any handler", async () => {
  const order: string[] = [];
  const { bus, time } = await setup();
  bus.on(Ping, { name: "a" }, () => void order.push("handler"));
  bus.tap("**", () => void order.push("tap"));
  const publish = bus.publish(new Ping({ n: 1 }));
  order.push("after the call");
  await publish;
  await time.rest();
  expect(order).toEqual(["tap", "after the call", "handler"]);
});

test("it gets the event and its envelope, with everything that the publish said", async () => {
  const got: [unknown, Envelope][] = [];
  const { bus } = await setup();
  bus.tap("test.*", (event, envelope) => void got.push([event, envelope]));
  const event = new Ping({ n: 1 });
  const { id } = await bus.publish(event, { headers: { tenant: "t" }, priority: 5, key: "k" });
  expect(got[0]![0]).toBe(event);
  expect(got[0]![1]).toMatchObject({
    id,
    name: "test.ping",
    version: 1,
    source: "/signalbox",
    key: "k",
    priority: 5,
    headers: { tenant: "t" },
    data: { n: 1 },
    hops: 0,
  });
});

test("it never makes an event handled, and hears of those that nobody handles", async () => {
  const heard: string[] = [];
  const { bus, logged } = virtualBus();
  await bus.start();
  bus.tap("**", (_, { name }) => void heard.push(name));
  expect(await bus.publish(new Ping({ n: 1 }))).toMatchObject({ unhandled: true, accepted: [] });
  expect([heard, logged.length]).toEqual([["test.ping"], 1]);
});

test("it hears nothing of what is refused", async () => {
  const heard: string[] = [];
  const { bus } = virtualBus({ onUnhandled: "error" });
  await bus.start();
  bus.tap("**", (_, { name }) => void heard.push(name));
  await expect(bus.publish(new Ping({ n: 1 }))).rejects.toMatchObject({ code: "SIGNALBOX_UNHANDLED_EVENT" });
  bus.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1, overflow: "reject" } }, () => undefined);
  bus.lanes.get("a")!.pause();
  await bus.publish(new Ping({ n: 2 }));
  await expect(bus.publish(new Ping({ n: 3 }))).rejects.toMatchObject({ code: "SIGNALBOX_LANE_FULL" });
  expect(heard).toEqual(["test.ping"]);
});

test("what it throws, at once or later, is logged and changes nothing", async () => {
  const seen: number[] = [];
  const { bus, time, logged } = await setup();
  bus.on(Ping, { name: "a" }, (event) => void seen.push(event.n));
  bus.tap("**", () => {
    throw new Error("at once");
  });
  bus.tap("**", (() => Promise.reject(new Error("later"))) as never);
  bus.tap("**", () => void seen.push(-1));
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(seen).toEqual([-1, 1]);
  expect(logged.map(({ message }) => message)).toEqual([
    "A tap on test.ping threw. Taps watch; correct the observer.",
    "A tap on test.ping threw. Taps watch; correct the observer.",
  ]);
});

test("it may publish, and subscribe, and undo itself", async () => {
  const heard: string[] = [];
  const { bus, time } = await setup();
  const undo = bus.tap("test.ping", (event, { name }) => {
    heard.push(name);
    undo();
    bus.on(Pong, { name: "a" }, () => void heard.push("handled"));
    void bus.publish(new Pong({ n: 1 }));
  });
  await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
  await time.rest();
  expect(heard[0]).toBe("test.ping");
  expect(heard.filter((each) => each === "handled").length).toBeGreaterThan(0);
  heard.length = 0;
  await bus.publish(new Ping({ n: 3 }));
  expect(heard).toEqual([]);
});

test("the undo ends it, for events that the bus knows and for those that come later", async () => {
  const heard: string[] = [];
  const { bus } = await setup();
  const undo = bus.tap("**", (_, { name }) => void heard.push(name));
  await bus.publish(new Ping({ n: 1 }));
  undo();
  undo();
  await bus.publish([new Ping({ n: 1 }), new Pong({ n: 1 })]);
  expect(heard).toEqual(["test.ping"]);
});
