/** Marked classes: one text, compiled for every dialect of decorators by dialects.ts. */
import type { Delivery } from "../../src/delivery/delivery.js";
import { On } from "../../src/subscriber/on.js";
import { OnBatch } from "../../src/subscriber/on-batch.js";
import { Subscriber } from "../../src/subscriber/subscriber.js";
import { Midnight, OrderCancelled, OrderPlaced, OrderReturned, OrderShipped } from "./events.js";

export const AUDIT: unique symbol = Symbol("audit");

export class Mailer {
  send(): string {
    return "sent";
  }
}

@Subscriber({ lane: "mail", retry: 3, inject: [Mailer] })
export class OrderMails {
  constructor(readonly mailer: Mailer) {}
  @On(OrderPlaced, { timeout: "10s" })
  sendReceipt(event: OrderPlaced, _delivery: Delivery): string {
    return `${event.orderId} ${this.mailer.send()}`;
  }
  @On([OrderPlaced, OrderCancelled])
  count(_event: OrderPlaced | OrderCancelled): void {}
  @On(OrderShipped)
  @On(OrderReturned, { name: "back" })
  @On(Midnight)
  moved(): void {}
  @On(OrderShipped)
  static audit(_event: { readonly orderId: string }): void {}
  @On(Midnight)
  [AUDIT](): void {}
  unmarked(): void {}
}

/** Nothing but @On. */
export class Unnamed {
  @On(OrderPlaced)
  first(): void {}
  @On(OrderShipped)
  second(): void {}
}

/** A list at once, beside one at a time. */
export class Batching {
  @OnBatch(OrderPlaced, { size: 2, wait: "5ms", retry: 3 })
  many(_events: OrderPlaced[]): void {}
  @OnBatch([OrderShipped, OrderReturned], { size: 9, wait: 1, name: "moves" })
  static moves(_events: (OrderShipped | OrderReturned)[]): void {}
  @On(OrderPlaced)
  one(): void {}
}

@Subscriber({ name: "mails", scope: "delivery" })
export class Named {
  @On(OrderPlaced, { name: "receipt" })
  sendReceipt(): void {}
  @On(OrderShipped)
  ship(): void {}
}

@Subscriber({ name: "base", lane: "slow", retry: 2, scope: "delivery", inject: [Mailer] })
export abstract class Base {
  constructor(readonly mailer?: Mailer) {}
  abstract note(): string;
  @On(Midnight)
  protected nightly(): string {
    return `base ${this.note()}`;
  }
  @On(OrderPlaced)
  @On(OrderShipped, { name: "shipped" })
  kept(): string {
    return "base";
  }
  @On(OrderPlaced)
  replaced(): string {
    return "base";
  }
  @On(OrderCancelled)
  static tally(): string {
    return this.name;
  }
}

@Subscriber({ retry: 5 })
export class Leaf extends Base {
  note(): string {
    return "leaf";
  }
  override kept(): string {
    return "leaf";
  }
  @On(OrderReturned)
  override replaced(): string {
    return "leaf";
  }
  @On(OrderShipped)
  added(): void {}
}

export class OtherLeaf extends Base {
  note(): string {
    return "other";
  }
}

@Subscriber({ inject: [] })
export class OwnTokens extends Base {
  note(): string {
    return "own";
  }
}

export class OwnConstructor extends Base {
  constructor(readonly limit: number) {
    super();
  }
  note(): string {
    return String(this.limit);
  }
}

/** `@On` on `static on`'s own method: both count. */
export class MarkedHandle {
  static readonly on = OrderPlaced;
  @On(OrderShipped)
  handle(_event: OrderPlaced | OrderShipped): void {}
}

export class Twice {
  @On(OrderPlaced)
  @On([OrderShipped, OrderPlaced])
  handle(): void {}
}

export class BadNames {
  @On(OrderPlaced, { name: "not a name" })
  receipt(): void {}
}

/** Each defines a class in a way that its decorators refuse. */
export const mistakes = {
  field(): unknown {
    class Mails {
      // @ts-expect-error a field is no method
      @On(OrderPlaced) send = (event: OrderPlaced): void => void event;
    }
    return Mails;
  },
  getter(): unknown {
    class Mails {
      // @ts-expect-error a getter is no method
      @On(OrderPlaced)
      get send(): string {
        return "no method";
      }
    }
    return Mails;
  },
  onAClass(): unknown {
    // @ts-expect-error a class is no method
    @On(OrderPlaced)
    class Mails {}
    return Mails;
  },
  bareOn(): unknown {
    class Mails {
      // @ts-expect-error no parentheses
      @On
      send(): void {}
    }
    return Mails;
  },
  circularImport(): unknown {
    const NotYet = undefined as unknown as typeof OrderPlaced;
    class Mails {
      @On(NotYet)
      send(): void {}
    }
    return Mails;
  },
  oneOfThree(): unknown {
    class Mails {
      // @ts-expect-error two of them are no event classes
      @On([OrderPlaced, Mailer, new OrderShipped({ orderId: "o" })])
      send(): void {}
    }
    return Mails;
  },
  noEvents(): unknown {
    class Mails {
      @On([])
      send(): void {}
    }
    return Mails;
  },
  severalWithoutArray(): unknown {
    class Mails {
      // @ts-expect-error several events are an array
      @On(OrderPlaced, OrderShipped)
      send(): void {}
    }
    return Mails;
  },
  bareSubscriber(): unknown {
    // @ts-expect-error no parentheses
    @Subscriber
    class Mails {}
    return Mails;
  },
  subscriberOnAMethod(): unknown {
    class Mails {
      // @ts-expect-error a method is no class
      @Subscriber()
      send(): void {}
    }
    return Mails;
  },
  twoSubscribers(): unknown {
    @Subscriber({ lane: "mail" })
    @Subscriber({ retry: 2 })
    class Mails {}
    return Mails;
  },
  circularToken(): unknown {
    const NotYet = undefined as unknown as typeof Mailer;
    @Subscriber({ inject: ["db", NotYet] })
    class Mails {
      constructor(
        readonly db: object,
        readonly mailer: Mailer,
      ) {}
    }
    return Mails;
  },
};
