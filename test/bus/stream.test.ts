import { expect, test } from "vitest";
import { BusClosedError } from "../../src/index.js";
import { counts, expectCountsToAddUp, gated, n, Ping, Pong, watched } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";

async function setup() {
  const made = virtualBus({ onUnhandled: "ignore" });
  await made.bus.start();
  const publish = (...numbers: number[]) => made.bus.publish(numbers.map((at) => new Ping({ n: at })));
  const names = () => made.bus.describe().subscriptions.map(({ name }) => name);
  return { ...made, publish, names };
}

/** What a loop over a stream sees until it ends. */
async function all<E>(stream: AsyncIterable<E>): Promise<E[]> {
  const seen: E[] = [];
  for await (const each of stream) seen.push(each);
  return seen;
}

test("it subscribes at the first next(), not before", async () => {
  const { bus, publish, names } = await setup();
  const stream = bus.stream(Ping);
  await publish(1);
  const reader = stream[Symbol.asyncIterator]();
  await publish(2);
  expect(names()).toEqual([]);
  const first = reader.next();
  expect(names()).toEqual(["stream#1"]);
  await publish(3);
  expect(await first).toEqual({ done: false, value: new Ping({ n: 3 }) });
});

test("events come in order, one delivery at a time; each is done when the next one is asked for", async () => {
  const { bus, publish, time } = await setup();
  const reader = bus.stream([Ping, Pong])[Symbol.asyncIterator]();
  const first = reader.next();
  await publish(1, 2, 3);
  expect((await first).value).toEqual(new Ping({ n: 1 }));
  await time.rest();
  expect(counts(bus, "stream#1")).toMatchObject({ routed: 3, running: 1, waiting: 2, handled: 0 });
  await reader.next();
  await time.rest();
  expect(counts(bus, "stream#1")).toMatchObject({ running: 1, waiting: 1, handled: 1 });
  expectCountsToAddUp(bus);
});

test("a slow reader keeps the newest thousand, and the rest is counted as dropped", async () => {
  const { bus, publish, time } = await setup();
  const reader = bus.stream(Ping)[Symbol.asyncIterator]();
  const first = reader.next();
  await publish(0);
  await first;
  await publish(...n(1_500, 1));
  expect(bus.lanes.get("stream#1")).toMatchObject({ waiting: 1_000, dropped: 500 });
  expect((await reader.next()).value).toEqual(new Ping({ n: 501 }));
  await time.rest();
});

test("capacity may be given, and is checked at once", async () => {
  const { bus, publish } = await setup();
  const reader = bus.stream(Ping, { capacity: 2 })[Symbol.asyncIterator]();
  const first = reader.next();
  await publish(0);
  await first;
  await publish(1, 2, 3);
  expect((await reader.next()).value).toEqual(new Ping({ n: 2 }));
  expect(() => bus.stream(Ping, { capacity: 0 })).toThrow(
    "Expected `stream options.capacity` to be an integer from 1 up",
  );
  expect(() => bus.stream(Ping, { capasity: 1 } as never)).toThrow("Did you mean `capacity`?");
});

test("leaving the loop ends the subscription; what was read is done, what was not is dropped by name", async () => {
  const { bus, publish, time, names } = await setup();
  const seen: number[] = [];
  const loop = (async () => {
    for await (const event of bus.stream(Ping)) {
      seen.push(event.n);
      if (event.n === 2) break;
    }
  })();
  await time.rest();
  const receipts = await publish(1, 2, 3, 4);
  await loop;
  await time.rest();
  expect([seen, names(), [...bus.lanes.keys()]]).toEqual([[1, 2], [], []]);
  expect(await receipts[1]!.settled()).toMatchObject({ done: 1 });
  expect(await receipts[3]!.settled()).toMatchObject({
    dropped: 1,
    notHandled: [{ reason: "nobody reads the stream any more" }],
  });
});

test("a throw in the loop ends the subscription, too", async () => {
  const { bus, publish, time, names } = await setup();
  const loop = watched(
    (async () => {
      for await (const event of bus.stream(Ping)) throw new Error(`at ${event.n}`);
    })(),
  );
  await time.rest();
  await publish(1);
  await time.rest();
  expect([loop.error, names()]).toEqual([new Error("at 1"), []]);
});

