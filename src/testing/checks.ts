/** What can be said of a test bus: whether it is so, and the words for both cases. The matchers and `assert` are made of it. */
import type { AnyEvent, EventClass, EventOf, SubscriberClass } from "../index.js";
import { show } from "../runtime/options.js";
import { type ExpectedData, isAsExpected, shownExpectation } from "./expected.js";
import {
  checkAsked,
  checkEvents,
  checkTimes,
  deadLetteredFacts,
  handledFacts,
  retriedFacts,
} from "./facts.js";
import { LiveTestBus } from "./live-test-bus.js";
import type { Recorded } from "./recorded.js";
import { spanText } from "./tree-text.js";

/** Whether something is so, and what to say where the opposite was expected. */
export interface Verdict {
  readonly isSo: boolean;
  /** What happened on the bus, as a tree, under a sentence. */
  message(): string;
}

/** Narrows what a matcher looks for. */
export interface HandledFacts<C extends EventClass> {
  /** Whose subscriptions. */
  readonly by?: SubscriberClass | undefined;
  readonly data?: ExpectedData<EventOf<C>> | undefined;
}
export interface RetriedFacts {
  readonly by?: SubscriberClass | undefined;
  /** How often, over all deliveries. */
  readonly times?: number | undefined;
}
export interface DeadLetteredFacts {
  readonly by?: SubscriberClass | undefined;
  /** The reason of the dead letter: the text, or a pattern that is in it. */
  readonly reason?: string | RegExp | undefined;
}

export function published<const C extends EventClass>(
  given: unknown,
  event: C,
  data?: ExpectedData<EventOf<C>>,
): Verdict {
  const bus = settled(given);
  checkAsked(event);
  const isSo = bus.published(event).some((each) => data === undefined || isAsExpected(each, data));
  return verdict(bus, isSo, `${event.eventName} to be published${withData(data)}`);
}

export function publishedTimes(given: unknown, event: EventClass, times: number): Verdict {
  const bus = settled(given);
  checkAsked(event);
  checkTimes(times);
  const count = bus.published(event).length;
  return verdict(bus, count === times, `${event.eventName} to be published ${inTimes(times)}, not ${count}`);
}

/** Others may come in between. */
export function publishedInOrder(given: unknown, events: readonly EventClass[]): Verdict {
  const bus = settled(given);
  checkEvents(events);
  const names = events.map(({ eventName }) => eventName);
  const rest = [...names];
  for (const each of bus.published(events)) if (isNamed(each, rest[0])) rest.shift();
  return verdict(bus, rest.length === 0, `${names.join(", then ")} to be published in this order`);
}

export function handled<const C extends EventClass>(
  given: unknown,
  event: C,
  facts: HandledFacts<C> = {},
): Verdict {
  const bus = settled(given);
  checkAsked(event, facts, handledFacts);
  const { by, data } = facts;
  const found = bus.handled(event, by).some((each) => data === undefined || isAsExpected(each.event, data));
  return verdict(bus, found, `${event.eventName} to be handled${byWhom(by)}${withData(data)}`);
}

export function retried(given: unknown, event: EventClass, facts: RetriedFacts = {}): Verdict {
  const bus = settled(given);
  checkAsked(event, facts, retriedFacts);
  const { by, times } = facts;
  const count = bus.retried(event, by).length;
  const isSo = times === undefined ? count > 0 : count === times;
  const often = times === undefined ? "" : ` ${inTimes(times)}, not ${count}`;
  return verdict(bus, isSo, `${event.eventName} to be retried${byWhom(by)}${often}`);
}

export function deadLettered(given: unknown, event: EventClass, facts: DeadLetteredFacts = {}): Verdict {
  const bus = settled(given);
  checkAsked(event, facts, deadLetteredFacts);
  const { by, reason } = facts;
  const isSo = bus.deadLettered(event, by).some((each) => hasReason(each, reason));
  const why = reason === undefined ? "" : ` with the reason ${String(reason)}`;
  return verdict(bus, isSo, `${event.eventName} to be dead-lettered${byWhom(by)}${why}`);
}

/** The one that may be asked while the bus works. */
export function idle(given: unknown): Verdict {
  const bus = testBus(given);
  const busy = busyWith(bus);
  const lines = busy.map((each) => `\n  ${each}`).join("");
  const isSo = busy.length === 0;
  return {
    isSo,
    message: () =>
      isSo ? "Expected the test bus to be at work." : `Expected the test bus to be idle.${lines}`,
  };
}

/** The bus, where it has come to rest; throws otherwise, so that no forgotten `await` passes. */
export function settled(given: unknown): LiveTestBus {
  const bus = testBus(given);
  const busy = busyWith(bus);
  if (busy.length === 0) return bus;
  const lines = busy.map((each) => `  ${each}`);
  bus.isToldOff = true;
  throw new Error(
    ["The test bus is at work, so nothing can be said of it yet: await bus.idle() first.", ...lines].join(
      "\n",
    ),
  );
}

/* A sentence for each thing that goes on. */
function busyWith(bus: LiveTestBus): string[] {
  if (bus.clock.isMoving) return ["its clock is being moved"];
  return [...(bus.isResting ? [] : bus.working()), ...bus.underWay.texts()];
}

function testBus(given: unknown): LiveTestBus {
  if (given instanceof LiveTestBus) return given;
  const hint = given instanceof Promise ? " Await it." : "";
  throw new TypeError(`Expected a bus of createTestBus(), got ${show(given)}.${hint}`);
}

function verdict(bus: LiveTestBus, isSo: boolean, what: string): Verdict {
  return {
    isSo,
    message: () =>
      `Expected ${isSo ? what.replace(/ to be /, " not to be ") : what}. What happened:\n\n${bus.tree(true)}\n${notDue(bus)}`,
  };
}

/* What is delayed is told when it is due: whoever misses it should know. */
function notDue({ notDue: delayed, clock }: LiveTestBus): string {
  const texts = delayed.map(
    ({ event, dueAt }) => `${event} in ${spanText(dueAt.getTime() - clock.now().getTime())}`,
  );
  return texts.length === 0 ? "" : `\nNot due yet: ${texts.join(", ")}.\n`;
}

function isNamed(event: object, name: string | undefined): boolean {
  return (event.constructor as EventClass).eventName === name;
}

function hasReason({ outcome }: Recorded<AnyEvent>, reason: string | RegExp | undefined): boolean {
  if (reason === undefined) return true;
  const given = "reason" in outcome ? (outcome.reason ?? "") : "";
  return typeof reason === "string" ? given === reason : given.search(reason) >= 0;
}

function withData(data: unknown): string {
  return data === undefined ? "" : ` with ${shownExpectation(data)}`;
}

function byWhom(by: SubscriberClass | undefined): string {
  return by === undefined ? "" : ` by ${by.name}`;
}

function inTimes(times: number): string {
  return times === 1 ? "once" : `${times} times`;
}
