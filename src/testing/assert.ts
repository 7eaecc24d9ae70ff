/** The matchers as plain functions, for node:test, Jest and whatever else runs tests. */
import type { EventClass, EventOf } from "../index.js";
import * as checks from "./checks.js";
import type { DeadLetteredFacts, HandledFacts, RetriedFacts, Verdict } from "./checks.js";
import type { ExpectedData } from "./expected.js";
import type { TestBus } from "./test-bus.js";

/** Each throws an `Error` that shows what happened; all but `idle` throw too while the bus is at work. */
export interface Asserts {
  published<const C extends EventClass>(bus: TestBus, event: C, data?: ExpectedData<EventOf<C>>): void;
  publishedTimes(bus: TestBus, event: EventClass, times: number): void;
  /** In this order; others may come in between. */
  publishedInOrder(bus: TestBus, events: readonly EventClass[]): void;
  handled<const C extends EventClass>(bus: TestBus, event: C, facts?: HandledFacts<C>): void;
  retried(bus: TestBus, event: EventClass, facts?: RetriedFacts): void;
  deadLettered(bus: TestBus, event: EventClass, facts?: DeadLetteredFacts): void;
  idle(bus: TestBus): void;
}

/** What must have happened; under `not`, what must not. */
export const assert: Asserts & { readonly not: Asserts } = Object.freeze({
  ...asserts(true),
  not: Object.freeze(asserts(false)),
});

function asserts(isWanted: boolean): Asserts {
  const hold = (verdict: Verdict): void => {
    if (verdict.isSo !== isWanted) throw new Error(verdict.message());
  };
  return {
    published: (bus, event, data) => hold(checks.published(bus, event, data)),
    publishedTimes: (bus, event, times) => hold(checks.publishedTimes(bus, event, times)),
    publishedInOrder: (bus, events) => hold(checks.publishedInOrder(bus, events)),
    handled: (bus, event, facts) => hold(checks.handled(bus, event, facts)),
    retried: (bus, event, facts) => hold(checks.retried(bus, event, facts)),
    deadLettered: (bus, event, facts) => hold(checks.deadLettered(bus, event, facts)),
    idle: (bus) => hold(checks.idle(bus)),
  };
}
