/** A delivery without a bus, for calling a handler by hand. */
import {
  type AnyEvent,
  Delivery,
  type EventHeaders,
  type Publish,
  type Receipt,
  type Transaction,
} from "../index.js";
import { Ids } from "../runtime/ids.js";
import { VirtualTime } from "./virtual-time.js";

export interface DeliveryFacts {
  /** Defaults to 1. */
  readonly attempt?: number | undefined;
  /** Defaults to one that nobody aborts. */
  readonly signal?: AbortSignal | undefined;
  readonly key?: string | undefined;
  /** What `delivery.client` is: it works on its own, and nothing is committed or rolled back here. Defaults to none. */
  // oxlint-disable-next-line no-redundant-type-constituents -- `unknown` only until it is registered
  readonly client?: Transaction | undefined;
}

/** A `Delivery` that belongs to no bus: what is published through it is kept in `published`. */
export class DeliveryByHand<E extends AnyEvent = AnyEvent> extends Delivery<E> {
  readonly event: E;
  readonly eventId: string = "event-1";
  readonly subscription: string = "a handler called by hand";
  readonly attempt: number;
  readonly deliveries: number;
  readonly signal: AbortSignal;
  readonly deadline: undefined = undefined;
  readonly key: string | undefined;
  readonly headers: EventHeaders = Object.freeze({});
  readonly cause: undefined = undefined;
  /** What the handler has published, in order. */
  readonly published: AnyEvent[] = [];
  readonly publish: Publish;
  readonly #client: Transaction;
  readonly #ids = new Ids(new VirtualTime().runtime.host);

  constructor(event: E, { attempt = 1, signal, key, client }: DeliveryFacts) {
    super();
    this.event = event;
    this.attempt = attempt;
    this.deliveries = attempt;
    this.signal = signal ?? new AbortController().signal;
    this.key = key;
    this.#client = client as Transaction;
    this.publish = ((given: AnyEvent | readonly AnyEvent[]) =>
      Promise.resolve(this.#taken(given))) as Publish;
  }

  get client(): Transaction {
    if (this.#client !== undefined) return this.#client;
    throw new TypeError("This delivery was made without a client. Give deliveryOf(event, { client }) one.");
  }

  /** Takes no time; rejects where `signal` has aborted. */
  sleep(): Promise<void> {
    return this.signal.aborted ? Promise.reject(this.signal.reason as Error) : Promise.resolve();
  }

  #taken(given: AnyEvent | readonly AnyEvent[]): Receipt | Receipt[] {
    const events = [given].flat() as AnyEvent[];
    this.published.push(...events);
    const receipts = events.map(() => receiptOf(this.#ids.text(this.#ids.next())));
    return Array.isArray(given) ? receipts : receipts[0]!;
  }
}

/**
 * A delivery for calling a handler by hand: `await new OrderMails(mailer).sendReceipt(event, deliveryOf(event))`. What
 * the handler publishes stands in `published`; it sleeps without waiting. The attempt defaults to 1.
 */
export function deliveryOf<E extends AnyEvent>(event: E, facts: DeliveryFacts = {}): DeliveryByHand<E> {
  return new DeliveryByHand(event, facts);
}

function receiptOf(id: string): Receipt {
  const tally = { done: 0, deadLettered: 0, dropped: 0, deduplicated: 0, filtered: 0, expired: 0 };
  const settled = Object.freeze({ ...tally, abandoned: 0, unhandled: 0, notHandled: Object.freeze([]) });
  return Object.freeze({
    id,
    accepted: Object.freeze([]),
    deduplicated: Object.freeze([]),
    unhandled: "unknown" as const,
    held: false,
    settled: () => Promise.resolve(settled),
  });
}
