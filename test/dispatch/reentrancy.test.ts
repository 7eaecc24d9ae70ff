import { expect, test } from "vitest";
import {
  CascadeOverflowError,
  CauseDepthError,
  type Delivery,
  Event,
  type LaneOptions,
  LaneFullError,
  type Receipt,
} from "../../src/index.js";
import { waits } from "../../src/runtime/wait-for.js";
import { deferred, virtualBus, VirtualTime } from "../support/virtual.js";
import { expectCountsToAddUp, n, Ping, Pong, watched } from "./setup.js";

const TIGHT: LaneOptions = { capacity: 1, concurrency: 1 };

async function setup(lanes: Record<string, LaneOptions>) {
  const { bus, time } = virtualBus({ lanes });
  await bus.start();
  return { bus, time };
}

test("a handler that publishes into its own full lane and awaits it ends", async () => {
  const { bus, time } = await setup({ own: { capacity: 10, concurrency: 1 } });
  let handled = 0;
  bus.on(Ping, { lane: "own" }, async ({ n: number }, { publish }) => {
    handled++;
    if (number === 0) for (const each of n(15, 1)) await publish(new Ping({ n: each }));
  });
  const receipt = await bus.publish(new Ping({ n: 0 }));
  await expect(receipt.settled()).resolves.toMatchObject({ done: 16 });
  expect([handled, waits()]).toEqual([16, 0]);
  await time.rest();
});

test("past the reserve it fails by name, and only that delivery", async () => {
  const { bus, time } = await setup({ own: { capacity: 10, concurrency: 1 } });
  const errors: unknown[] = [];
  bus.on(Ping, { lane: "own" }, async ({ n: number }, { publish }) => {
    if (number > 0) return;
    for (const each of n(25, 1))
      await publish(new Ping({ n: each })).catch((error: unknown) => errors.push(error));
  });
  const receipt = await bus.publish(new Ping({ n: 0 }));
  await time.rest();
  expect(errors.length).toBe(5);
  expect(errors[0]).toBeInstanceOf(CascadeOverflowError);
  expect(errors[0]).toMatchObject({
    code: "SIGNALBOX_CASCADE_OVERFLOW",
    lane: "own",
    chain: ["own", "own"],
  });
  await expect(receipt.settled()).resolves.toMatchObject({ done: 21 });
});

async function circle(count: number) {
  const { bus, time } = await setup({
    a: { capacity: 5, concurrency: 1 },
    b: { capacity: 5, concurrency: 1 },
  });
  bus.on(Ping, { name: "a", lane: "a" }, async ({ n: number }, { publish }) => {
    if (number > 0) await publish(new Pong({ n: number }));
  });
  bus.on(Pong, { name: "b", lane: "b" }, async ({ n: number }, { publish }) => {
    await publish(new Ping({ n: number - 1 }));
  });
  const receipts: Receipt[] = [];
  for (const _ of n(count)) receipts.push(await bus.publish(new Ping({ n: 10 })));
  const tallies = await Promise.all(receipts.map((each) => each.settled()));
  await time.rest();
  expectCountsToAddUp(bus);
  expect(waits()).toBe(0);
  return { bus, tallies };
}

test("A → B → A through two full lanes ends, with nothing lost", async () => {
  const { bus, tallies } = await circle(12);
  expect(tallies.every((each) => each.done === 21 && each.deadLettered === 0)).toBe(true);
  expect(bus.deadLetters.size).toBe(0);
});

test("A → B → A ends even where there is more than all reserves hold, and says what failed", async () => {
  const { bus } = await circle(60);
  const letters = await bus.deadLetters.list();
  expect(letters.length).toBeGreaterThan(0);
  const errors = letters.map(({ attempts }) => attempts.at(-1)?.error as CascadeOverflowError);
  expect(errors.every((error) => error instanceof CascadeOverflowError)).toBe(true);
  expect(["a b a", "b a b"]).toContain(errors[0]!.chain.join(" "));
});

test("two buses in a circle end as one does", async () => {
  const time = new VirtualTime();
  const left = virtualBus({ lanes: { left: { capacity: 3, concurrency: 1 } } }, time).bus;
  const right = virtualBus({ lanes: { right: { capacity: 3, concurrency: 1 } } }, time).bus;
  let done = 0;
  left.on(Ping, { lane: "left" }, async ({ n: number }) => {
    done++;
    if (number > 0) await right.publish(new Pong({ n: number }));
  });
  right.on(Pong, { lane: "right" }, async ({ n: number }) => {
    done++;
    await left.publish(new Ping({ n: number - 1 }));
  });
  await Promise.all([left.start(), right.start()]);
  for (const _ of n(8)) await left.publish(new Ping({ n: 5 }));
  for (let turn = 0; turn < 50; turn++) await time.rest();
  expect([done, left.deadLetters.size, right.deadLetters.size, waits()]).toEqual([8 * 11, 0, 0, 0]);
});

