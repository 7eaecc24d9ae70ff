/** The subscriber classes of a bus: read, checked and taken in, before anything starts. */
import type { Policies } from "../delivery/policies.js";
import { checkOptions } from "../runtime/options.js";
import { type Declared, type DeclaredHandler, subscriptionsOf } from "../subscriber/declared.js";
import { decoratorOf } from "../subscriber/marks.js";
import { type Subscription, subscriptionsFrom } from "../subscriber/subscription.js";
import type { BusOptions } from "./bus-options.js";
import { subscriptionOptions } from "./policy-options.js";
import type { Registry } from "./registry.js";
import type { StartingParts } from "./starting.js";

/** The classes, and what is wrong with them: kept for start(), which tells all faults at once. */
export function admit(
  { subscribers = [] }: BusOptions,
  defaults: Policies,
  registry: Registry,
): Pick<StartingParts, "declared" | "faults"> {
  const declared = subscribers.map((target) => subscriptionsOf(target));
  return { declared, faults: declared.flatMap((each) => admitOne(each, defaults, registry)) };
}

function admitOne(declared: Declared, defaults: Policies, registry: Registry): string[] {
  const faults = [
    ...declared.faults,
    ...checkOptions(`@Subscriber ${declared.name}`, declared.policies, subscriptionOptions),
    ...declared.handlers.flatMap((each) =>
      checkOptions(whereOf(declared, each), each.options, subscriptionOptions),
    ),
  ];
  if (faults.length > 0) return faults;
  return subscriptionsFrom(declared, defaults).flatMap((subscription) => add(subscription, registry));
}

function whereOf({ name }: Declared, handler: DeclaredHandler): string {
  return `${decoratorOf(handler)} ${name}.${String(handler.method)}`;
}

function add(subscription: Subscription, registry: Registry): string[] {
  const faults = registry.faults(subscription);
  if (faults.length === 0) registry.add(subscription);
  return faults;
}
