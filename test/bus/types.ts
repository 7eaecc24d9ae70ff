/** What the bus is made of and what is published, checked by tsc in both dialects: tsconfig.json, and tsconfig.tc39.json through types.tc39.ts. */
import { pino } from "pino";

import {
  Bus,
  type BusOptions,
  type Container,
  createBus,
  deadLetter,
  type Delivery,
  done,
  drop,
  type EventOf,
  type Features,
  type HandlerResult,
  memory,
  type NameOf,
  On,
  type Outcome,
  plain,
  type Publish,
  type Receipt,
  retry,
  type Step,
  Subscriber,
  type SubscriberClass,
  type Transport,
} from "../../src/index.js";
import {
  same,
  OrderPlaced,
  OrderCancelled,
  OrderShipped,
  OrderReturned,
  Midnight,
  Page,
  Change,
} from "./typed-events.js";

class Mailer {
  send(): void {}
}

abstract class Base {
  @On(Midnight)
  protected nightly(): void {}
}
@Subscriber({ lane: "mail", retry: 3 })
export class OrderMails extends Base {
  constructor(
    readonly mailer: Mailer,
    readonly bus: Bus,
  ) {
    super();
  }
  @On(OrderPlaced, {
    key: (event) => event.orderId,
    when: (event) => event.large,
    retry: {
      attempts: 5,
      backoff: "exponential",
      on: (error) => (error instanceof TypeError ? deadLetter("bug") : undefined),
    },
    timeout: "10s",
  })
  async sendReceipt(event: OrderPlaced): Promise<void> {
    await this.bus.publish([new Midnight(), OrderPlaced.of(event.orderId)]);
  }
  @On([OrderPlaced, OrderCancelled], { dedupe: { window: "5m", by: (event) => event.orderId } })
  count(event: OrderPlaced | OrderCancelled): Outcome | void {
    return event instanceof OrderCancelled && event.why.length > 3 ? retry({ after: "1m" }) : undefined;
  }
}
class Plain {
  static readonly on = [OrderPlaced, OrderCancelled] as const;
  handle(event: OrderPlaced | OrderCancelled): void {
    void event.orderId;
  }
}
class Wrong {
  static readonly on = OrderPlaced;
  handle(_event: OrderReturned): void {}
}

const timed: Step = async (delivery, next) => {
  const outcome = await next();
  void delivery.eventId;
  return outcome;
};
timed.about = "measures";

export const busOptions = () =>
  ({
    subscribers: [OrderMails, Plain],
    lanes: {
      mail: { concurrency: 5, overflow: "dropOldest" },
      reports: { rate: { limit: 10, interval: "1s" } },
    },
    steps: [timed, async (_, next) => next()],
    logger: console,
    onUnhandled: "error",
    isolate: "freeze",
  }) satisfies BusOptions;

/** What `createBus` takes. */
export function making(): readonly Bus[] {
  const wrongs = () => ({ subscribers: [Plain, Wrong] });
  const several: SubscriberClass[] = [OrderMails, Plain];
  const widened: BusOptions = { subscribers: several };
  const byHand: Container = {
    resolve: (token) => (typeof token === "function" ? new (token as new () => object)() : undefined),
    provide() {},
  };
  // @ts-expect-error handle() takes another event
  createBus({ subscribers: [Wrong] });
  // @ts-expect-error handle() of one of them takes another event
  createBus({ subscribers: [Plain, Wrong] });
  // @ts-expect-error handle() of one of them takes another event, and they come as an array of a union
  createBus(wrongs());
  // @ts-expect-error an instance is no class
  createBus({ subscribers: [new Plain()] });
  // @ts-expect-error a misspelt option
  createBus({ onUnhandeld: "warn" });
  // @ts-expect-error a misspelt option of a lane
  createBus({ lanes: { mail: { concurency: 1 } } });
  // @ts-expect-error no such word
  createBus({ onUnhandled: "throw" });
  // @ts-expect-error no such unit
  createBus({ deadLetters: { maxAge: "30 days" } });
  // @ts-expect-error not an event class
  createBus({ events: [OrderPlaced, Mailer] });
  // @ts-expect-error a step answers a promise of an outcome
  createBus({ steps: [() => done()] });
  // @ts-expect-error headers are texts
  createBus({ stamp: () => ({ tenant: 3 }) });
  // @ts-expect-error a logger has four levels
  createBus({ logger: { warn: () => undefined } });
  // @ts-expect-error a container provides as well
  createBus({ container: { resolve: () => undefined } });
  // @ts-expect-error the bus is made by createBus
  new Bus();
  return [
    createBus(),
    createBus(undefined),
    createBus({}),
    createBus(busOptions()),
    createBus(widened),
    createBus({ subscribers: several, events: Midnight, container: byHand }),
    createBus({ events: [Midnight, Change, Page], logger: pino(), container: plain() }),
    createBus({
      transports: { default: memory(), other: handmade },
      journal: { size: 1 },
      stamp: () => ({}),
    }),
    createBus({
      subscribers: undefined,
      lanes: undefined,
      logger: undefined,
      deadLetters: { max: undefined },
    }),
  ];
}

