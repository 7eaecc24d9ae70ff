/** What a transport hands out broken, where the lane holds the queue: it has no id, and something planned was it. */
import { expect, test } from "vitest";
import { counts, expectCountsToAddUp, Ping } from "../dispatch/setup.js";
import type { SubscriptionOptions } from "../../src/index.js";
import type { Item } from "../../src/transport/transport.js";
import { virtualBus } from "../support/virtual.js";
import { PortedMemory } from "./transports.js";

/** A bus whose transport breaks the first so many items. */
async function setup(broken: number, options: SubscriptionOptions<Ping> = {}) {
  let left = broken;
  const error = new Error("half of it is missing");
  const beforeDeliver = (item: Item): void => {
    if (left-- > 0) Object.assign(item, { envelope: { undecodable: new Uint8Array([123]), error } });
  };
  const made = virtualBus({ transport: new PortedMemory({ beforeDeliver, isLazy: true }) });
  const seen: number[] = [];
  made.bus.on(Ping, { name: "a", ...options }, ({ n }) => void seen.push(n));
  await made.bus.start();
  return { ...made, seen };
}

test("an item that comes broken ends what was planned: idle() and settled() do not wait for it", async () => {
  const { bus, seen } = await setup(1);
  const receipt = await bus.publish(new Ping({ n: 1 }));
  await bus.idle();
  expect(await receipt.settled()).toMatchObject({
    deadLettered: 1,
    notHandled: [{ subscription: "a", outcome: "deadLettered", reason: "undecodable" }],
  });
  expect((await bus.deadLetters.list()).map(({ reason, raw }) => [reason, raw !== undefined])).toEqual([
    ["undecodable", true],
  ]);
  expectCountsToAddUp(bus);
  await bus.publish(new Ping({ n: 2 }));
  await bus.idle();
  expect([seen, bus.atRisk]).toEqual([[2], 0]);
});

test("one broken among several ends one of them, and the others are handled", async () => {
  const { bus, seen } = await setup(1);
  const receipts = await bus.publish([1, 2, 3].map((n) => new Ping({ n })));
  await bus.idle();
  const tallies = await Promise.all(receipts.map((receipt) => receipt.settled()));
  expect(tallies.map(({ done, deadLettered }) => [done, deadLettered])).toEqual([
    [0, 1],
    [1, 0],
    [1, 0],
  ]);
  expect([seen, counts(bus, "a").deadLettered]).toEqual([[2, 3], 1]);
  expectCountsToAddUp(bus);
});

test("the place of what came broken is free again", async () => {
  const options = { lane: { capacity: 1, overflow: "reject" } } as const;
  const { bus } = await setup(3, options);
  for (let n = 0; n < 4; n++) {
    await bus.publish(new Ping({ n }));
    await bus.idle();
  }
  expect(counts(bus, "a")).toMatchObject({ routed: 4, handled: 1, deadLettered: 3 });
});
