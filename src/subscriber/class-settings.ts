/** What the `@Subscriber` of a class, and of those it extends, say together. */
import type { Policies } from "../delivery/policies.js";
import { lineageOf } from "./lineage.js";
import { marksOf } from "./marks.js";
import { mergePolicies } from "./merge-policies.js";
import type { SubscriptionName } from "./names.js";
import type { InjectToken, SubscriberClass, SubscriberOptions } from "./subscriber-options.js";

export interface ClassSettings {
  readonly inject: readonly InjectToken[] | undefined;
  readonly scope: "bus" | "delivery";
  readonly policies: Policies;
}

/** A name is never inherited: two classes of one base are two subscribers. */
export function subscriberName(target: SubscriberClass): SubscriptionName {
  const given = ownOptions(target).name;
  return given === undefined ? { name: classNameOf(target), derived: true } : { name: given, derived: false };
}

/** A class's name as JavaScript has it, unless a static member hides it. */
export function classNameOf(target: SubscriberClass): string {
  return typeof target.name === "string" && target.name !== "" ? target.name : "anonymous";
}

/** The class's own settings over those it inherits. */
export function settingsOf(target: SubscriberClass): ClassSettings {
  const merged = lineageOf(target).map(ownOptions).reduce<SubscriberOptions>(mergePolicies, {});
  const { name: _, inject: inherited, scope = "bus", ...policies } = merged;
  const own = ownOptions(target).inject;
  // Tokens are of a constructor: a class that has its own, with parameters, does not take its base's.
  const inject = own ?? (target.length === 0 ? inherited : undefined);
  return { inject, scope, policies };
}

function ownOptions(target: SubscriberClass): SubscriberOptions {
  return marksOf(target).find((marks) => marks.subscriber !== undefined)?.subscriber ?? {};
}
