import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import {
  BusClosedError,
  Event,
  LaneFullError,
  NotStartedError,
  type PublishOptions,
  type Receipt,
  UnhandledEventError,
} from "../../src/index.js";
import type { BusOptions } from "../../src/dispatch/bus-options.js";
import { virtualBus } from "../support/virtual.js";
import { counts, gated, Keyed, n, Ping, Pong } from "./setup.js";

async function setup(options: BusOptions = {}) {
  const { bus, time, logged } = virtualBus(options);
  await bus.start();
  return { bus, time, logged };
}

test("a receipt says what was true when publish resolved", async () => {
  const { bus } = await setup({ onUnhandled: "ignore" });
  bus.on(Ping, { name: "one" }, () => undefined);
  bus.on(Ping, { name: "two" }, () => undefined);
  const receipt = await bus.publish(new Ping({ n: 1 }), { id: "p-1" });
  expect(JSON.parse(JSON.stringify(receipt))).toEqual({
    id: "p-1",
    accepted: ["one", "two"],
    deduplicated: [],
    unhandled: false,
    held: false,
  });
  const nobodys = await bus.publish(new Pong({ n: 1 }));
  expect([nobodys.unhandled, nobodys.accepted]).toEqual([true, []]);
});

test("publish never hears of what a handler throws", async () => {
  const { bus, time } = await setup();
  bus.on(Ping, () => {
    throw new Error("no");
  });
  await expect(bus.publish(new Ping({ n: 1 }))).resolves.toBeDefined();
  await time.rest();
  expect(bus.deadLetters.size).toBe(1);
});

test("no handler runs inside publish", async () => {
  const { bus, time } = await setup();
  const order: string[] = [];
  bus.on(Ping, () => void order.push("handled"));
  const published = bus.publish(new Ping({ n: 1 }));
  order.push("published");
  await published;
  await time.rest();
  expect(order).toEqual(["published", "handled"]);
});

test("one full rejecting lane refuses the whole publish: nobody gets it, and nothing of it is counted", async () => {
  const { bus, time } = await setup({
    lanes: { roomy: {}, small: { capacity: 1, overflow: "reject", concurrency: 1 } },
  });
  const { handler } = gated();
  let seen = 0;
  bus.on(Ping, { lane: "roomy", name: "roomy" }, () => void seen++);
  bus.on(Pong, { lane: "small", name: "blocks" }, handler);
  bus.on(Ping, { lane: "small", name: "small" }, () => undefined);
  for (const each of n(2)) {
    await bus.publish(new Pong({ n: each }));
    await time.rest();
  }
  const published = bus.publish(new Ping({ n: 1 }));
  await expect(published).rejects.toThrow(LaneFullError);
  await expect(published).rejects.toMatchObject({ lane: "small", code: "SIGNALBOX_LANE_FULL" });
  await time.rest();
  expect(seen).toBe(0);
  expect(counts(bus, "roomy").routed).toBe(0);
  expect(bus.describe().counts.published).toBe(2);
});

test("a refused publish leaves no place taken and no key in an inbox", async () => {
  const { bus, time } = await setup({
    lanes: { first: { capacity: 1, overflow: "reject" }, second: { capacity: 1, overflow: "reject" } },
  });
  bus.lanes.get("first")!.pause();
  bus.lanes.get("second")!.pause();
  bus.on(Ping, { lane: "first", name: "first", dedupe: { by: "id", window: "1h" } }, () => undefined);
  const stop = bus.on(Ping, { lane: "second", name: "second" }, () => undefined);
  bus.on(Pong, { lane: "second" }, () => undefined);
  await bus.publish(new Pong({ n: 0 }));
  for (const each of n(5))
    await expect(bus.publish(new Ping({ n: each }), { id: "same" })).rejects.toThrow(LaneFullError);
  stop();
  const receipt = await bus.publish(new Ping({ n: 9 }), { id: "same" });
  expect(receipt.accepted).toEqual(["first"]);
  await time.rest();
});

