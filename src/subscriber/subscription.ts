/** A subscription: a handler with its events, lane and policies under a stable name. Data only. */
import type { Handler } from "../delivery/delivery.js";
import type { BatchOptions, LaneOptions, Policies, SubscriptionOptions } from "../delivery/policies.js";
import type { ScheduleGiven } from "../delivery/schedule.js";
import type { AnyEvent, EventClass, Events } from "../event/event.js";
import { refuse } from "../runtime/options.js";
import type { Declared } from "./declared.js";
import { eventFaults, listOf, taskFaults } from "./events-given.js";
import { mergePolicies } from "./merge-policies.js";
import { nameFaults } from "./names.js";
import type { SubscriberClass } from "./subscriber-options.js";

/** The record that the engine runs with. */
export interface Subscription {
  readonly name: string;
  /** Whether the name follows the code; a transport that stores refuses such a name. */
  readonly derived: boolean;
  readonly events: readonly EventClass[];
  /** A shared lane's name, or the options of its own. */
  readonly lane: string | LaneOptions | undefined;
  /** Those of `@On` over those of the class over the defaults of the bus; steps follow each other in reverse. */
  readonly options: SubscriptionOptions<AnyEvent>;
  /** One instance for the bus, or one per attempt. */
  readonly scope: "bus" | "delivery";
  /** Where the handler takes several at once. */
  readonly batch?: BatchOptions | undefined;
  /** The method to call, of an instance or of the class; absent for a function. */
  readonly owner: SubscriptionOwner | undefined;
  /** The function to call; absent for a method. */
  readonly handler: Handler<AnyEvent> | undefined;
  /** Of a method that a schedule runs. */
  readonly schedule?: ScheduleGiven | undefined;
}

export interface SubscriptionOwner {
  readonly target: SubscriberClass;
  readonly method: string | symbol;
  readonly isStatic: boolean;
}

/** One subscription per handler of a class. */
export function subscriptionsFrom(declared: Declared, defaults: Policies): Subscription[] {
  const { target, scope, policies } = declared;
  const outer = mergePolicies(defaults, policies);
  return declared.handlers.map(({ name, derived, events, options, method, isStatic, schedule, batch }) => {
    const owner = Object.freeze({ target, method, isStatic });
    const facts = { name, derived, events, scope, owner, handler: undefined, batch };
    return seal(schedule === undefined ? facts : { ...facts, schedule }, mergePolicies(outer, options));
  });
}

/** What `bus.on()` is called with. */
export interface FunctionGiven {
  /** What was called; `bus.on()` where nothing is said. */
  readonly by?: "bus.on()" | "bus.handle()";
  readonly events: Events;
  readonly options: SubscriptionOptions<never>;
  readonly handler: Handler<never>;
  /** Stands in where the options give no name. */
  readonly name: string;
}

/**
 * The subscription of a function.
 *
 * @throws TypeError where the events are not event classes or the name in the options is not a name.
 */
export function subscriptionOf(
  { by = "bus.on()", events, options, handler, name }: FunctionGiven,
  defaults: Policies,
): Subscription {
  const faultsOf = by === "bus.handle()" ? taskFaults : eventFaults;
  refuse([...faultsOf(by, events), ...nameFaults(by, options.name)]);
  const merged = mergePolicies(defaults, options);
  const named = { name: options.name ?? name, derived: options.name === undefined };
  const facts = { ...named, events: listOf(events), scope: "bus", owner: undefined } as const;
  return seal({ ...facts, handler: handler as Handler<AnyEvent> }, merged);
}

// The engine routes by the events' names, so that a handler of some never gets another one.
function seal(
  facts: Omit<Subscription, "lane" | "options">,
  options: SubscriptionOptions<never>,
): Subscription {
  const merged = Object.freeze(options) as SubscriptionOptions<AnyEvent>;
  return Object.freeze({ ...facts, lane: merged.lane, options: merged });
}
