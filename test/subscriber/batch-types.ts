/** What `@OnBatch` accepts and refuses, checked by tsc as types.ts is. */
import type { Delivery } from "../../src/delivery/delivery.js";
import { done, type Outcome, retry } from "../../src/delivery/outcome.js";
import { OnBatch } from "../../src/subscriber/on-batch.js";
import { OrderCancelled, OrderPlaced, OrderReturned, OrderShipped } from "./events.js";

const together = { size: 100, wait: "50ms" } as const;

export class Accepted {
  @OnBatch(OrderPlaced, together)
  lists(events: OrderPlaced[], deliveries: Delivery<OrderPlaced>[]): void {
    if (events[0]!.total > deliveries.length) return;
  }
  @OnBatch(OrderPlaced, together)
  readonlyLists(_events: readonly OrderPlaced[], _deliveries: readonly Delivery[]): void {}
  @OnBatch([OrderPlaced, OrderCancelled], { ...together, retry: 3, key: (event) => event.orderId })
  async several(events: (OrderPlaced | OrderCancelled)[]): Promise<Outcome[]> {
    return events.map((event) => (event instanceof OrderPlaced ? done() : retry()));
  }
  @OnBatch(OrderPlaced, together)
  holes(events: OrderPlaced[]): (Outcome | undefined)[] {
    return events.map((event) => (event.total === 0 ? retry() : undefined));
  }
  @OnBatch(OrderShipped, together)
  one(): Outcome {
    return retry();
  }
  @OnBatch(OrderShipped, together)
  static always(_events: OrderShipped[]): void {}
}

export class Refused {
  // @ts-expect-error one event, no list
  @OnBatch(OrderPlaced, together)
  single(_event: OrderPlaced): void {}
  // @ts-expect-error lists of another event of equal shape
  @OnBatch(OrderShipped, together)
  other(_events: OrderReturned[]): void {}
  // @ts-expect-error one of the two is missing
  @OnBatch([OrderPlaced, OrderCancelled], together)
  oneOfTwo(_events: OrderPlaced[]): void {}
  // @ts-expect-error the second parameter is the list of deliveries
  @OnBatch(OrderPlaced, together)
  oneDelivery(_events: OrderPlaced[], _delivery: Delivery): void {}
  // @ts-expect-error a list of something else than outcomes
  @OnBatch(OrderPlaced, together)
  strings(_events: OrderPlaced[]): string[] {
    return [];
  }
  // @ts-expect-error no size
  @OnBatch(OrderPlaced, { wait: "50ms" })
  noSize(_events: OrderPlaced[]): void {}
  // @ts-expect-error no options
  @OnBatch(OrderPlaced)
  noOptions(_events: OrderPlaced[]): void {}
  // @ts-expect-error a field
  @OnBatch(OrderPlaced, together)
  field = (_events: OrderPlaced[]): void => {};
}
