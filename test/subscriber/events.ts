/** The events of the subscriber tests. */
import { Event } from "../../src/event/event.js";

export class OrderPlaced extends Event("shop.order.placed")<{ orderId: string; total: number }> {}
export class OrderCancelled extends Event("shop.order.cancelled")<{ orderId: string }> {}
export class OrderShipped extends Event("shop.order.shipped")<{ orderId: string }> {}
/** The shape of OrderShipped, another type. */
export class OrderReturned extends Event("shop.order.returned")<{ orderId: string }> {}
export class Midnight extends Event("clock.midnight") {}