test("several events are decided in one step: a lane that has room for some refuses all of them", async () => {
  const { bus } = await setup({ lanes: { small: { capacity: 2, overflow: "reject" } } });
  bus.lanes.get("small")!.pause();
  bus.on([Ping, Pong], { lane: "small", name: "small" }, () => undefined);
  await expect(bus.publish(n(3).map((each) => new Ping({ n: each })))).rejects.toThrow(LaneFullError);
  expect(bus.lanes.get("small")!.waiting).toBe(0);
  const receipts = await bus.publish([new Ping({ n: 0 }), new Pong({ n: 1 })]);
  expect(receipts.map(({ accepted }) => accepted)).toEqual([["small"], ["small"]]);
  expect(new Set(receipts.map(({ id }) => id)).size).toBe(2);
});

test("several events enter in order, and none gives no receipt", async () => {
  const { bus, time } = await setup();
  const seen: number[] = [];
  bus.on(Ping, ({ n: number }) => void seen.push(number));
  await bus.publish(n(50).map((each) => new Ping({ n: each })));
  await time.rest();
  expect(seen).toEqual(n(50));
  expect(await bus.publish([])).toEqual([]);
});

test("options are checked, all faults at once, and what is no event is a TypeError", async () => {
  const { bus } = await setup();
  const wrong = { priority: 9, id: 1, kye: "k" } as unknown as PublishOptions;
  await expect(bus.publish(new Ping({ n: 1 }), wrong)).rejects.toThrow(
    /kye[\s\S]*key[\s\S]*options\.id[\s\S]*priority/,
  );
  for (const odd of [null, [], { headers: { tenant: 1 } }, { signal: {} }])
    await expect(bus.publish(new Ping({ n: 1 }), odd as never)).rejects.toThrow(TypeError);
  await expect(bus.publish({ n: 1 } as never)).rejects.toThrow(TypeError);
  await expect(bus.publish([new Ping({ n: 1 }), undefined] as never)).rejects.toThrow(TypeError);
});

test("what user code throws while an event is sealed rejects that publish, and the bus goes on", async () => {
  class BadKey extends Event("test.bad-key", {
    key: () => {
      throw new Error("no key");
    },
  })<{ n: number }> {}
  class OddKey extends Event("test.odd-key", { key: () => 7 as unknown as string })<{ n: number }> {}
  let isBroken = false;
  const { bus, time } = await setup({
    stamp: () => {
      if (isBroken) throw new Error("no stamp");
      return { tenant: "t" };
    },
  });
  const seen: string[] = [];
  bus.on([BadKey, OddKey, Ping], (_, { headers }) => void seen.push(headers["tenant"]!));
  await expect(bus.publish(new BadKey({ n: 1 }))).rejects.toThrow("no key");
  await expect(bus.publish(new OddKey({ n: 1 }))).rejects.toThrow(TypeError);
  await expect(bus.publish([new Ping({ n: 1 }), new BadKey({ n: 1 })])).rejects.toThrow("no key");
  isBroken = true;
  await expect(bus.publish(new Ping({ n: 1 }))).rejects.toThrow("no stamp");
  isBroken = false;
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(seen).toEqual(["t"]);
});

test("a publish brings its id, key, headers and priority to the handler; its own headers win", async () => {
  const { bus, time } = await setup({ stamp: () => ({ tenant: "stamped", actor: "stamp" }) });
  const seen: unknown[] = [];
  bus.on(Keyed, (_, { eventId, key, headers }) => void seen.push({ eventId, key, ...headers }));
  await bus.publish(new Keyed({ key: "own", n: 1 }));
  await bus.publish(new Keyed({ key: "own", n: 2 }), { id: "i", key: "given", headers: { tenant: "given" } });
  await time.rest();
  expect(seen).toMatchObject([
    { key: "own", tenant: "stamped", actor: "stamp" },
    { eventId: "i", key: "given", tenant: "given", actor: "stamp" },
  ]);
});

