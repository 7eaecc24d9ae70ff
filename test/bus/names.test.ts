import { expect, test } from "vitest";
import { On, Subscriber } from "../../src/index.js";
import { Keyed, Ping, Pong } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

const names = (bus: ReturnType<typeof virtualBus>["bus"]) =>
  bus.describe().subscriptions.map(({ name }) => name);

test("methods are named after class and method, further marks of one method with #2, #3; functions after the event", async () => {
  class Mails {
    @On(Ping)
    @On(Pong)
    @On(Keyed)
    send(): void {}
    @On(Ping, { name: "given" }) other(): void {}
  }
  @Subscriber({ name: "stable" })
  class Renamed {
    @On(Ping) send(): void {}
  }
  const { bus } = virtualBus({ subscribers: [Mails, Renamed] });
  bus.on(Ping, () => undefined);
  bus.on([Pong, Ping], () => undefined);
  bus.on(Ping, { name: "mine" }, () => undefined);
  await bus.start();
  expect(names(bus)).toEqual([
    "Mails.send",
    "Mails.send#2",
    "Mails.send#3",
    "Mails.given",
    "stable.send",
    "test.ping#1",
    "test.pong#2",
    "mine",
  ]);
});

test("one name is one subscription: another one is refused, until the first has left", async () => {
  const { bus } = virtualBus();
  const undo = bus.on(Ping, { name: "a" }, () => undefined);
  const says = "Two subscriptions have the name a. Give one of them another `name`.";
  expect(() => bus.on(Pong, { name: "a" }, () => undefined)).toThrow(new TypeError(says));
  undo();
  bus.on(Pong, { name: "a" }, () => undefined);
  await bus.start();
  expect(() => bus.on(Ping, { name: "a" }, () => undefined)).toThrow(new TypeError(says));
  expect(await bus.subscriptions.list()).toMatchObject([{ name: "a", events: ["test.pong"] }]);
});

test("names that no store could take are refused where they are given", () => {
  const { bus } = virtualBus();
  for (const name of [
    "",
    " ",
    "a b",
    ".a",
    "a.",
    "a..b",
    "a*",
    "ä",
    "a#2",
    "x".repeat(65),
    "a.".repeat(16) + "a",
    3,
  ])
    expect(() => bus.on(Ping, { name: name as never }, () => undefined)).toThrow(TypeError);
  const most = Array.from({ length: 16 }, (_, index) => `T-${index}_x`).join(".");
  for (const name of ["a", "A.b-c_d.9", most, "x".repeat(64)]) bus.on(Ping, { name }, () => undefined);
  expect(names(bus)).toHaveLength(4);
});

test("a subscription whose name is that of a shared lane has a lane of its own beside it", async () => {
  const { bus } = virtualBus({ lanes: { mail: { concurrency: 3 } } });
  bus.on(Ping, { name: "mail" }, () => undefined);
  await bus.start();
  expect([...bus.lanes].map(([name, { concurrency }]) => [name, concurrency])).toEqual([
    ["mail", 3],
    ["mail#2", 10],
  ]);
  expect((await bus.subscriptions.list())[0]?.lane).toBe("mail#2");
});

test("lanes are known by their names before the start, and what a subscription names is shared", async () => {
  const { bus } = virtualBus({ lanes: { mail: {} } });
  bus.on(Ping, { name: "a", lane: "mail" }, () => undefined);
  bus.on(Pong, { name: "b", lane: "mail" }, () => undefined);
  expect([...bus.lanes.keys()]).toEqual(["mail"]);
});
