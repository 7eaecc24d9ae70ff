import { expect, test } from "vitest";
import { BusClosedError } from "../../src/index.js";
import { gated, Ping, Pong, watched } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

async function setup() {
  const made = virtualBus({ onUnhandled: "ignore" });
  await made.bus.start();
  const names = () => made.bus.describe().subscriptions.map(({ name }) => name);
  return { ...made, names };
}

test("it resolves with the first event that the predicate accepts, and is gone", async () => {
  const { bus, time, names } = await setup();
  const next = watched(bus.next([Ping, Pong], (event) => event.n > 1));
  expect(names()).toEqual(["next#1"]);
  await bus.publish([new Ping({ n: 1 }), new Pong({ n: 2 }), new Ping({ n: 3 })]);
  await time.rest();
  expect(next.value).toEqual(new Pong({ n: 2 }));
  expect([names(), [...bus.lanes.keys()]]).toEqual([[], []]);
});

test("without a predicate it takes any", async () => {
  const { bus } = await setup();
  const next = bus.next(Ping);
  await bus.publish(new Ping({ n: 1 }));
  expect(await next).toEqual(new Ping({ n: 1 }));
});

test("what the predicate throws, or a promise of it, rejects the wait, and is no dead letter", async () => {
  const { bus, time, names } = await setup();
  const thrown = watched(
    bus.next(Ping, () => {
      throw new Error("wrong");
    }),
  );
  const promised = watched(bus.next(Ping, (async () => true) as never));
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(thrown.error).toEqual(new Error("wrong"));
  expect(promised.error).toBeInstanceOf(TypeError);
  expect([names(), bus.deadLetters.size]).toEqual([[], 0]);
});

test("a signal rejects with its reason, at once where it has aborted already, and leaves no listener", async () => {
  const { bus, time, names } = await setup();
  const abort = new AbortController();
  let listeners = 0;
  const { signal } = abort;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = ((...given: Parameters<typeof add>) => (
    listeners++,
    add(...given)
  )) as typeof add;
  signal.removeEventListener = ((...given: Parameters<typeof remove>) => (
    listeners--,
    remove(...given)
  )) as typeof remove;
  const found = bus.next(Ping, undefined, { signal });
  await bus.publish(new Ping({ n: 1 }));
  await found;
  expect(listeners).toBe(0);
  const waiting = watched(bus.next(Ping, undefined, { signal }));
  abort.abort(new Error("enough"));
  await time.rest();
  expect([waiting.error, listeners, names()]).toEqual([new Error("enough"), 0, []]);
  await expect(bus.next(Ping, undefined, { signal })).rejects.toThrow("enough");
  expect(names()).toEqual([]);
});

test("it may still be answered while the bus closes, and rejects when the bus has closed", async () => {
  const gate = gated();
  const { bus, time } = await setup();
  bus.on(Pong, { name: "other" }, async (event, delivery) => {
    await gate.handler(event);
    await delivery.publish(new Ping({ n: 1 }));
  });
  const answered = watched(bus.next(Ping));
  const unanswered = watched(bus.next(Ping, (event) => event.n > 1));
  await bus.publish(new Pong({ n: 1 }));
  await time.rest();
  void bus.close();
  await time.rest();
  expect([answered.isSettled, unanswered.isSettled]).toEqual([false, false]);
  await gate.openAll(time);
  expect(answered.value).toEqual(new Ping({ n: 1 }));
  expect(unanswered.error).toBeInstanceOf(BusClosedError);
});

test("wrong arguments reject, all at once", async () => {
  const { bus, names } = await setup();
  await expect(bus.next(Ping, 3 as never, { signal: 4 } as never)).rejects.toThrow(
    new TypeError(
      "Expected `predicate` to be a function, got `3` (number).\nExpected `next options.signal` to be an AbortSignal, got `4` (number).",
    ),
  );
  await expect(bus.next("test.ping" as never)).rejects.toBeInstanceOf(TypeError);
  expect(names()).toEqual([]);
});
