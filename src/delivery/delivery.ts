/** What a handler gets beside the event: the facts of this attempt, and the ways to go on from it. */
import type { EventHeaders } from "../event/envelope.js";
import type { AnyEvent, Carried } from "../event/event.js";
import type { Duration } from "../runtime/duration.js";
import type { Publish, Transaction } from "./receipt.js";

/**
 * One attempt to deliver one event, or one task, to one subscription. A class, so that decorated signatures may name it without
 * `import type`; the bus makes them.
 */
export abstract class Delivery<out E extends Carried = Carried> {
  abstract readonly event: E;
  abstract readonly eventId: string;
  /** The stable name of the subscription. */
  abstract readonly subscription: string;
  /** Failures so far + 1: 1 at first. */
  abstract readonly attempt: number;
  /** How often it was handed out, this time included; crashes and releases count here and not in `attempt`. */
  abstract readonly deliveries: number;
  /** Aborts at the timeout, at the loss of the lease and at the deadline of a close; never after settlement. */
  abstract readonly signal: AbortSignal;
  /** When the timeout will abort the signal, if there is one. */
  abstract readonly deadline: Date | undefined;
  abstract readonly key: string | undefined;
  abstract readonly headers: EventHeaders;
  /** The id of the event that caused this one. */
  abstract readonly cause: string | undefined;
  /** Publishes as a child of this delivery, whatever async context the call runs in. */
  abstract readonly publish: Publish;
  /**
   * The client of the transaction that this delivery runs in, where its subscription asks for one by `transaction: true`; a
   * `TypeError` otherwise. What it writes is committed with the end of the delivery, or not at all.
   */
  abstract readonly client: Transaction;
  /** Waits on the clock of the bus; rejects with the reason of `signal` when that aborts first. */
  abstract sleep(duration: Duration): Promise<void>;
}

/** What a handler answers: an `Outcome` says how it ended; anything else is done. */
export type HandlerResult = unknown;
export type Handler<E extends AnyEvent> = (event: E, delivery: Delivery<E>) => HandlerResult;
