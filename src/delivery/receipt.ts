/** What publishing takes and gives back: options, receipts and the tally of a tree of events. */
import type { EventHeaders, Priority } from "../event/envelope.js";
import type { AnyEvent, Register } from "../event/event.js";
import type { Duration } from "../runtime/duration.js";

/** Resolves when every lane, or the transport, has accepted; an array gives a receipt each. */
export interface Publish {
  <const P extends AnyEvent | readonly AnyEvent[]>(event: P, options?: PublishOptions): Promise<Receipts<P>>;
}

export interface PublishOptions {
  /** Defaults to an id that no other event has. */
  id?: string | undefined;
  /** Order is kept per key. Defaults to what the event's `key` option computes. */
  key?: string | undefined;
  /** Own headers; they win over those of `stamp`. */
  headers?: EventHeaders | undefined;
  /**
   * A span from now, or a moment of the wall clock; what is past is published now. Routes are taken when it is due, and the
   * receipt says `held`. It begins a tree of its own: `settled()` of a delivery that published it does not wait for it.
   */
  delay?: Duration | Date | undefined;
  /**
   * From now, or from when it is due: whatever has not started by then does not, and counts as expired; the signal of what
   * runs aborts. What is published inside inherits the moment, where its own is not earlier.
   */
  expiresIn?: Duration | undefined;
  /** 0 to 7, 7 first. Defaults to 3. */
  priority?: Priority | undefined;
  /** Stops waiting for a full lane. */
  signal?: AbortSignal | undefined;
  /** The transaction to join, on a transport that can. */
  // oxlint-disable-next-line no-redundant-type-constituents -- `unknown` only until it is registered
  transaction?: Transaction | undefined;
}

/** The client of the application's database; `unknown` until registered. */
export type Transaction = Register extends { readonly transaction: infer Client } ? Client : unknown;

/** What was true when `publish` resolved; later drops are in `settled()` and in notices. */
export interface Receipt {
  readonly id: string;
  /** Names of the subscriptions that took the event. */
  readonly accepted: readonly string[];
  /** Names of the subscriptions that had it already. */
  readonly deduplicated: readonly string[];
  /** Whether nobody listens; `"unknown"` where the store fans out. */
  readonly unhandled: boolean | "unknown";
  /** Accepted before `start()`, or inside a transaction: routes are taken at release. */
  readonly held: boolean;
  /** Resolves when this event, and all that was published inside its deliveries, is final: counted, never timed. */
  settled(options?: { signal?: AbortSignal | undefined }): Promise<Tally>;
}
export type Receipts<P> = P extends readonly unknown[] ? { readonly [I in keyof P]: Receipt } : Receipt;

/** Counts over an event and everything it caused, in deliveries; `unhandled` in events. */
export interface Tally {
  readonly done: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly deduplicated: number;
  readonly filtered: number;
  readonly expired: number;
  readonly abandoned: number;
  readonly unhandled: number;
  /** Everything that was routed and not handled, by name. At most 1,000 are listed; all are counted. */
  readonly notHandled: readonly NotHandled[];
}
export interface NotHandled {
  readonly subscription: string;
  readonly eventId: string;
  readonly outcome: string;
  readonly reason: string;
}
