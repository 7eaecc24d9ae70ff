/** Events as an async iterable, and the next one as a promise: subscriptions that somebody pulls. */
import type { Handler } from "../delivery/delivery.js";
import type { SubscriptionOptions } from "../delivery/policies.js";
import type { AnyEvent } from "../event/event.js";

/** Adds a subscription; the answer ends it. */
export type Subscribe = (options: SubscriptionOptions<AnyEvent>, handler: Handler<AnyEvent>) => () => void;

export interface StreamOptions {
  /** Ends the iteration. */
  signal?: AbortSignal | undefined;
  /** Events kept for a slow reader; past it the oldest goes. Defaults to 1,000. */
  capacity?: number | undefined;
}

/** Subscribes at the first `next()`; an item is done when the next one is asked for. */
export function stream<E extends AnyEvent>(
  subscribe: Subscribe,
  options: StreamOptions = {},
): AsyncIterable<E> {
  return { [Symbol.asyncIterator]: () => new Reader<E>(subscribe, options) };
}

/** Resolves with the first event that the predicate accepts; rejects with the signal's reason when that aborts first. */
export function next<E extends AnyEvent>(
  subscribe: Subscribe,
  predicate: ((event: E) => boolean) | undefined,
  signal: AbortSignal | undefined,
): Promise<E> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const stop = (): void => (end(), reject(signal?.reason as Error));
    const undo = subscribe(
      { when: predicate as (event: AnyEvent) => boolean },
      (event) => (end(), resolve(event as E)),
    );
    const end = (): void => (undo(), signal?.removeEventListener("abort", stop));
    signal?.addEventListener("abort", stop, { once: true });
  });
}

class Reader<E extends AnyEvent> implements AsyncIterator<E> {
  readonly #subscribe: Subscribe;
  readonly #options: StreamOptions;
  #undo: (() => void) | undefined;
  #isEnded = false;
  /* The reader that waits for an item, or the item that waits for a reader. */
  #asked: ((result: IteratorResult<E>) => void)[] = [];
  #offered: { readonly event: E; readonly taken: () => void } | undefined;
  #finish: (() => void) | undefined;

  constructor(subscribe: Subscribe, options: StreamOptions) {
    this.#subscribe = subscribe;
    this.#options = options;
  }

  next(): Promise<IteratorResult<E>> {
    this.#begin();
    this.#finish?.();
    this.#finish = undefined;
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
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
    this.#undo = this.#subscribe({ lane }, (event) => this.#offer(event as E));
    signal?.addEventListener("abort", this.#end, { once: true });
  }

  /* The delivery is running until its item has been read and the next one is asked for. */
  #offer(event: E): Promise<void> | undefined {
    if (this.#isEnded) return undefined;
    return new Promise((resolve) => {
      this.#offered = { event, taken: resolve };
      this.#meet();
    });
  }

  #meet(): void {
    if (this.#offered === undefined) return;
    const asked = this.#asked.shift();
    if (asked === undefined) return;
    const { event, taken } = this.#offered;
    this.#offered = undefined;
    if (this.#asked.length > 0) taken();
    else this.#finish = taken;
    asked({ done: false, value: event });
  }

  readonly #end = (): void => {
    this.#isEnded = true;
    this.#undo?.();
    this.#options.signal?.removeEventListener("abort", this.#end);
    this.#offered?.taken();
    this.#finish?.();
    for (const asked of this.#asked.splice(0)) asked({ done: true, value: undefined });
  };
}
