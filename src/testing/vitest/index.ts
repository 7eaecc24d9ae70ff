/** The door `signalbox/testing/vitest`: importing it adds the matchers to vitest's `expect`. */
import { expect, type MatcherState, Snapshots } from "vitest";
import type { EventClass, EventOf } from "../../index.js";
import * as checks from "../checks.js";
import type { DeadLetteredFacts, HandledFacts, RetriedFacts, Verdict } from "../checks.js";
import type { ExpectedData } from "../expected.js";

/** All but `toBeIdle` throw while the bus is at work, under `not` too: await `bus.idle()` first. */
interface BusMatchers {
  toHavePublished<C extends EventClass>(event: C, data?: ExpectedData<EventOf<C>>): void;
  toHavePublishedTimes(event: EventClass, times: number): void;
  /** In this order; others may come in between. */
  toHavePublishedInOrder(events: readonly EventClass[]): void;
  toHaveHandled<C extends EventClass>(event: C, facts?: HandledFacts<C>): void;
  toHaveRetried(event: EventClass, facts?: RetriedFacts): void;
  toHaveDeadLettered(event: EventClass, facts?: DeadLetteredFacts): void;
  toBeIdle(): void;
  /** A snapshot of the causal story: who published what, who got it, what became of it. */
  toMatchTranscript(hint?: string): void;
}

declare module "vitest" {
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends BusMatchers {}
}

expect.extend({
  toHavePublished: (bus: unknown, event: EventClass, data?: ExpectedData<EventOf<EventClass>>) =>
    result(checks.published(bus, event, data)),
  toHavePublishedTimes: (bus: unknown, event: EventClass, times: number) =>
    result(checks.publishedTimes(bus, event, times)),
  toHavePublishedInOrder: (bus: unknown, events: readonly EventClass[]) =>
    result(checks.publishedInOrder(bus, events)),
  toHaveHandled: (bus: unknown, event: EventClass, facts?: HandledFacts<EventClass>) =>
    result(checks.handled(bus, event, facts)),
  toHaveRetried: (bus: unknown, event: EventClass, facts?: RetriedFacts) =>
    result(checks.retried(bus, event, facts)),
  toHaveDeadLettered: (bus: unknown, event: EventClass, facts?: DeadLetteredFacts) =>
    result(checks.deadLettered(bus, event, facts)),
  toBeIdle: (bus: unknown) => result(checks.idle(bus)),
  toMatchTranscript(this: MatcherState, bus: unknown, hint?: string) {
    return Snapshots.toMatchSnapshot.call(this, checks.settled(bus).transcript(), hint);
  },
});

function result(verdict: Verdict): { pass: boolean; message: () => string } {
  return { pass: verdict.isSo, message: () => verdict.message() };
}
