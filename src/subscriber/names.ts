/** The names of subscriptions: given ones are stable, derived ones follow the code. */
import { subscriptionName } from "../event/names.js";
import { show } from "../runtime/show.js";
import type { HandlerMark } from "./marks.js";

/** A name, and whether it follows the code, so that renaming a class or a method changes it. */
export interface SubscriptionName {
  readonly name: string;
  readonly derived: boolean;
}

/** All faults of a name that somebody gave; `of` tells where, such as "@On of OrderMails.sendReceipt". */
export function nameFaults(of: string, name: unknown): string[] {
  if (name === undefined || subscriptionName.is(name)) return [];
  return [`Expected the name of ${of} to be ${subscriptionName.expects}, got ${show(name)}.`];
}

/** `<subscriber>.<@On's name or method>`; further unnamed marks of a method get #2, #3. */
export function nameHandlers(
  subscriber: SubscriptionName,
  marks: readonly HandlerMark[],
): readonly SubscriptionName[] {
  const unnamed = new Map<string, number>();
  return marks.map(({ method, options }) => {
    if (options.name !== undefined) return { ...subscriber, name: `${subscriber.name}.${options.name}` };
    const text = textOf(method);
    const count = (unnamed.get(text) ?? 0) + 1;
    unnamed.set(text, count);
    return { name: `${subscriber.name}.${text}${count === 1 ? "" : `#${count}`}`, derived: true };
  });
}

/** A method's name as text: of a symbol what describes it. */
export function textOf(method: string | symbol): string {
  return typeof method === "string" ? method : method.description || "symbol";
}