test("each loop over a stream is a reader of its own, with all events", async () => {
  const { bus, publish, names } = await setup();
  const stream = bus.stream(Ping);
  const readers = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()];
  const firsts = readers.map((each) => each.next());
  expect(names()).toEqual(["stream#1", "stream#2"]);
  await publish(1);
  expect((await Promise.all(firsts)).map(({ value }) => (value as Ping).n)).toEqual([1, 1]);
  await readers[0]!.return?.();
  expect(names()).toEqual(["stream#2"]);
});

test("several calls of next() at once are answered in order", async () => {
  const { bus, publish, time } = await setup();
  const reader = bus.stream(Ping)[Symbol.asyncIterator]();
  const asked = [reader.next(), reader.next(), reader.next()];
  await publish(1, 2, 3, 4);
  expect((await Promise.all(asked)).map(({ value }) => (value as Ping).n)).toEqual([1, 2, 3]);
  expect((await reader.next()).value).toEqual(new Ping({ n: 4 }));
  await time.rest();
  expect(counts(bus, "stream#1")).toMatchObject({ handled: 3, running: 1 });
});

test("a signal ends the loop, and leaves no listener behind whichever way it ends", async () => {
  const { bus, publish, time, names } = await setup();
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
  const left = bus.stream(Ping, { signal })[Symbol.asyncIterator]();
  const first = left.next();
  await publish(1);
  await first;
  await left.return?.();
  expect(listeners).toBe(0);
  const loop = watched(all(bus.stream(Ping, { signal })));
  await time.rest();
  await publish(1, 2);
  await time.rest();
  abort.abort();
  await time.rest();
  expect(loop.value?.map((event) => event.n)).toEqual([1, 2]);
  expect([names(), listeners]).toEqual([[], 0]);
  expect(await all(bus.stream(Ping, { signal }))).toEqual([]);
});

test("close() lets a reader have what was accepted, then ends its loop", async () => {
  const gate = gated();
  const { bus, publish, time } = await setup();
  bus.on(Pong, { name: "other" }, async (event, delivery) => {
    await gate.handler(event);
    await delivery.publish(new Ping({ n: 9 }));
  });
  const loop = watched(all(bus.stream(Ping)));
  await time.rest();
  await publish(1, 2);
  await bus.publish(new Pong({ n: 1 }));
  await time.rest();
  const closed = watched(bus.close());
  await time.rest();
  expect([loop.isSettled, closed.isSettled]).toEqual([false, false]);
  await gate.openAll(time);
  expect(loop.value?.map((event) => event.n)).toEqual([1, 2, 9]);
  expect(closed.value).toMatchObject({ drained: 2, abandoned: [], aborted: [] });
});

test("a reader that does not come back holds up a close until the deadline, no longer", async () => {
  const { bus, publish, time } = await setup();
  const reader = bus.stream(Ping)[Symbol.asyncIterator]();
  const first = reader.next();
  await publish(1, 2);
  await first;
  const closed = watched(bus.close({ deadline: "5s" }));
  await time.advance(4_999);
  expect(closed.isSettled).toBe(false);
  await time.advance(1);
  expect(closed.isSettled).toBe(true);
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expectCountsToAddUp(bus);
});

test("a loop over a stream of a closed bus rejects", async () => {
  const { bus } = await setup();
  await bus.close();
  await expect(all(bus.stream(Ping))).rejects.toBeInstanceOf(BusClosedError);
});

test("before the start a reader waits, and gets what was held", async () => {
  const { bus, time } = virtualBus();
  const reader = bus.stream(Ping)[Symbol.asyncIterator]();
  const first = reader.next();
  await bus.publish(new Ping({ n: 1 }));
  await bus.start();
  await time.rest();
  expect((await first).value).toEqual(new Ping({ n: 1 }));
});

test("loses nothing when its lane is given more slots", async () => {
  const { bus } = virtualBus();
  const reader = bus.stream(Ping)[Symbol.asyncIterator]();
  await bus.start();
  const first = reader.next();
  for (const lane of bus.lanes.values()) lane.concurrency = 3;
  await bus.publish([1, 2, 3].map((n) => new Ping({ n })));
  const read = [await first, await reader.next(), await reader.next()];
  expect(read.map(({ value }) => (value as Ping).n)).toEqual([1, 2, 3]);
  await reader.return!();
  await bus.close();
});
