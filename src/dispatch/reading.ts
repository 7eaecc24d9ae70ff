/** Reads the subscriber classes of a bus: their subscriptions join, and what is wrong is kept for `start()`. */
import type { Policies } from "../delivery/policies.js";
import { checkOptions } from "../runtime/options.js";
import { type Declared, type DeclaredHandler, subscriptionsOf } from "../subscriber/declared.js";
import { decoratorOf } from "../subscriber/marks.js";
import { type Subscription, subscriptionsFrom } from "../subscriber/subscription.js";
import type { SubscriberClass } from "../subscriber/subscriber-options.js";
import { subscriptionOptions } from "./policy-options.js";
import type { Registry } from "./registry.js";
import type { Scheduling } from "./scheduling.js";

export interface ReadingParts {
  readonly registry: Registry;
  readonly defaults: Policies;
  readonly scheduling: Scheduling;
}

export interface ReadClasses {
  readonly declared: readonly Declared[];
  /** All faults at once. */
  readonly faults: readonly string[];
}

export function readSubscribers(targets: readonly SubscriberClass[], parts: ReadingParts): ReadClasses {
  const declared = targets.map((target) => subscriptionsOf(target));
  return { declared, faults: declared.flatMap((each) => admit(each, parts)) };
}

function admit(declared: Declared, parts: ReadingParts): string[] {
  const faults = [
    ...declared.faults,
    ...checkOptions(`@Subscriber ${declared.name}`, declared.policies, subscriptionOptions),
    ...declared.handlers.flatMap((each) =>
      handlerFaults(`${declared.name}.${String(each.method)}`, each, parts),
    ),
  ];
  if (faults.length > 0) return faults;
  return subscriptionsFrom(declared, parts.defaults).flatMap((subscription) => add(subscription, parts));
}

function handlerFaults(where: string, handler: DeclaredHandler, { scheduling }: ReadingParts): string[] {
  if (handler.schedule !== undefined) return scheduling.faultsOf(handler.schedule, where);
  return checkOptions(`${decoratorOf(handler)} ${where}`, handler.options, subscriptionOptions);
}

function add(subscription: Subscription, { registry, scheduling }: ReadingParts): string[] {
  const faults = registry.faults(subscription);
  if (faults.length > 0) return faults;
  const route = registry.add(subscription);
  if (subscription.schedule !== undefined) scheduling.admit(subscription, route);
  return [];
}
