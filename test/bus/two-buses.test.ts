import { expect, test } from "vitest";
import { Event } from "../../src/index.js";
import { counts, n, Ping, Pong, watched } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

async function two() {
  const [one, other] = [virtualBus(), virtualBus()];
  await Promise.all([one.bus.start(), other.bus.start()]);
  return { one: one.bus, other: other.bus, time: one.time };
}

test("they share nothing but the event classes: subscriptions, names, lanes, taps, dead letters", async () => {
  const { one, other, time } = await two();
  const seen: string[] = [];
  one.on(Ping, { name: "a" }, () => void seen.push("one"));
  other.on(Ping, { name: "a" }, () => {
    seen.push("other");
    throw new Error("no");
  });
  one.tap("**", () => void seen.push("tap of one"));
  await other.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(seen).toEqual(["other"]);
  expect([one.deadLetters.size, other.deadLetters.size]).toEqual([0, 1]);
  expect(counts(one, "a").routed).toBe(0);
});

test("two classes of one name may live in two buses", async () => {
  class One extends Event("test.shared") {}
  class Other extends Event("test.shared") {}
  const { one, other } = await two();
  one.on(One, { name: "a" }, () => undefined);
  other.on(Other, { name: "a" }, () => undefined);
  expect(await one.publish(new One())).toMatchObject({ accepted: ["a"] });
  await expect(one.publish(new Other())).rejects.toThrow(
    /Two event classes of this bus have the name test.shared/,
  );
});

test("a publish of another bus inside a delivery has it as its cause, but is no part of its tree", async () => {
  const { one, other, time } = await two();
  const causes: unknown[] = [];
  const hang = watched(new Promise(() => undefined));
  one.on(Ping, { name: "a" }, async () => void (await other.publish(new Pong({ n: 1 }))));
  other.on(Pong, { name: "b" }, (_, delivery) => {
    causes.push(delivery.cause);
    return new Promise(() => undefined);
  });
  const receipt = await one.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(await receipt.settled()).toMatchObject({ done: 1 });
  expect([causes, hang.isSettled]).toEqual([[receipt.id], false]);
});

test("settled() and idle() of another bus may be awaited inside a delivery", async () => {
  const { one, other, time } = await two();
  other.on(Pong, { name: "b" }, () => undefined);
  one.on(Ping, { name: "a" }, async () => {
    const receipt = await other.publish(new Pong({ n: 1 }));
    await receipt.settled();
    await other.idle();
  });
  const receipt = await one.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(await receipt.settled()).toMatchObject({ done: 1 });
});

test("closing one leaves the other as it is, and what it publishes into the closed one is refused", async () => {
  const { one, other, time } = await two();
  const errors: unknown[] = [];
  other.on(Ping, { name: "a" }, () =>
    one.publish(new Pong({ n: 1 })).then(
      () => undefined,
      (error: { code: string }) => void errors.push(error.code),
    ),
  );
  await one.close();
  await other.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(errors).toEqual(["SIGNALBOX_BUS_CLOSED"]);
  expect(other.health().ready).toBe(true);
});

test("while one closes, a delivery of the other is outside of it", async () => {
  const { one, other, time } = await two();
  one.on(Pong, { name: "runs" }, () => new Promise(() => undefined));
  let result: unknown;
  other.on(Ping, { name: "a" }, async () => {
    result = await one.publish(new Pong({ n: 2 })).catch((error: { code: string }) => error.code);
  });
  await one.publish(new Pong({ n: 1 }));
  await time.rest();
  void one.close();
  await other.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(result).toBe("SIGNALBOX_BUS_CLOSED");
});

test("an event object may be published in both, with an id of each", async () => {
  const { one, other, time } = await two();
  const seen: unknown[] = [];
  for (const bus of [one, other])
    bus.on(Ping, { name: "a" }, (event, { eventId }) => void seen.push([event, eventId]));
  const event = new Ping({ n: 1 });
  const ids = [(await one.publish(event)).id, (await other.publish(event)).id];
  await time.rest();
  expect(seen).toHaveLength(2);
  expect(seen).toEqual(expect.arrayContaining(ids.map((id) => [event, id])));
});

test("idle() of a bus inside a handler of another, which a delivery of it invokes, does not wait for that delivery", async () => {
  const { one, other, time } = await two();
  const seen: string[] = [];
  one.on(Ping, { name: "a" }, async () => {
    await other.invoke(new Pong({ n: 1 }));
    seen.push("over");
  });
  other.on(Pong, { name: "b" }, () => one.idle());
  await one.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(seen).toEqual(["over"]);
});

test("idle() of its own bus inside an invoked handler excuses no delivery of the bus that invoked it", async () => {
  const { one, other, time } = await two();
  one.on(Ping, { name: "a" }, async () => {
    await other.invoke(new Pong({ n: 1 }));
    await new Promise(() => undefined);
  });
  other.on(Pong, { name: "b" }, () => other.idle());
  await one.publish(new Ping({ n: 1 }));
  await time.rest();
  const idle = watched(one.idle());
  await time.rest();
  expect(idle.isSettled).toBe(false);
});

test("hundreds of buses do not wait for each other", async () => {
  const buses = n(300).map(() => virtualBus());
  let count = 0;
  for (const { bus } of buses) {
    bus.on(Ping, { name: "a" }, () => void count++);
    await bus.start();
  }
  await Promise.all(buses.map(({ bus }) => bus.publish(new Ping({ n: 1 }))));
  await buses[0]!.time.rest();
  expect(count).toBe(300);
  await Promise.all(buses.map(({ bus }) => bus.close()));
});
