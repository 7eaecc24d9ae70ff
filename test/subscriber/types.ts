/** What the types accept and refuse, checked by tsc in both dialects: tsconfig.json, and tsconfig.tc39.json through types.tc39.ts. */
import { Delivery } from "../../src/delivery/delivery.js";
import { deadLetter, type Outcome, retry } from "../../src/delivery/outcome.js";
import type { AnyEvent, EventClass } from "../../src/event/event.js";
import { On } from "../../src/subscriber/on.js";
import type { StaticCheck } from "../../src/subscriber/static-form.js";
import type { SubscriberClass } from "../../src/subscriber/subscriber-options.js";
import { Subscriber } from "../../src/subscriber/subscriber.js";
import { Midnight, OrderCancelled, OrderPlaced, OrderReturned, OrderShipped } from "./events.js";

class Mailer {
  send(): void {}
}

/** Everything here is as TypeScript users expect. */
export class Accepted {
  @On(OrderPlaced)
  noParameters(): void {}
  @On(OrderPlaced)
  oneParameter(event: OrderPlaced): number {
    return event.total;
  }
  @On(OrderPlaced)
  async both(event: OrderPlaced, delivery: Delivery): Promise<void> {
    await delivery.publish(new OrderShipped({ orderId: event.orderId }));
  }
  @On(OrderPlaced)
  typedDelivery(_event: OrderPlaced, delivery: Delivery<OrderPlaced>): number {
    return delivery.event.total;
  }
  @On(OrderPlaced)
  widerShape(_event: { readonly orderId: string }): void {}
  @On(OrderPlaced)
  unknown(_event: unknown): void {}
  @On(OrderPlaced)
  anyEvent(_event: AnyEvent, _delivery: Delivery): void {}
  @On(OrderPlaced)
  widerUnion(_event: OrderPlaced | OrderCancelled): void {}
  @On([OrderPlaced, OrderCancelled], { when: (event) => event.orderId !== "", key: (event) => event.orderId })
  several(
    event: OrderPlaced | OrderCancelled,
    delivery: Delivery<OrderPlaced | OrderCancelled>,
  ): Outcome | void {
    if (delivery.attempt > 3) return event instanceof OrderPlaced ? retry() : deadLetter("late");
  }
  @On(OrderShipped)
  @On(OrderReturned, { lane: { concurrency: 1, overflow: "dropOldest" } })
  stacked(_event: OrderShipped | OrderReturned): void {}
  @On(OrderPlaced)
  optional(_event: OrderPlaced, _delivery?: Delivery): void {}
  @On(OrderPlaced)
  rest(..._event: unknown[]): void {}
  @On(OrderPlaced)
  generic<E extends AnyEvent>(event: E): E {
    return event;
  }
  @On(OrderPlaced)
  this(this: Accepted, _event: OrderPlaced): void {}
  @On(Midnight)
  protected hidden(): void {}
  @On(Midnight)
  private secret(_event: unknown): void {}
  @On(OrderShipped)
  static audit(_event: { readonly orderId: string }): void {}
  @On(OrderShipped)
  private static async swept(_event: OrderShipped): Promise<void> {}
  @On(Midnight)
  [Symbol.iterator](): void {}
  touch(): void {
    this.secret(0);
    void Accepted.swept(new OrderShipped({ orderId: "o" }));
  }
}

/** A generic base: the event is a parameter of the class. */
export abstract class Keeps<T extends { readonly orderId: string }> {
  readonly kept: T[] = [];
  @On(Midnight)
  clear(): void {
    this.kept.length = 0;
  }
  protected abstract keep(value: T): void;
}
export class KeepsOrders extends Keeps<OrderPlaced> {
  @On(OrderPlaced)
  protected keep(value: OrderPlaced): void {
    this.kept.push(value);
  }
}

/** A decorator of an application's own, over any event class. */
export function Audited<E extends AnyEvent>(event: EventClass<E>): ReturnType<typeof On<EventClass<E>>> {
  return On(event, { name: "audit", lane: "audit" });
}

@Subscriber()
export class NoOptions {}
@Subscriber({ inject: [Mailer, "db"], scope: "delivery", lane: "mail", retry: { attempts: 3 } })
export class Injected {
  constructor(
    readonly mailer: Mailer,
    readonly db: { query(): void },
    readonly limit?: number,
  ) {}
}
@Subscriber({ name: "base" })
export abstract class AbstractBase {}

