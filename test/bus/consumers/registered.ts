/** An application that registers its lanes, its events and its database's client. */
import {
  type AnyEvent,
  type Bus,
  type BusOptions,
  createBus,
  type Envelope,
  Event,
  type LaneName,
  type LaneOptions,
  On,
  Subscriber,
} from "signalbox";
import { container, singleton, tsyringe } from "signalbox/tsyringe";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_is: Same<A, B>): void => undefined;

export class OrderPlaced extends Event("shop.order.placed")<{ orderId: string; at: Date }> {}
export class OrderShipped extends Event("shop.order.shipped")<{ orderId: string }> {}
export class UserSignedUp extends Event("user.signed-up")<{ userId: string }> {}
class Unregistered extends Event("shop.order.lost")<{ orderId: string }> {}

const lanes = {
  mail: { concurrency: 5, capacity: 1_000 },
  reports: { rate: { limit: 10, interval: "1s" } },
} satisfies Record<string, LaneOptions>;

interface Client {
  query(sql: string): Promise<void>;
}
declare module "signalbox" {
  interface Register {
    lanes: typeof lanes;
    events: typeof import("./registered.js");
    transaction: Client;
  }
}

@singleton()
export class Mailer {
  send(): void {}
}
@Subscriber({ lane: "mail" })
export class OrderMails {
  constructor(readonly mailer: Mailer) {}
  @On(OrderPlaced, { lane: "reports" })
  report(event: OrderPlaced): void {
    void event.orderId;
  }
  @On(OrderPlaced, { lane: { concurrency: 1 } })
  own(): void {}
  // @ts-expect-error no such lane
  @On(OrderPlaced, { lane: "mial" })
  misspelt(): void {}
}
// @ts-expect-error no such lane
@Subscriber({ lane: "mial" })
export class Misspelt {}

export const busOptions = () =>
  ({
    subscribers: [OrderMails],
    lanes,
    container: tsyringe(container),
    defaults: { lane: "mail" },
    onUnhandled: "error",
  }) satisfies BusOptions;

export async function main(bus: Bus): Promise<void> {
  same<LaneName, "mail" | "reports">(true);
  createBus(busOptions());
  createBus({ lanes: { mail: undefined } });
  // @ts-expect-error no such lane
  createBus({ lanes: { mial: { concurrency: 1 } } });
  // @ts-expect-error no such lane
  createBus({ defaults: { lane: "mial" } });
  bus.on(OrderPlaced, { lane: "mail" }, () => undefined);
  // @ts-expect-error no such lane
  bus.on(OrderPlaced, { lane: "mial" }, () => undefined);
  bus.lanes.get("mail")?.pause();

  bus.tap("shop.order.*", (event, envelope) => {
    same<typeof event, OrderPlaced | OrderShipped>(true);
    if (envelope.name === "shop.order.placed") same<typeof envelope.data.at, Date>(true);
  });
  bus.tap("shop.**", (event) => same<typeof event, OrderPlaced | OrderShipped>(true));
  bus.tap("*.signed-up", (event) => same<typeof event, UserSignedUp>(true));
  bus.tap("user.signed-up", (event) => same<typeof event, UserSignedUp>(true));
  bus.tap("*.*.placed", (event) => same<typeof event, OrderPlaced>(true));
  bus.tap("**", (event, envelope) => {
    same<typeof event, OrderPlaced | OrderShipped | UserSignedUp>(true);
    void envelope.name.length;
  });
  bus.tap("**", (event: AnyEvent, envelope: Envelope) => void [event, envelope.data]);
  // @ts-expect-error no registered event has such a name
  bus.tap("shpo.**", () => undefined);
  // @ts-expect-error * is one token, and no event has only one
  bus.tap("*", () => undefined);
  // @ts-expect-error ** is one token or more: nothing follows the whole name
  bus.tap("shop.order.placed.**", () => undefined);
  // @ts-expect-error * is a whole token
  bus.tap("shop.ord*.placed", () => undefined);
  // @ts-expect-error ** only at the end
  bus.tap("**.placed", () => undefined);
  // @ts-expect-error not all that the pattern matches
  bus.tap("shop.order.*", (event: OrderPlaced) => void event);

  await bus.transaction(async (tx) => {
    await tx.client.query("select 1");
    await tx.publish(new OrderPlaced({ orderId: "o", at: new Date() }), { transaction: tx.client });
  });
  await bus.publish(new Unregistered({ orderId: "o" }), { transaction: { query: async () => undefined } });
  // @ts-expect-error no such client
  await bus.publish(new Unregistered({ orderId: "o" }), { transaction: { run: async () => undefined } });

  bus.on(OrderPlaced, { name: "charge", transaction: true }, async (_, { client }) => {
    await client.query("select 1");
    // @ts-expect-error no such client
    await client.run("select 1");
  });
}
