/** `@On`: marks a method as a handler. */
import type { SubscriptionOptions } from "../delivery/policies.js";
import type { EventOf, Events } from "../event/event.js";
import { refuse } from "../runtime/options.js";
import { eventFaults, listOf, namesOf } from "./events-given.js";
import { optionFaults, refuseBare } from "./mark-options.js";
import { type MarkPlace, placeOf } from "./mark-place.js";
import { marksOn } from "./marks.js";
import type { MethodMark } from "./method-mark.js";

/**
 * Marks a method as a handler of one event or, with an array, of several: one subscription with its own lane, retries
 * and dead letters. Works under TC39 and legacy decorators. Several `@On` on one method are several subscriptions.
 * A subclass inherits the mark, and keeps it where it overrides the method without an `@On` of its own.
 *
 * @throws TypeError on anything but a method, and where the events are not event classes. The options are checked when
 * the bus starts.
 */
export function On<const C extends Events>(
  events: C,
  options?: SubscriptionOptions<EventOf<C>>,
): MethodMark<EventOf<C>> {
  refuseBare(options, "@On needs its event: write @On(Event)");
  const mark = (...args: readonly unknown[]): void => {
    const place = placeOf(`@On(${namesOf(events)})`, args);
    refuse([...eventFaults(`@On of ${place.label}`, events), ...listFaults(place, options)]);
    const { method, isStatic } = place;
    const written = { method, isStatic, events: listOf(events), options: Object.freeze({ ...options }) };
    marksOn(place.holder, place.label).handlers.push(written);
  };
  return mark as MethodMark<EventOf<C>>;
}

function listFaults({ label }: MarkPlace, options: unknown): string[] {
  const hint = "Several events are given as an array: @On([A, B], options).";
  return optionFaults(`@On of ${label}`, options).map((fault) => `${fault} ${hint}`);
}