/** Nothing here compiles. */
export class Refused {
  // @ts-expect-error the wrong event
  @On(OrderPlaced)
  wrongEvent(_event: OrderCancelled): void {}
  // @ts-expect-error another event of equal shape
  @On(OrderShipped)
  equalShape(_event: OrderReturned): void {}
  // @ts-expect-error one of the two is missing
  @On([OrderPlaced, OrderCancelled])
  oneOfTwo(_event: OrderPlaced): void {}
  // @ts-expect-error the second parameter is the delivery
  @On(OrderPlaced)
  secondParameter(_event: OrderPlaced, _delivery: string): void {}
  // @ts-expect-error the delivery is one of another event
  @On(OrderPlaced)
  otherDelivery(_event: OrderPlaced, _delivery: Delivery<OrderCancelled>): void {}
  // @ts-expect-error there is no third parameter
  @On(OrderPlaced)
  thirdParameter(_event: OrderPlaced, _delivery: Delivery, _third: string): void {}
  // @ts-expect-error a narrower parameter
  @On(OrderPlaced)
  narrower(_event: OrderPlaced & { readonly extra: 1 }): void {}
  // @ts-expect-error a misspelt option
  @On(OrderPlaced, { retyr: 3 })
  misspelt(): void {}
  // @ts-expect-error no such unit
  @On(OrderPlaced, { timeout: "10sec" })
  unit(): void {}
  // @ts-expect-error the key is a text
  @On(OrderPlaced, { key: (event) => event.total })
  key(): void {}
  // @ts-expect-error no such field
  @On(OrderPlaced, { when: (event) => event.large })
  field(): void {}
  // @ts-expect-error a property is no method
  @On(OrderPlaced) property = (_event: OrderPlaced): void => undefined;
  // @ts-expect-error not an event class
  @On(Mailer)
  notAnEvent(): void {}
  // @ts-expect-error one of them is not an event class
  @On([OrderPlaced, Mailer])
  notAllEvents(): void {}
  // @ts-expect-error an instance is not a class
  @On(new Midnight())
  instance(): void {}
  // @ts-expect-error several events are an array
  @On(OrderPlaced, OrderCancelled)
  several(): void {}
  // @ts-expect-error a static handler of another event
  @On(OrderShipped)
  static other(_event: OrderReturned): void {}
  // @ts-expect-error a private handler of another event
  @On(OrderShipped)
  private secret(_event: OrderReturned): void {}
  // @ts-expect-error a generic handler of events that it does not get
  @On(OrderShipped)
  generic<E extends OrderReturned>(_event: E): void {}
  // @ts-expect-error an accessor is no method
  @On(OrderShipped)
  get accessor(): string {
    return "";
  }
  touch(): void {
    this.secret(new OrderReturned({ orderId: "o" }));
  }
}

// @ts-expect-error the token gives another type
@Subscriber({ inject: [Midnight] })
export class WrongToken {
  constructor(readonly mailer: Mailer) {}
}
// @ts-expect-error a token is missing
@Subscriber({ inject: [Mailer] })
export class MissingToken {
  constructor(
    readonly mailer: Mailer,
    readonly limit: number,
  ) {}
}
// @ts-expect-error more tokens than parameters
@Subscriber({ inject: [Mailer, "db"] })
export class TooManyTokens {
  constructor(readonly mailer: Mailer) {}
}
// @ts-expect-error a misspelt option
@Subscriber({ lanes: "mail" })
export class Misspelt {}
// @ts-expect-error the options of @On are not those of a class
@Subscriber({ key: () => "k" })
export class OptionOfOn {}
// @ts-expect-error parentheses
@Subscriber
export class NoParentheses {}
export class OnMethod {
  // @ts-expect-error a method is no class
  @Subscriber()
  send(): void {}
}

function checked<C extends SubscriberClass>(_event: C & StaticCheck<C>): void {}
class OneEvent {
  static readonly on = OrderPlaced;
  handle(_event: OrderPlaced, _delivery: Delivery): void {}
}
class SeveralEvents {
  static readonly on = [OrderPlaced, OrderCancelled] as const;
  handle(_event: OrderPlaced | OrderCancelled): void {}
}
class StaticHandle {
  static readonly on = [OrderPlaced, OrderCancelled];
  static handle(_event: { readonly orderId: string }): void {}
}
class NoForm {
  static on(): void {}
  handle(_event: number): void {}
}
export abstract class AbstractForm {
  static readonly on = Midnight;
  handle(): void {}
}
class WrongHandle {
  static readonly on = OrderShipped;
  handle(_event: OrderReturned): void {}
}
class WrongStaticHandle {
  static readonly on = OrderShipped;
  handle(_event: OrderShipped): void {}
  static handle(_event: OrderReturned): void {}
}
class MissingHandle {
  static readonly on = OrderShipped;
  handel(_event: OrderShipped): void {}
}
checked(Accepted);
checked(OneEvent);
checked(SeveralEvents);
checked(StaticHandle);
checked(NoForm);
checked(AbstractForm);
// @ts-expect-error handle() takes another event
checked(WrongHandle);
// @ts-expect-error the static handle() takes another event
checked(WrongStaticHandle);
// @ts-expect-error there is no handle()
checked(MissingHandle);
