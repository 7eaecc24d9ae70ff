/** Whether what was named as events are event classes, in words that find the mistake. */
import { isEventClass } from "../event/definition.js";
import type { EventClass, Events } from "../event/event.js";
import { show } from "../runtime/show.js";

/** One event class or several, as a list. */
export function listOf(events: Events): readonly EventClass[] {
  return Object.freeze([events].flat() as EventClass[]);
}

/** All faults of what should be one event class or several. `of` tells where: "@On of OrderMails.sendReceipt". */
export function eventFaults(of: string, events: unknown): string[] {
  if (!Array.isArray(events)) return eventFault(`the event of ${of}`, events);
  if (events.length === 0) return [`${of} names no event: the list is empty. Name at least one event class.`];
  return Array.from(events, (event, index) => eventFault(`event ${index + 1} of ${of}`, event)).flat();
}

/** `shop.order.placed`, or `[a, b]`, whatever was given. */
export function namesOf(events: unknown): string {
  if (!Array.isArray(events)) return nameOf(events);
  return `[${events.map(nameOf).join(", ")}]`;
}

function eventFault(what: string, event: unknown): string[] {
  if (isEventClass(event)) return [];
  return [`Expected ${what} to be an event class, made by Event(), got ${show(event)}.${reasonOf(event)}`];
}

function reasonOf(event: unknown): string {
  if (event === undefined) {
    return " Modules that import each other in a circle give undefined: move the event into a module of its own.";
  }
  const instanceOf = typeof event === "object" && event !== null && isEventClass(event.constructor);
  return instanceOf ? " Name the class, not an instance of it." : "";
}

function nameOf(event: unknown): string {
  return isEventClass(event) ? event.eventName : show(event);
}
