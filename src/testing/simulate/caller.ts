/** Whether handlers see the async context of their publisher: each publish runs in one of its own, and a step looks. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Delivery, Outcome, Step } from "../../index.js";

/** The context of one publish; its identity is all there is to see. */
type Publishing = object;

interface Started {
  readonly delivery: Delivery;
  readonly seen: Publishing | undefined;
}

const publishing = new AsyncLocalStorage<Publishing>();

export class CallerChecks {
  readonly #byId = new Map<string, Publishing>();
  readonly #started: Started[] = [];

  /** Runs a publish in a context of its own; `known` gets the ids when it has them. */
  publish<T>(run: () => Promise<T>, idsOf: (receipts: T) => readonly string[]): Promise<T> {
    const own: Publishing = {};
    const published = publishing.run(own, run);
    published.then(
      (receipts) => {
        for (const id of idsOf(receipts)) this.#byId.set(id, own);
      },
      () => undefined,
    );
    return published;
  }

  /** Stands around every handler. */
  step(): Step {
    const callerContext = (delivery: Delivery, next: () => Promise<Outcome>): Promise<Outcome> => {
      this.#started.push({ delivery, seen: publishing.getStore() });
      return next();
    };
    return callerContext;
  }

  /** Whoever saw another context than that of its publisher. */
  *faults(): Generator<string> {
    for (const { delivery, seen } of this.#started) {
      const wanted = this.#byId.get(delivery.eventId) ?? this.#byId.get(delivery.cause ?? "");
      if (wanted !== undefined && seen !== wanted) yield `${delivery.subscription} ${delivery.eventId}`;
    }
  }
}
