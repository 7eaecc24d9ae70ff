/** What can be wrong with a class that was read: its name and scope, its methods, an event handled twice. */
import { show } from "../runtime/show.js";
import { decoratorOf, type HandlerMark } from "./marks.js";
import { nameFaults, type SubscriptionName, textOf } from "./names.js";
import type { SubscriberClass } from "./subscriber-options.js";

type NamedHandler = HandlerMark & SubscriptionName;

export function classFaults(target: unknown): string[] {
  if (typeof target === "function" && typeof target.prototype === "object") return [];
  const circle =
    "Modules that import each other in a circle give undefined: import the class where the bus is made.";
  const does =
    target === undefined ? circle : "Name the class itself: the bus gets its instance from the container.";
  return [`Expected a subscriber to be a class, got ${show(target)}. ${does}`];
}

export function settingFaults(label: string, { name, derived }: SubscriptionName, scope: unknown): string[] {
  const faults = derived ? [] : nameFaults(`@Subscriber of ${label}`, name);
  if (scope === "bus" || scope === "delivery") return faults;
  return [
    ...faults,
    `Expected the scope of @Subscriber of ${label} to be "bus" or "delivery", got ${show(scope)}.`,
  ];
}

export function handlerFaults(
  target: SubscriberClass,
  label: string,
  handlers: readonly NamedHandler[],
): string[] {
  return [
    ...handlers.flatMap((handler) => givenNameFaults(labelOf(label, handler), handler)),
    ...new Set(handlers.flatMap((mark) => methodFaults(target, labelOf(label, mark), mark))),
    ...twiceFaults(label, handlers),
  ];
}

// Two good parts can still be too long together.
function givenNameFaults(label: string, mark: NamedHandler): string[] {
  const { options, name, derived } = mark;
  const faults = nameFaults(`${decoratorOf(mark)} of ${label}`, options.name);
  return faults.length > 0 || derived ? faults : nameFaults(`the subscription of ${label}`, name);
}

function methodFaults(target: SubscriberClass, label: string, { method, isStatic }: HandlerMark): string[] {
  const holder: object = isStatic ? target : (target.prototype as object);
  const found = descriptorOf(holder, method);
  // A getter may give a method: decorators that bind one replace it so.
  if (typeof found?.value === "function" || found?.get !== undefined) return [];
  return [`${label} is marked as a handler but overridden by something that is no method. Write a method.`];
}

// Looked up, not read: a getter must not run before the bus starts.
function descriptorOf(holder: object, method: string | symbol): PropertyDescriptor | undefined {
  for (let at: object | null = holder; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyDescriptor(at, method);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** By the event's name, because that is what routes: a subclass of an event class has it too. */
function twiceFaults(label: string, marks: readonly HandlerMark[]): string[] {
  const called = marks.filter((mark) => mark.schedule === undefined); // a method may have many times
  const handled = called.flatMap((mark) => mark.events.map(({ eventName }) => ({ mark, eventName })));
  const twice = handled.filter(({ mark, eventName }, index) => {
    return handled
      .slice(0, index)
      .some((other) => other.eventName === eventName && sameMethod(other.mark, mark));
  });
  const says = twice.map(({ mark, eventName }) => `${labelOf(label, mark)} handles ${eventName} twice`);
  return [...new Set(says)].map((sentence) => `${sentence}: name the event once for the method.`);
}

function sameMethod(one: HandlerMark, other: HandlerMark): boolean {
  return one.method === other.method && one.isStatic === other.isStatic;
}

function labelOf(label: string, { method }: HandlerMark): string {
  return `${label}.${textOf(method)}`;
}
