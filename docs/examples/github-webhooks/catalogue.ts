// From the name that GitHub puts into the header x-github-event to the class of that event.
import type { AnyEvent, EventClass, EventOf } from "signalbox";
import * as events from "./events.js";

/** Every event class there is. */
export const everyEvent = Object.values(events);

/** Any of them. */
export type AnyWebhook = EventOf<typeof everyEvent>;

const byName = new Map<string, EventClass>(everyEvent.map((event) => [event.eventName, event]));

/** The event of a payload, or undefined for a name that this application does not know. */
export function eventOf(name: string, payload: object): AnyEvent | undefined {
  const Class = byName.get(`github.${name}`);
  return Class && new Class(payload);
}