test("an inline handler holds the slot of the delivery that invoked it: its circle is seen", async () => {
  const { bus, time } = await setup({ own: TIGHT });
  class Inline extends Event("test.inline")<{ n: number }> {}
  bus.on(Inline, async ({ n: number }) => void (await bus.publish(new Ping({ n: number }))));
  const seen: number[] = [];
  bus.on(Ping, { lane: "own" }, async ({ n: number }) => {
    seen.push(number);
    if (number === 0) for (const each of [1, 2]) await bus.invoke(new Inline({ n: each }));
  });
  const published = watched(bus.publish(new Ping({ n: 0 })));
  await time.rest();
  expect(published.isSettled).toBe(true);
  expect([seen, waits()]).toEqual([[0, 1, 2], 0]);
});

test("a fast A that feeds a slow B is slowed down by it, and nothing is lost", async () => {
  const { bus, time } = await setup({ b: { capacity: 100, concurrency: 2 } });
  let fullest = 0;
  let handled = 0;
  bus.on(
    Ping,
    { name: "a" },
    async ({ n: number }, { publish }) => void (await publish(new Pong({ n: number }))),
  );
  bus.on(Pong, { name: "b", lane: "b" }, () => {
    handled++;
    fullest = Math.max(fullest, bus.lanes.get("b")!.waiting);
    return new Promise<void>((resolve) => setImmediate(resolve));
  });
  await Promise.all(n(2_000).map((each) => bus.publish(new Ping({ n: each }))));
  await bus.idle();
  expect([handled, bus.deadLetters.size]).toEqual([2_000, 0]);
  expect(fullest).toBeLessThanOrEqual(100);
  await time.rest();
});

test("a publish inside that finds no place within waitMax fails like any other, and its handler with it", async () => {
  const { bus, time } = await setup({ stuck: { ...TIGHT, waitMax: "30s" } });
  bus.on(Pong, { name: "b", lane: "stuck" }, () => new Promise(() => undefined));
  for (const each of n(2)) {
    await bus.publish(new Pong({ n: each }));
    await time.rest();
  }
  bus.on(Ping, { name: "a" }, (_, { publish }) => publish(new Pong({ n: 2 })));
  const receipt = await bus.publish(new Ping({ n: 1 }));
  await time.advance(29_999);
  expect([bus.deadLetters.size, waits()]).toEqual([0, 1]);
  await time.advance(1);
  expect(await receipt.settled()).toMatchObject({ deadLettered: 1, done: 0 });
  const [letter] = await bus.deadLetters.list();
  expect(letter).toMatchObject({ subscription: "a", reason: "failed" });
  expect(letter!.attempts[0]!.error).toMatchObject({ refused: ["b"], cause: expect.any(LaneFullError) });
  expect(waits()).toBe(0);
});

