/** Whether what was named as events are event classes, in words that find the mistake. */
import { isEventClass, isTaskClass } from "../event/definition.js";
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

/** All faults of what should be one task class. */
export function taskFaults(of: string, task: unknown): string[] {
  if (isTaskClass(task)) return [];
  const does = Array.isArray(task) ? " A handler takes one task: write a method for each." : reasonOf(task);
  return [`Expected the task of ${of} to be a task class, made by Task(), got ${show(task)}.${does}`];
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
    return " Modules that import each other in a circle give undefined: move it into a module of its own.";
  }
  if (isTaskClass(event)) return " A task is handled, not subscribed to: write @Handles, or bus.handle().";
  if (isEventClass(event)) return " An event is subscribed to: write @On, or bus.on().";
  const instanceOf =
    typeof event === "object" &&
    event !== null &&
    (isEventClass(event.constructor) || isTaskClass(event.constructor));
  return instanceOf ? " Name the class, not an instance of it." : "";
}

function nameOf(event: unknown): string {
  return isEventClass(event) || isTaskClass(event) ? event.eventName : show(event);
}
