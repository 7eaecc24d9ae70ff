/** What handlers, observers and operators get of a bus, checked by tsc as types.ts is. */
import {
  type AnyEvent,
  type Bus,
  closeOnSignal,
  deadLetter,
  type DeadLetter,
  type Delivery,
  drop,
  type Envelope,
  type EventClass,
  type EventOf,
  type Handler,
  type Receipt,
  type SubscriptionOptions,
  type Undo,
} from "../../src/index.js";
import {
  same,
  OrderPlaced,
  OrderCancelled,
  OrderShipped,
  OrderReturned,
  Midnight,
  Change,
} from "./typed-events.js";

class Mailer {
  send(): void {}
}

/** What functions on the bus get. */
export async function listening(bus: Bus): Promise<void> {
  using undo = bus.on(OrderPlaced, { lane: "reports", key: (event) => event.orderId }, (event, delivery) => {
    same<typeof event, OrderPlaced>(true);
    same<typeof delivery, Delivery<OrderPlaced>>(true);
  });
  undo();
  bus.on([OrderShipped, OrderReturned], (event) => same<typeof event, OrderShipped | OrderReturned>(true))();
  bus.on([OrderPlaced, OrderCancelled], { when: (event) => event.orderId !== "" }, (event) =>
    event instanceof OrderCancelled ? event.why.length : event.total,
  );
  bus.on(Change, (event) => (event.kind === "gone" ? event.why : event.by));
  bus.on(Midnight, () => deadLetter("never"));
  bus.on(Midnight, async () => drop("never"));
  bus.on(OrderPlaced, {}, () => undefined);
  bus.on(OrderPlaced, (event: { readonly orderId: string }) => event.orderId);
  bus.on(OrderPlaced, (_: AnyEvent, delivery: Delivery) => delivery.attempt);
  bus.on(OrderPlaced, { lane: { concurrency: 1, capacity: undefined }, retry: undefined }, () => undefined);
  const classes: readonly EventClass[] = [OrderPlaced, Midnight];
  bus.on(classes, (event) => same<typeof event, AnyEvent>(true));
  const options: SubscriptionOptions<OrderPlaced> = { name: "orders", dedupe: { by: "id", window: "5m" } };
  bus.on(OrderPlaced, options, () => undefined);
  const shared: SubscriptionOptions<AnyEvent> = { retry: 3 };
  bus.on(OrderPlaced, shared, () => undefined);
  const takesAny: Handler<AnyEvent> = (event) => void event;
  bus.on([OrderPlaced, Midnight], takesAny);
  for await (const event of bus.stream([OrderPlaced, Midnight], { capacity: 1, signal: undefined }))
    same<typeof event, OrderPlaced | Midnight>(true);
  for await (const event of bus.stream(OrderPlaced)) same<typeof event, OrderPlaced>(true);
  const paid = await bus.next(OrderPlaced, (event) => event.large, { signal: AbortSignal.timeout(1_000) });
  same<typeof paid, OrderPlaced>(true);
  const either = await bus.next([OrderShipped, OrderReturned], undefined, {});
  same<typeof either, OrderShipped | OrderReturned>(true);
  bus.tap("**", (event, envelope) => {
    same<typeof event, AnyEvent>(true);
    same<typeof envelope, Envelope>(true);
  })();
  bus.tap("shop.*.placed", () => undefined);
  // @ts-expect-error ** only at the end
  bus.tap("**.placed", () => undefined);
  // @ts-expect-error * is a whole token
  bus.tap("shop.ord*.placed", () => undefined);
  // @ts-expect-error another event
  bus.on(OrderPlaced, (_event: OrderCancelled) => undefined);
  // @ts-expect-error another event of the same shape
  bus.on(OrderShipped, (_event: OrderReturned) => undefined);
  // @ts-expect-error another event, beside options
  bus.on(OrderShipped, {}, (_event: OrderReturned) => undefined);
  // @ts-expect-error one of two events is missing
  bus.on([OrderPlaced, OrderCancelled], (_event: OrderPlaced) => undefined);
  // @ts-expect-error the delivery of another event
  bus.on(OrderShipped, (_event, _delivery: Delivery<OrderReturned>) => undefined);
  // @ts-expect-error a third parameter
  bus.on(OrderShipped, (_event, _delivery, _more) => undefined);
  // @ts-expect-error an instance is no class
  bus.on(new Midnight(), () => undefined);
  // @ts-expect-error a name is no class
  bus.on("clock.midnight", () => undefined);
  // @ts-expect-error no handler
  bus.on(OrderPlaced, { name: "n" });
  // @ts-expect-error the options come before the handler
  bus.on(OrderPlaced, () => undefined, {});
  // @ts-expect-error a misspelt option
  bus.on(OrderPlaced, { retyr: 3 }, () => undefined);
  // @ts-expect-error the key is a text
  bus.on(OrderPlaced, { key: (event) => event.total }, () => undefined);
  // @ts-expect-error no such field
  bus.on(OrderShipped, { when: (event) => event.large }, () => undefined);
  // @ts-expect-error the options are those of another event
  bus.on(OrderShipped, { key: (event: OrderReturned) => event.orderId }, () => undefined);
  // @ts-expect-error the predicate takes another event
  await bus.next(OrderShipped, (event: OrderReturned) => event.orderId !== "");
  // @ts-expect-error the predicate answers true or false
  await bus.next(OrderShipped, async () => true);
  // @ts-expect-error the predicate comes before the options
  await bus.next(OrderShipped, { signal: AbortSignal.timeout(1) });
  // @ts-expect-error a misspelt option
  bus.stream(OrderShipped, { capasity: 1 });
}