test("a publish inside that would close no circle is refused like any other where it may not wait", async () => {
  const { bus, time } = await setup({ full: { capacity: 1, overflow: "reject" }, own: TIGHT });
  bus.on(Pong, { lane: "full" }, () => undefined);
  bus.lanes.get("full")!.pause();
  await bus.publish(new Pong({ n: 0 }));
  const errors: unknown[] = [];
  bus.on(Ping, { lane: "own" }, ({ n: number }, { publish }) =>
    publish(new Pong({ n: number })).catch((error: unknown) => void errors.push(error)),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(errors[0]).toBeInstanceOf(LaneFullError);
});

test("waiting for a place counts in the timeout of the handler that waits", async () => {
  const { bus, time } = await setup({ full: TIGHT });
  bus.on(Pong, { lane: "full" }, () => undefined);
  bus.lanes.get("full")!.pause();
  await bus.publish(new Pong({ n: 0 }));
  bus.on(
    Ping,
    { name: "a", timeout: "1s" },
    async (_, { publish, signal }) => void (await publish(new Pong({ n: 1 }), { signal })),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.advance(1_000);
  expect(await bus.deadLetters.list()).toMatchObject([{ subscription: "a", reason: "timeout" }]);
  expect([bus.lanes.get("full")!.waitingPublishes, waits()]).toEqual([0, 0]);
});

test("a hundred hops run, the next is a dead letter that names its reason and its chain", async () => {
  const { bus, time } = await setup({});
  const hops: number[] = [];
  bus.on(Ping, { name: "loops" }, async ({ n: number }, { publish }) => {
    hops.push(number);
    await publish(new Ping({ n: number + 1 }));
  });
  const receipt = await bus.publish(new Ping({ n: 0 }));
  await expect(receipt.settled()).resolves.toMatchObject({ done: 101, deadLettered: 1 });
  expect(hops.at(-1)).toBe(100);
  const [letter] = await bus.deadLetters.list();
  expect(letter).toMatchObject({
    reason: "loop",
    subscription: "loops",
    envelope: { hops: 101, name: "test.ping" },
  });
  const [{ error } = {}] = letter!.attempts;
  expect(error).toBeInstanceOf(CauseDepthError);
  expect(error).toMatchObject({ code: "SIGNALBOX_CAUSE_DEPTH", chain: Array(9).fill("test.ping") });
  await time.rest();
});

test("hops go on from bus to bus", async () => {
  const time = new VirtualTime();
  const left = virtualBus({}, time).bus;
  const right = virtualBus({}, time).bus;
  left.on(Ping, ({ n: number }) => right.publish(new Pong({ n: number })));
  right.on(Pong, ({ n: number }) => left.publish(new Ping({ n: number })));
  await Promise.all([left.start(), right.start()]);
  await left.publish(new Ping({ n: 0 }));
  for (let turn = 0; turn < 30; turn++) await time.rest();
  expect(left.deadLetters.size + right.deadLetters.size).toBe(1);
});

test("what is published after its delivery was settled is caused by it and outside of it", async () => {
  const { bus, time } = await setup({ own: TIGHT });
  let late: (() => Promise<unknown>) | undefined;
  const seen: Delivery[] = [];
  bus.on(Ping, { name: "a", lane: "own" }, (_, { publish }) => {
    late = () => publish(new Pong({ n: 1 }));
  });
  bus.on(Pong, { name: "b", lane: "own" }, (_, delivery) => void seen.push(delivery));
  const receipt = await bus.publish(new Ping({ n: 0 }));
  await time.rest();
  await expect(receipt.settled()).resolves.toMatchObject({ done: 1 });
  bus.lanes.get("own")!.pause();
  await bus.publish(new Pong({ n: 0 }));
  const published = watched(late!());
  await time.rest();
  expect(published.isSettled).toBe(false);
  bus.lanes.get("own")!.resume();
  await time.rest();
  expect(seen.map(({ cause }) => cause)).toEqual([undefined, receipt.id]);
  await expect(receipt.settled()).resolves.toMatchObject({ done: 1 });
});

test("what a handler publishes belongs to its event, in whatever async context it publishes", async () => {
  const { bus, time } = await setup({});
  const outside = deferred();
  const isDone = deferred();
  bus.on(Ping, (_, { publish }) => {
    const later = outside.promise.then(() => publish(new Pong({ n: 1 })));
    return later.then(() => isDone.resolve());
  });
  bus.on(Pong, () => undefined);
  const receipt = await bus.publish(new Ping({ n: 0 }));
  await time.rest();
  outside.resolve();
  await isDone.promise;
  await expect(receipt.settled()).resolves.toMatchObject({ done: 2 });
});
test("a handler that publishes into its own full lane, which rejects, is refused: there is no wait that could be a circle", async () => {
  const { bus, time } = await setup({ own: { ...TIGHT, overflow: "reject" } });
  const errors: unknown[] = [];
  bus.on(Ping, { lane: "own" }, async ({ n: number }) => {
    if (number > 0) return;
    for (const each of n(2, 1))
      await bus.publish(new Ping({ n: each })).catch((error: unknown) => void errors.push(error));
  });
  await bus.publish(new Ping({ n: 0 }));
  await time.rest();
  expect(errors).toEqual([expect.any(LaneFullError)]);
});

test("a publish inside past the waitingMax of a lane that is in no circle is refused by name", async () => {
  const { bus, time } = await setup({ full: { ...TIGHT, waitingMax: 0 } });
  bus.on(Pong, { lane: "full" }, () => undefined);
  bus.lanes.get("full")!.pause();
  await bus.publish(new Pong({ n: 0 }));
  const errors: unknown[] = [];
  bus.on(Ping, ({ n: number }, { publish }) =>
    publish(new Pong({ n: number })).catch((error: unknown) => void errors.push(error)),
  );
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(errors).toEqual([expect.any(LaneFullError)]);
});
