import { expect, test } from "vitest";
import { gated, n, Ping, Pong } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

test("a bus is live until it closes, and ready between its start and that", async () => {
  const { bus } = virtualBus();
  expect(bus.health()).toEqual({ live: true, ready: false, reasons: ["the bus has not started"] });
  await bus.start();
  expect(bus.health()).toEqual({ live: true, ready: true, reasons: [] });
  const closed = bus.close();
  expect(bus.health()).toMatchObject({ live: false, ready: false, reasons: ["the bus is closed"] });
  await closed;
  expect(bus.health()).toEqual({ live: false, ready: false, reasons: ["the bus is closed"] });
});

test("a stuck handler, a full lane, an open breaker and rising dead letters are reasons, and go again", async () => {
  const gate = gated();
  let isBroken = true;
  const { bus, time } = virtualBus();
  bus.on(
    Ping,
    { name: "stuck", timeout: "1s", lane: { concurrency: 1, capacity: 1, waitMax: "1h" } },
    gate.handler,
  );
  bus.on(Pong, { name: "broken", lane: { breaker: { failures: 2, pause: "10s" } } }, () =>
    isBroken ? Promise.reject(new Error("broken")) : undefined,
  );
  bus.on(Pong, { name: "failing" }, () => (isBroken ? Promise.reject(new Error("no")) : undefined));
  await bus.start();
  for (const at of n(3)) {
    void bus.publish(new Ping({ n: at }));
    await time.rest();
  }
  await bus.publish(n(12).map((at) => new Pong({ n: at })));
  await time.advance(2_000);
  const { reasons } = bus.health();
  expect(reasons).toEqual([
    "lane stuck: stuck is stuck",
    "lane stuck is full",
    "lane broken: its breaker is open",
    expect.stringMatching(/^[12][0-9] dead letters within a minute$/),
  ]);
  isBroken = false;
  await gate.openAll(time);
  await time.advance(61_000);
  await gate.openAll(time);
  await time.advance(61_000);
  expect(bus.health()).toEqual({ live: true, ready: true, reasons: [] });
});

test("ten dead letters within a minute are none too many, eleven are", async () => {
  const { bus, time } = virtualBus();
  bus.on(Ping, () => Promise.reject(new Error("no")));
  await bus.start();
  await bus.publish(n(10).map((at) => new Ping({ n: at })));
  await time.rest();
  expect(bus.health().reasons).toEqual([]);
  await bus.publish(new Ping({ n: 10 }));
  await time.rest();
  expect(bus.health().reasons).toEqual(["11 dead letters within a minute"]);
});

test("a paused lane is somebody's wish, and no reason", async () => {
  const { bus } = virtualBus({ lanes: { a: {} } });
  await bus.start();
  bus.lanes.get("a")!.pause();
  expect(bus.health().ready).toBe(true);
});
