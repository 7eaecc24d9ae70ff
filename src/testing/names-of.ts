/** The names that the subscriptions of a class have. */
import { Bus, type BusOptions, plain, type SubscriberClass } from "../index.js";
import type { TestOnly } from "./test-bus-options.js";
import { show } from "../runtime/options.js";
import type { Runtime } from "../runtime/runtime.js";

export class SubscriptionNames {
  readonly #options: BusOptions;
  readonly #runtime: Runtime;
  readonly #known = new Map<SubscriberClass, ReadonlySet<string>>();

  constructor(options: BusOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
  }

  /** Read off a bus that has this class only, and is never started. A `TypeError` for a class that the bus does not have. */
  of(subscriber: SubscriberClass): ReadonlySet<string> {
    const known = this.#known.get(subscriber);
    if (known !== undefined) return known;
    if (!(this.#options.subscribers ?? []).includes(subscriber as never))
      throw new TypeError(
        `Expected a subscriber of the bus, got ${nameOf(subscriber)}. Add it to \`subscribers\`.`,
      );
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

/** Of the subscribers, all but those that are to run; a name that stands for none of them is told. */
export function mutedOf(
  { only }: TestOnly,
  { subscribers = [] }: BusOptions,
  names: SubscriptionNames,
): Set<string> {
  if (only === undefined) return new Set();
  const strangers = only.filter((each) => !subscribers.includes(each as never));
  if (strangers.length > 0)
    throw new TypeError(
      `Expected \`only\` to name subscribers of the bus, got ${strangers.map(({ name }) => name).join(", ")}. Add them to \`subscribers\`.`,
    );
  const running = names.ofAll(only);
  return new Set([...names.ofAll(subscribers)].filter((name) => !running.has(name)));
}

/* In a test that is not compiled anything may come. */
function nameOf(subscriber: unknown): string {
  return typeof subscriber === "function" ? subscriber.name : show(subscriber);
}