test("an aborted signal publishes nothing", async () => {
  const { bus } = await setup();
  bus.on(Ping, { name: "s" }, () => undefined);
  const reason = new Error("changed my mind");
  await expect(bus.publish(new Ping({ n: 1 }), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(counts(bus, "s").routed).toBe(0);
});

test('with onUnhandled: "error" an event that nobody handles is refused, with all its companions', async () => {
  const { bus } = await setup({ onUnhandled: "error" });
  bus.on(Ping, { name: "s" }, () => undefined);
  await expect(bus.publish(new Pong({ n: 1 }))).rejects.toThrow(UnhandledEventError);
  await expect(bus.publish([new Ping({ n: 1 }), new Pong({ n: 1 })])).rejects.toThrow(UnhandledEventError);
  expect(counts(bus, "s").routed).toBe(0);
  expect(bus.describe().counts).toEqual({ published: 0, unhandled: 0 });
});

test("one that is filtered counts as handled, takes no place and is not accepted", async () => {
  const { bus, logged } = await setup({ lanes: { small: { capacity: 1, overflow: "reject" } } });
  bus.lanes.get("small")!.pause();
  bus.on(Ping, { name: "even", lane: "small", when: (event) => event.n % 2 === 0 }, () => undefined);
  const receipts = await bus.publish(
    n(4, 1)
      .filter((each) => each !== 4)
      .map((each) => new Ping({ n: each })),
  );
  expect(receipts.map(({ accepted, unhandled }) => [accepted, unhandled])).toEqual([
    [[], false],
    [["even"], false],
    [[], false],
  ]);
  expect(counts(bus, "even")).toMatchObject({ routed: 3, filtered: 2, waiting: 1 });
  expect(logged).toEqual([]);
});

test("a throw in `when` is a failure of that subscription, and of no other", async () => {
  const { bus, time } = await setup();
  const seen: number[] = [];
  const when = (): boolean => {
    throw new Error("when?");
  };
  bus.on(Ping, { name: "bad", when }, () => void seen.push(-1));
  bus.on(Ping, { name: "good" }, ({ n: number }) => void seen.push(number));
  const receipt = await bus.publish(new Ping({ n: 1 }));
  expect(receipt.accepted).toEqual(["bad", "good"]);
  await time.rest();
  expect(seen).toEqual([1]);
  expect(await bus.deadLetters.list()).toMatchObject([{ subscription: "bad", reason: "failed" }]);
});

test.each([undefined, () => true])(
  "whoever subscribes or leaves while an event is on its way changes nothing for it",
  async (when) => {
    const { bus, time } = await setup();
    const seen: string[] = [];
    const undo = bus.on(Ping, { name: "leaves", when }, () => void seen.push("leaves"));
    bus.tap(
      "test.ping",
      () => void bus.on(Ping, { name: `late-${seen.length}` }, () => void seen.push("late")),
    );
    const receipt = await bus.publish(new Ping({ n: 1 }));
    undo();
    expect(receipt.accepted).toEqual(["leaves"]);
    await time.rest();
    expect(seen).toEqual(["leaves"]);
    await bus.publish(new Ping({ n: 2 }));
    await time.rest();
    expect(seen).toEqual(["leaves", "late"]);
  },
);

test("held before start: resolves at once, is released in order, before whatever comes later", async () => {
  const { bus, time } = virtualBus({ lanes: { one: { capacity: 1, overflow: "reject", concurrency: 1 } } });
  const receipts = await bus.publish(n(5).map((each) => new Ping({ n: each })));
  expect(receipts.every(({ held, accepted }) => held && accepted.length === 0)).toBe(true);
  const seen: number[] = [];
  bus.on(Ping, { lane: "one" }, ({ n: number }) => void seen.push(number));
  await bus.start();
  const settled = Promise.all(receipts.map((each: Receipt) => each.settled()));
  await time.rest();
  await bus.publish(new Ping({ n: 5 }));
  await time.rest();
  expect(seen).toEqual(n(6));
  expect((await settled).map(({ done }) => done)).toEqual([1, 1, 1, 1, 1]);
});

test("what a tap publishes at the release comes after everything that was held", async () => {
  const { bus, time } = virtualBus();
  const seen: number[] = [];
  bus.on([Ping, Pong], { lane: { concurrency: 1 } }, (event) => void seen.push(event.n));
  bus.tap("test.ping", (event) => void bus.publish(new Pong({ n: -(event as Ping).n })));
  await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
  await bus.start();
  await time.rest();
  expect(seen).toEqual([1, 2, -1, -2]);
});

test("what is held does not count against waitingMax", async () => {
  const { bus, time } = virtualBus({ lanes: { one: { capacity: 1, waitingMax: 1 } } });
  bus.on(Ping, { lane: "one" }, () => undefined);
  bus.lanes.get("one")!.pause();
  await bus.publish(n(4).map((each) => new Ping({ n: each })));
  await bus.start();
  expect(bus.lanes.get("one")!.waitingPublishes).toBe(3);
  const own = bus.publish(new Ping({ n: 4 }));
  await expect(bus.publish(new Ping({ n: 5 }))).rejects.toThrow(LaneFullError);
  bus.lanes.get("one")!.resume();
  await own;
  await time.rest();
});

test("no more are held than heldMax", async () => {
  const { bus } = virtualBus({ heldMax: 2 });
  bus.on(Ping, () => undefined);
  await bus.publish(new Ping({ n: 1 }));
  await expect(bus.publish([new Ping({ n: 2 }), new Ping({ n: 3 })])).rejects.toThrow(NotStartedError);
  await bus.publish(new Ping({ n: 2 }));
  await expect(bus.publish(new Ping({ n: 3 }))).rejects.toThrow(NotStartedError);
});

test("a closed bus takes nothing", async () => {
  const { bus } = await setup();
  bus.on(Ping, () => undefined);
  await bus.close();
  await expect(bus.publish(new Ping({ n: 1 }))).rejects.toThrow(BusClosedError);
});

test("the handler runs in the async context of its publisher, whoever drains the lane", async () => {
  const { bus, time } = await setup();
  const tenant = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  bus.on(Ping, { lane: { concurrency: 1 } }, async ({ n: number }) => {
    await Promise.resolve();
    seen.push(`${number}${tenant.getStore() ?? "-"}`);
  });
  await tenant.run("a", () => bus.publish(new Ping({ n: 1 })));
  await tenant.run("b", () => bus.publish(new Ping({ n: 2 })));
  await bus.publish(new Ping({ n: 3 }));
  await time.rest();
  expect(seen).toEqual(["1a", "2b", "3-"]);
});

test('isolate: "freeze" freezes what an event holds at any depth', async () => {
  class Nested extends Event("test.nested")<{ list: { deep: number }[]; at: Date }> {}
  const { bus, time } = await setup({ isolate: "freeze" });
  const event = new Nested({ list: [{ deep: 1 }], at: new Date(0) });
  let frozen: boolean[] = [];
  bus.on(Nested, ({ list, at }) => {
    frozen = [list, list[0]!, at].map((each) => Object.isFrozen(each));
  });
  await bus.publish(event);
  await time.rest();
  expect(frozen).toEqual([true, true, false]);
});

test.each([
  [{ idd: "a" }, "Unknown option `idd` in `publish options`. Did you mean `id`?"],
  [{ id: "" }, "`publish options.id` to be a text that is not empty"],
  [{ key: 3 }, "`publish options.key` to be a text"],
  [{ headers: { tenant: 1 } }, "`publish options.headers.tenant` to be a text"],
  [{ headers: "tenant" }, "`publish options.headers`"],
  [{ priority: 8 }, "`publish options.priority` to be an integer from 0 to 7"],
  [{ priority: "high" }, "`publish options.priority` to be an integer from 0 to 7"],
  [{ signal: {} }, "`publish options.signal` to be an AbortSignal"],
  [{ key: "k", toString: 1 }, "Unknown option `toString`"],
  [3, "`publish options` to be an object of options"],
  [null, "`publish options` to be an object of options"],
])("options of a publish that are no options are refused, each by its name: %j", async (options, message) => {
  const { bus } = await setup();
  bus.on(Ping, { name: "a" }, () => undefined);
  const published = bus.publish(new Ping({ n: 1 }), options as never);
  await expect(published).rejects.toThrow(TypeError);
  await expect(published).rejects.toThrow(message);
  expect(counts(bus, "a")).toMatchObject({ routed: 0 });
});

test("an option of a publish that is undefined is none", async () => {
  const { bus } = await setup();
  const options = {
    id: undefined,
    key: undefined,
    headers: undefined,
    priority: undefined,
    signal: undefined,
  };
  await expect(bus.publish(new Ping({ n: 1 }), options as never)).resolves.toMatchObject({ held: false });
});

test("the class of an event in place of the event is refused with what to write", async () => {
  const { bus } = await setup();
  await expect(bus.publish(Ping as never)).rejects.toThrow("Write `new` before it.");
});
