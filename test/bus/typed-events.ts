/** Events of every kind, for the checks of types. */
import * as v from "valibot";
import { z } from "zod";

import { Event, type EventOf } from "../../src/index.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Whether two types are one. */
export const same = <A, B>(_is: Same<A, B>): void => undefined;

export class OrderPlaced extends Event(
  "shop.order.placed",
  z.object({ orderId: z.string(), total: z.number(), at: z.coerce.date().default(new Date(0)) }),
) {
  get large(): boolean {
    return this.total > 1_000;
  }
  static of(orderId: string): OrderPlaced {
    return new OrderPlaced({ orderId, total: 0 });
  }
}
export class OrderCancelled extends Event(
  "shop.order.cancelled",
  v.object({ orderId: v.string(), why: v.optional(v.string(), "unknown") }),
) {}
export class OrderShipped extends Event("shop.order.shipped")<{ orderId: string }> {}
/** The shape of OrderShipped, another type. */
export class OrderReturned extends Event("shop.order.returned")<{ orderId: string }> {}
export class Midnight extends Event("clock.midnight") {}
export class Page<T> extends Event("page")<{ items: readonly string[] }> {
  declare protected readonly of?: T;
}
export const Change = Event(
  "shop.change",
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("up"), by: z.number() }),
    z.object({ kind: z.literal("gone"), why: z.string() }),
  ]),
);
export type Change = EventOf<typeof Change>;
