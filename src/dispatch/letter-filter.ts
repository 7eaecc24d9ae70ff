/** Which dead letters are asked for: by event class with its earlier names, by subscription, by reason. */
import { definitionOf, isEvent } from "../event/definition.js";
import type { EventClass, Events } from "../event/event.js";
import type { DeadLetter } from "../ledger/dead-letter-box.js";

export interface DeadLetterFilter<C extends Events> {
  /** One event class or several; what arrived under an alias of it is among them. */
  events?: C | undefined;
  subscription?: string | undefined;
  reason?: string | undefined;
}

/** Whether a letter is asked for; what never became an event is known by its name. */
export type Wanted = (letter: DeadLetter) => boolean;

export function wantedBy({ events, subscription, reason }: DeadLetterFilter<Events>): Wanted {
  const isOfEvents = events === undefined ? () => true : ofEvents([events].flat() as EventClass[]);
  return (letter) =>
    (subscription === undefined || letter.subscription === subscription) &&
    (reason === undefined || letter.reason === reason) &&
    isOfEvents(letter);
}

function ofEvents(classes: readonly EventClass[]): Wanted {
  const definitions = classes.map((each) => definitionOf(each));
  const names = new Set(definitions.flatMap(({ name, aliases }) => [name, ...aliases]));
  return ({ event, envelope }) =>
    isEvent(event) ? definitions.includes(definitionOf(event)) : names.has(envelope.name);
}
