/** Events as an async iterable, and the next one as a promise: subscriptions that somebody pulls. */
import type { Handler } from "../delivery/delivery.js";
import { drop, type Outcome } from "../delivery/outcome.js";
import type { SubscriptionOptions } from "../delivery/policies.js";
import { BusClosedError } from "../errors.js";
import type { AnyEvent } from "../event/event.js";
import {
  checkOptions,
  checkValue,
  func,
  instanceOf,
  integerFrom,
  type OptionTable,
  refuse,
} from "../runtime/options.js";
import { atOnce } from "../runtime/thenable.js";

/** Adds a subscription; the answer ends it. When the bus has closed, `closed` is called. */
export type Subscribe = (
  options: SubscriptionOptions<AnyEvent>,
  handler: Handler<AnyEvent>,
  closed: () => void,
) => () => void;

export interface StreamOptions {
  /** Ends the iteration; so does the end of the bus. */
  signal?: AbortSignal | undefined;
  /** Events kept for a slow reader; past it the oldest goes. Defaults to 1,000. */
  capacity?: number | undefined;
}

export const streamOptions: OptionTable = {
  signal: { ...instanceOf(AbortSignal, "an AbortSignal"), about: "Ends the iteration." },
  capacity: { ...integerFrom(1), about: "Events kept for a slow reader.", default: 1_000 },
};

export const nextOptions: OptionTable = {
  signal: { ...instanceOf(AbortSignal, "an AbortSignal"), about: "Ends the wait." },
};

/** Subscribes at the first `next()`; an item is done when the next one is asked for. */
export function stream<E extends AnyEvent>(
  subscribe: Subscribe,
  options: StreamOptions = {},
): AsyncIterable<E> {
  refuse(checkOptions("stream options", options, streamOptions));
  return { [Symbol.asyncIterator]: () => new Reader<E>(subscribe, options) };
}

/**
 * Resolves with the first event that the predicate accepts; rejects with what the predicate throws, with the signal's
 * reason when that aborts first, and with `BusClosedError` when the bus has closed.
 */
export function next<E extends AnyEvent>(
  subscribe: Subscribe,
  predicate: ((event: E) => boolean) | undefined,
  options: { signal?: AbortSignal | undefined },
): Promise<E> {
  return new Promise((resolve, reject) => {
    refuse([...predicateFaults(predicate), ...checkOptions("next options", options, nextOptions)]);
    const { signal } = options;
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const stop = (): void => (end(), reject(signal?.reason as Error));
    const fail = (error: unknown): void => (end(), reject(error as Error));
    const undo = subscribe(
      { when: whenOf(predicate, fail) },
      (event) => (end(), resolve(event as E)),
      () => fail(new BusClosedError()),
    );
    const end = (): void => (undo(), signal?.removeEventListener("abort", stop));
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function predicateFaults(predicate: unknown): string[] {
  return predicate === undefined ? [] : checkValue("predicate", predicate, func);
}

/* Whoever waits is told what the predicate throws: as a failed delivery it would be nobody's. */
function whenOf<E extends AnyEvent>(
  predicate: ((event: E) => boolean) | undefined,
  fail: (error: unknown) => void,
): ((event: AnyEvent) => boolean) | undefined {
  if (predicate === undefined) return undefined;
  return (event) => {
    try {
      return atOnce(predicate(event as E), "predicate");
    } catch (error) {
      fail(error);
      return false;
    }
  };
}

const UNREAD = drop("nobody reads the stream any more");

class Reader<E extends AnyEvent> implements AsyncIterator<E> {
  readonly #subscribe: Subscribe;
  readonly #options: StreamOptions;
  #undo: (() => void) | undefined;
  #isEnded = false;
  /* Readers that wait for an item, or items that wait for a reader: several where the lane was given more slots. */
  #asked: ((result: IteratorResult<E>) => void)[] = [];
  readonly #offered: { readonly event: E; readonly taken: (unread?: Outcome) => void }[] = [];
  #finish: (() => void) | undefined;

  constructor(subscribe: Subscribe, options: StreamOptions) {
    this.#subscribe = subscribe;
    this.#options = options;
  }

  async next(): Promise<IteratorResult<E>> {
    this.#begin();
    this.#finish?.();
    this.#finish = undefined;
    if (this.#isEnded) return { done: true, value: undefined };
    return new Promise((resolve) => {
      this.#asked.push(resolve);
      this.#meet();
    });
  }

  return(): Promise<IteratorResult<E>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #begin(): void {
    if (this.#undo !== undefined || this.#isEnded) return;
    const { signal, capacity = 1_000 } = this.#options;
    if (signal?.aborted === true) return void (this.#isEnded = true);
    const lane = { concurrency: 1, capacity, overflow: "dropOldest" } as const;
    this.#undo = this.#subscribe({ lane }, (event) => this.#offer(event as E), this.#end);
    signal?.addEventListener("abort", this.#end, { once: true });
  }

  /* The delivery is running until its item has been read and the next one is asked for. */
  #offer(event: E): Promise<Outcome | undefined> | Outcome {
    if (this.#isEnded) return UNREAD;
    return new Promise((resolve) => {
      this.#offered.push({ event, taken: resolve });
      this.#meet();
    });
  }

  #meet(): void {
    if (this.#offered.length === 0 || this.#asked.length === 0) return;
    const asked = this.#asked.shift()!;
    const { event, taken } = this.#offered.shift()!;
    if (this.#asked.length > 0) taken();
    else this.#finish = () => taken();
    asked({ done: false, value: event });
  }

  readonly #end = (): void => {
    this.#isEnded = true;
    this.#undo?.();
    this.#options.signal?.removeEventListener("abort", this.#end);
    for (const { taken } of this.#offered.splice(0)) taken(UNREAD);
    this.#finish?.();
    for (const asked of this.#asked.splice(0)) asked({ done: true, value: undefined });
  };
}
