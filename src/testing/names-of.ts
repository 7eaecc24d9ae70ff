/** The names that the subscriptions of a class have. */
import { Bus, type BusOptions, plain, type SubscriberClass } from "../index.js";
import type { Runtime } from "../runtime/runtime.js";

export class SubscriptionNames {
  readonly #options: BusOptions;
  readonly #runtime: Runtime;
  readonly #known = new Map<SubscriberClass, ReadonlySet<string>>();

  constructor(options: BusOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
  }

  /** Read off a bus that has this class only, and is never started. */
  of(subscriber: SubscriberClass): ReadonlySet<string> {
    const known = this.#known.get(subscriber);
    if (known !== undefined) return known;
    const options = { ...this.#options, subscribers: [subscriber], container: plain() };
    const { subscriptions } = new Bus({ options, runtime: this.#runtime }).describe();
    const names = new Set(subscriptions.map(({ name }) => name));
    this.#known.set(subscriber, names);
    return names;
  }

  /** Of several classes. */
  ofAll(subscribers: readonly SubscriberClass[]): ReadonlySet<string> {
    return new Set(subscribers.flatMap((each) => [...this.of(each)]));
  }
}