/** Whoever writes a transport needs nothing but the front door. */
const features: Features = memory().features;
export const handmade: Transport = {
  features: { ...features, holds: "lane" },
  open: async (sink) => sink.changed("up"),
  declare: (group) => void group.events,
  send: (batch) => batch.map(() => "accepted" as const),
  credit() {},
  settle: (_item, { kind }) => (kind === "done" ? "settled" : "stale"),
  stop() {},
  close: async () => undefined,
};

/** What `publish` takes and gives, on the bus, in a delivery, in a transaction. */
export async function publishing(bus: Bus, delivery: Delivery, tree: Change | OrderShipped): Promise<void> {
  const order = OrderPlaced.of("o");
  const list: OrderPlaced[] = [order];
  const maybe: OrderPlaced | OrderPlaced[] = Math.random() > 0 ? order : list;
  const receipt = await bus.publish(order, { key: "k", priority: 7, headers: { tenant: "t" }, id: "o-1" });
  same<typeof receipt, Receipt>(true);
  const [first, second] = await bus.publish([order, new Midnight()], { signal: AbortSignal.timeout(1) });
  same<typeof second, Receipt>(true);
  const many = await bus.publish(list);
  same<(typeof many)[0], Receipt | undefined>(false);
  same<(typeof many)[number], Receipt>(true);
  const tally = await first.settled({ signal: undefined });
  void (tally.deadLettered + tally.notHandled.length);
  await bus.publish([]);
  await bus.publish(new Change({ kind: "up", by: 1 }), undefined);
  await bus.publish(tree);
  await bus.publish(maybe);
  await bus.publish(new Page<number>({ items: [] }), { key: undefined, transaction: undefined });
  await delivery.publish([order] as const);
  await bus.invoke(order, { headers: {} });
  const answer = await bus.transaction(async ({ publish, client }) => {
    same<typeof publish, Publish>(true);
    same<typeof client, unknown>(true);
    return (await publish(order)).id;
  });
  same<typeof answer, string>(true);
  // @ts-expect-error one more than was published
  void (await bus.publish([order, order]))[2].id;
  // @ts-expect-error plain data are no event
  await bus.publish({ orderId: "o-1" });
  // @ts-expect-error the copy of an event is plain data
  await bus.publish({ ...order });
  // @ts-expect-error the edited copy of an event is plain data
  await bus.publish({ ...order, total: 3 });
  // @ts-expect-error the copy of a typed event is plain data
  await bus.publish({ ...new OrderShipped({ orderId: "o" }) });
  // @ts-expect-error the class instead of an instance
  await bus.publish(OrderPlaced);
  // @ts-expect-error one of them is a class
  await bus.publish([order, Midnight]);
  // @ts-expect-error one of them is plain data
  await bus.publish([order, { orderId: "o" }]);
  // @ts-expect-error arrays are not nested
  await bus.publish([[order]]);
  // @ts-expect-error several events are an array
  await bus.publish(order, order);
  // @ts-expect-error no name and data
  await bus.publish("shop.order.placed", { orderId: "o" });
  // @ts-expect-error nothing
  await bus.publish(undefined);
  // @ts-expect-error a promise
  await bus.publish(Promise.resolve(order));
  // @ts-expect-error a misspelt option
  await bus.publish(order, { prioriti: 3 });
  // @ts-expect-error priorities are 0 to 7
  await bus.publish(order, { priority: 8 });
  // @ts-expect-error headers are texts
  await bus.publish(order, { headers: { tenant: 1 } });
  // @ts-expect-error not an option of invoke: it has no lane to wait for
  await bus.invoke(order, { priority: 3 });
  // @ts-expect-error one at a time
  await bus.invoke([order]);
  // @ts-expect-error plain data are no event inside a delivery either
  await delivery.publish({ orderId: "o" });
}

/** Outcomes, and what handlers may answer. */
export const result: HandlerResult = undefined;
export const outcomes: readonly Outcome[] = [
  done(),
  retry(),
  retry({ after: "1m", reason: undefined }),
  deadLetter("why"),
  drop("why"),
  // @ts-expect-error a reason
  deadLetter(),
  // @ts-expect-error the look of an outcome is none
  { outcome: "done" },
];
same<NameOf<OrderPlaced | OrderShipped>, "shop.order.placed" | "shop.order.shipped">(true);
same<EventOf<readonly [typeof OrderPlaced, typeof Midnight]>, OrderPlaced | Midnight>(true);
