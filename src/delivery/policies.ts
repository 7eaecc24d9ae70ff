/** What can be asked for per bus, subscriber or subscription: types only; the checks stand in policy-options.ts. */
import type { Carried, Register } from "../event/event.js";
import type { Duration } from "../runtime/duration.js";
import type { Outcome } from "./outcome.js";
import type { Step } from "./step.js";

/** Options of a subscription, and of a class or a bus as the defaults of its subscriptions. */
export interface Policies {
  /** A shared lane by its name, or options of a lane of its own. Defaults to a lane of its own. */
  lane?: LaneName | LaneOptions | undefined;
  /** Attempts, or how to retry. Defaults to 1: no retry. */
  retry?: number | RetryOptions | undefined;
  /** When the signal aborts. Defaults to never. */
  timeout?: Duration | undefined;
  /** What becomes of a handler that goes on past timeout and grace. Defaults to `"hold"`: it keeps slot and key. */
  stuck?: "hold" | "release" | undefined;
  /** Between the timeout and the notice `delivery.stuck`. Defaults to 1 s. */
  grace?: Duration | undefined;
  /** After the last failure of a key's head: go on with the key, or park what comes. Defaults to `"continue"`. */
  keyFailure?: "continue" | "park" | undefined;
  /**
   * Runs each delivery in a transaction of its transport, which its end is part of: `delivery.client` writes in it, what is
   * published inside is sent in it, and all of it is there when the handler succeeds, or nothing. Only where the transport
   * begins transactions. Defaults to `false`.
   */
  transaction?: boolean | undefined;
  /** Run around the handler, outermost first. */
  steps?: readonly Step[] | undefined;
}

export interface SubscriptionOptions<E extends Carried> extends Policies {
  /** Stable across deploys. Defaults to `Class.method`. */
  name?: string | undefined;
  /** Refines the event's own key; only where the lane holds the queue. */
  key?: ((event: E) => string | undefined) | undefined;
  /** `false`: the event is not for this subscription. Runs on receipt; a throw is a failure. */
  when?: ((event: E) => boolean) | undefined;
  dedupe?: DedupeOptions<E> | undefined;
  /** Waits until nothing newer has come for a while: only the latest is handled, the others are dropped. */
  debounce?: DebounceOptions<E> | undefined;
  /** One of the processes, or every one. Defaults to `"one"`. */
  audience?: "one" | "each" | undefined;
  /** How often a delivery may die with its process before it is poison. Defaults to 3. */
  crashes?: number | undefined;
  /** Where a new group begins in a store. Defaults to `"now"`. */
  start?: "now" | "earliest" | undefined;
}

/** How many come together, and how long the first of them waits for the others. */
export interface BatchOptions {
  /** The most. */
  size: number;
  wait: Duration;
}

export interface DebounceOptions<E> {
  /** How long nothing newer may have come. */
  wait: Duration;
  /** How long the first may wait at most, whatever comes. Defaults to no limit. */
  maxWait?: Duration | undefined;
  /** What supersedes what. Defaults to the key; without one, all events of the subscription. */
  key?: ((event: E) => string) | undefined;
}

export interface DedupeOptions<E> {
  by: "id" | ((event: E) => string);
  window: Duration;
  /** Keys remembered. Defaults to 100,000. */
  max?: number | undefined;
}

export interface RetryOptions {
  /** The first one included. */
  attempts: number;
  /** Defaults to `"exponential"`. */
  backoff?: "fixed" | "exponential" | ((attempt: number, error: unknown) => Duration) | undefined;
  /** The first wait. Defaults to 1 s. */
  delay?: Duration | undefined;
  /** The longest wait. Defaults to 5 min. */
  delayMax?: Duration | undefined;
  /** Spreads each wait between half of it and all of it. Defaults to `true`. */
  jitter?: boolean | undefined;
  /** A rule per error: an outcome decides, `undefined` leaves it to the attempts. */
  on?: ((error: unknown, attempt: number) => Outcome | undefined) | undefined;
}

/** The names of the registered lanes; any string until they are registered. */
export type LaneName = Register extends { readonly lanes: infer Table } ? keyof Table & string : string;

export interface LaneOptions {
  /**
   * Deliveries that run at once, or the fewest and the most, of which the lane then takes what keeps the predicted wait
   * under the target. Defaults to 10.
   */
  concurrency?: number | { min: number; max: number; target: Duration } | undefined;
  /** Deliveries that wait. Defaults to 10,000. */
  capacity?: number | undefined;
  /** What happens at the capacity. Defaults to `"wait"`. */
  overflow?: Overflow | undefined;
  /**
   * At most `limit` starts per `interval`, as a token bucket. With `by: "key"` each key has a bucket of its own: what must
   * wait for it keeps no slot, and what has no key is not limited.
   */
  rate?: { limit: number; interval: Duration; by?: "key" | undefined } | undefined;
  /** Pauses the lane after so many failures in a row, then probes with one delivery. */
  breaker?: { failures: number; pause: Duration } | undefined;
  /** Publishes that may wait for a place. Defaults to the capacity. */
  waitingMax?: number | undefined;
  /** How long a publish may wait for a place. Defaults to 30 s. */
  waitMax?: Duration | undefined;
  /** The module that exports the subscriber classes whose handlers run on worker threads, as many as the concurrency. */
  worker?: URL | undefined;
}
export type Overflow = "wait" | "reject" | "dropOldest" | "dropNewest" | "coalesce" | "shed";
