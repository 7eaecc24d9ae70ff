/** A bus that closes while its store is slow, or while something is on its way into it. */
import { expect, onTestFinished, test } from "vitest";
import { createBus, Event, type Store } from "signalbox";
import { until } from "../support/kept-items.js";
import { describeStores, type Place, type StoreTransport } from "./places.js";

class Booked extends Event("closing.booked", { key: ({ account }: { account: string }) => account })<{
  account: string;
}> {}

/* Each answer of the store takes some turns. */
function slow(transport: StoreTransport): StoreTransport {
  const { store } = transport;
  const late =
    (name: keyof Store) =>
    async (...args: never[]) => {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      return (store[name] as (...args: never[]) => unknown).apply(store, args);
    };
  const names = [
    "get",
    "put",
    "delete",
    "list",
    "lease",
    "groups",
    "deadLetters",
    "redrive",
    "discard",
    "due",
  ];
  const slowed = Object.fromEntries(names.map((name) => [name, late(name as keyof Store)]));
  return Object.defineProperty(transport, "store", { value: slowed });
}

function on(place: Place) {
  const logged: string[] = [];
  const log = (_: object, message: string): void => void logged.push(message);
  const silent = (): void => undefined;
  const logger = { debug: silent, info: silent, warn: log, error: log };
  const bus = (isSlow: boolean) => {
    const transport = isSlow ? slow(place.transport()) : place.transport();
    const made = createBus({ transport, logger });
    onTestFinished(async () => void (await made.close()));
    return made;
  };
  return { bus, logged };
}

describeStores("a bus that closes", (setup) => {
  test.for([false, true])(
    "a key that is parked while the bus closes has its dead letter, slow store: %s",
    async (isSlow) => {
      const { bus: made, logged } = on(setup());
      let fail: (error: Error) => void = () => undefined;
      let calls = 0;
      const bus = made(isSlow);
      bus.on(Booked, { name: "books", keyFailure: "park" }, () => {
        calls++;
        return new Promise((_, reject) => (fail = reject));
      });
      await bus.start();
      await bus.publish(new Booked({ account: "ada" }));
      await until(() => calls === 1);
      const closed = bus.close();
      fail(new Error("locked"));
      await closed;
      const next = made(false);
      await next.start();
      expect([
        (await next.deadLetters.list()).map(({ reason }) => reason),
        logged.filter((m) => !/failed/.test(m)),
      ]).toEqual([["failed"], []]);
      expect((await next.subscriptions.list())[0]!.waiting).toBe(0);
    },
  );
});
