/** `@OnBatch`: marks a method that takes several events at once. */
import type { BatchOptions, SubscriptionOptions } from "../delivery/policies.js";
import type { EventOf, Events } from "../event/event.js";
import { checkOptions, integerFrom, type OptionTable, positiveDuration, refuse } from "../runtime/options.js";
import type { BatchMark } from "./batch-mark.js";
import { eventFaults, listOf, namesOf } from "./events-given.js";
import { refuseBare } from "./mark-options.js";
import { placeOf } from "./mark-place.js";
import { marksOn } from "./marks.js";

const batchOptions: OptionTable = {
  size: { ...integerFrom(1), about: "The most that come together.", required: true },
  wait: { ...positiveDuration, about: "How long the first waits for the others.", required: true },
};

/**
 * Marks a method that takes a list of events and the list of their deliveries: as many as are there when `size` have come
 * together, or when the first of them has waited for `wait`; a closing bus does not wait. It answers nothing, one outcome
 * for all, or a list with an outcome for each. Every event keeps its own delivery: attempts, retries, timeout, dead letter.
 * The lane is its own, and a batch takes one of its slots.
 *
 * @throws TypeError on anything but a method, where the events are not event classes, and without `size` and `wait`. The
 * other options are checked when the bus starts.
 */
export function OnBatch<const C extends Events>(
  events: C,
  options: SubscriptionOptions<EventOf<C>> & BatchOptions,
): BatchMark<EventOf<C>> {
  refuseBare(options, "@OnBatch needs its event and its size: write @OnBatch(Event, { size, wait })");
  const mark = (...args: readonly unknown[]): void => {
    const { method, isStatic, holder, label } = placeOf(`@OnBatch(${namesOf(events)})`, args);
    const { size, wait, ...rest } = (options ?? {}) as typeof options;
    const faults = checkOptions(`the options of @OnBatch of ${label}`, { size, wait }, batchOptions);
    refuse([...eventFaults(`@OnBatch of ${label}`, events), ...faults]);
    const batch = Object.freeze({ size, wait });
    const written = { method, isStatic, events: listOf(events), options: Object.freeze(rest), batch };
    marksOn(holder, label).handlers.push(written);
  };
  return mark as BatchMark<EventOf<C>>;
}
