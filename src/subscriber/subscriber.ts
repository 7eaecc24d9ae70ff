/** `@Subscriber`: names a class, its constructor's tokens and the defaults of its handlers. */
import type { Refused } from "../event/event.js";
import { isObject, refuse } from "../runtime/options.js";
import { show } from "../runtime/show.js";
import { isTc39Context, metadataOf } from "./mark-place.js";
import { marksOn } from "./marks.js";
import type { InjectToken, SubscriberClass, SubscriberOptions } from "./subscriber-options.js";

/** One decorator value for TC39 and legacy decorators. */
export interface ClassMark<T extends readonly InjectToken[]> {
  <C extends SubscriberClass>(target: C, context?: ClassDecoratorContext<C>): InjectCheck<T, C>;
}

/** `void` where the tokens fit the constructor, otherwise what they give and what it takes. */
export type InjectCheck<T extends readonly InjectToken[], C extends SubscriberClass> = [T] extends [never]
  ? void
  : Resolved<T> extends ConstructorParameters<C>
    ? void
    : Refused<["inject gives", Resolved<T>, "but the constructor takes", ConstructorParameters<C>]>;

type Resolved<T> = { -readonly [I in keyof T]: InstanceOf<T[I]> };
// oxlint-disable-next-line no-explicit-any -- what a container keeps under a text or a symbol is not known here
type InstanceOf<T> = T extends abstract new (...args: never[]) => infer R ? R : any;

/**
 * Marks a class as a subscriber; its policies are the defaults of its handlers. A class needs it only to say something:
 * handlers work without. A subclass inherits policies and scope, not the name.
 *
 * @throws TypeError without parentheses, on anything but a class, twice on one class, and where a token is missing.
 * Policies are checked when the bus starts.
 */
export function Subscriber<const T extends readonly InjectToken[] = never>(
  options?: SubscriberOptions<T>,
): ClassMark<T> {
  refuseBare(options);
  const mark = (target: unknown, context?: unknown): void => {
    if (
      typeof target !== "function" ||
      (isTc39Context(context) ? context.kind !== "class" : context !== undefined)
    ) {
      throw new TypeError("@Subscriber marks classes. Mark methods with @On(Event).");
    }
    const label = target.name || "anonymous";
    refuse(optionFaults(label, options));
    const marks = marksOn(isTc39Context(context) ? metadataOf("@Subscriber", context) : target, label);
    if (marks.subscriber !== undefined) throw new TypeError(`${label} has two @Subscriber. Keep one.`);
    marks.subscriber = Object.freeze({ ...options });
  };
  return mark as ClassMark<T>;
}

// `@Subscriber class X {}` calls Subscriber itself with the class.
function refuseBare(options: unknown): void {
  if (typeof options !== "function") return;
  throw new TypeError(`@Subscriber on ${options.name || "a class"} lacks parentheses: write @Subscriber().`);
}

function optionFaults(label: string, options: unknown): string[] {
  if (options === undefined) return [];
  if (!isObject(options))
    return [`Expected the options of @Subscriber of ${label} to be an object, got ${show(options)}.`];
  return injectFaults(label, options["inject"]);
}

function injectFaults(label: string, inject: unknown): string[] {
  if (inject === undefined) return [];
  const path = `inject of @Subscriber of ${label}`;
  if (!Array.isArray(inject)) return [`Expected ${path} to be an array of tokens, got ${show(inject)}.`];
  return Array.from(inject, (token: unknown, index) => ({ token, index }))
    .filter(({ token }) => !["function", "string", "symbol"].includes(typeof token))
    .map(
      ({ token, index }) =>
        `Expected token ${index + 1} in ${path} to be a class, a text or a symbol, ${gotOf(token)}`,
    );
}

function gotOf(token: unknown): string {
  const circle =
    "Modules that import each other in a circle give undefined: name the token by a text or a symbol.";
  return `got ${show(token)}.${token === undefined ? ` ${circle}` : ""}`;
}