/** Dead letters, notices, lanes, descriptions. */
export async function watching(bus: Bus): Promise<void> {
  for (const letter of await bus.deadLetters.list({ events: OrderPlaced, reason: undefined })) {
    same<typeof letter, DeadLetter<OrderPlaced>>(true);
    same<typeof letter.envelope.name, "shop.order.placed">(true);
    same<typeof letter.envelope.data.at, Date>(true);
    await bus.deadLetters.replay(letter);
    await bus.deadLetters.replay(letter, { edit: undefined });
    await bus.deadLetters.replay(letter, { edit: (event) => new OrderPlaced({ ...event, total: 1 }) });
    await bus.deadLetters.discard(letter, "old");
    // @ts-expect-error the edit gives another event
    await bus.deadLetters.replay(letter, { edit: () => new OrderShipped({ orderId: "o" }) });
    // @ts-expect-error the edit gives plain data
    await bus.deadLetters.replay(letter, { edit: (event) => ({ ...event, total: 1 }) });
    // @ts-expect-error the edit gives a promise
    await bus.deadLetters.replay(letter, { edit: async (event) => event });
    // @ts-expect-error the edit takes another event
    await bus.deadLetters.replay(letter, { edit: (event: OrderShipped) => event });
    // @ts-expect-error a reason
    await bus.deadLetters.discard(letter);
  }
  for (const letter of await bus.deadLetters.list({ events: [OrderShipped, OrderReturned] })) {
    same<typeof letter.event, OrderShipped | OrderReturned>(true);
    if (letter.envelope.name === "shop.order.shipped")
      same<typeof letter.envelope.data.orderId, string>(true);
    // @ts-expect-error the edit gives plain data
    await bus.deadLetters.replay(letter, { edit: (event) => ({ ...event }) });
    // @ts-expect-error the edit gives an event that was not asked for
    await bus.deadLetters.replay(letter, { edit: () => OrderPlaced.of("o") });
  }
  same<Awaited<ReturnType<typeof bus.deadLetters.list>>, DeadLetter[]>(true);
  for (const letter of await bus.deadLetters.list()) same<typeof letter, DeadLetter>(true);
  for (const letter of await bus.deadLetters.list({ subscription: "a.b" })) void letter.attempts[0]?.ran;
  bus.notices
    .on("delivery.deadLettered", (notice) => same<typeof notice.reason, string | undefined>(true))
    .once("lane.full", (notice) => notice.waiting.toFixed())
    .off("transport.down");
  bus.notices.on("event.unhandled", ({ event }) => same<typeof event, string>(true));
  bus.lanes.get("mail")?.pause();
  for (const lane of bus.lanes.values()) lane.concurrency = 3;
  const why = bus.explain((await bus.publish(OrderPlaced.of("o"))).id).map((entry) => entry.because);
  const { ready, reasons } = bus.health();
  const report = await bus.close({ deadline: "10s" });
  void [String(bus.describe()), bus.explain(OrderPlaced).lanes, why, ready, reasons, report.drained + 1];
  closeOnSignal(bus, { deadline: undefined })();
  for (const entry of await bus.subscriptions.list()) await bus.subscriptions.remove(entry.name);
  // @ts-expect-error not an event class
  await bus.deadLetters.list({ events: Mailer });
  // @ts-expect-error a misspelt filter
  await bus.deadLetters.list({ event: OrderPlaced });
  // @ts-expect-error no such notice
  bus.notices.on("delivery.failed", () => undefined);
  // @ts-expect-error a lane's notice has no delivery
  bus.notices.on("lane.full", (notice) => notice.subscription);
  // @ts-expect-error only the bus tells
  bus.notices.emit("lane.full");
  // @ts-expect-error the lanes are not the application's to change
  bus.lanes.set("mail", undefined);
  // @ts-expect-error what waits is counted, not set
  for (const lane of bus.lanes.values()) lane.waiting = 0;
  // @ts-expect-error publish is the bus's own
  bus.publish = () => Promise.reject(new Error());
  // @ts-expect-error no such unit
  await bus.close({ deadline: "10sec" });
  // @ts-expect-error an option, not a duration
  await bus.close("10s");
}

/** Code over any event goes through, and `publish` can be handed on alone. */
export const generic = {
  publish: async <E extends AnyEvent>(bus: Bus, event: E): Promise<Receipt> => await bus.publish(event),
  several: async <E extends AnyEvent>(bus: Bus, events: readonly E[]): Promise<readonly Receipt[]> =>
    await bus.publish(events),
  on: <C extends EventClass>(bus: Bus, event: C, handler: Handler<EventOf<C>>): Undo =>
    bus.on(event, handler),
  double: { publish: async () => Promise.reject(new Error("down")) } satisfies Pick<Bus, "publish">,
};
