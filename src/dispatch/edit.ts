/** What `edit` makes of the event of a dead letter: another of the same class. */
import { definitionOf, isEvent } from "../event/definition.js";
import type { AnyEvent } from "../event/event.js";
import type { DeadLetter } from "../ledger/dead-letter-box.js";
import { show } from "../runtime/options.js";

export type Edit = (event: AnyEvent) => AnyEvent;

/** Throws where it gives anything else. */
export function edited(edit: Edit, event: AnyEvent): AnyEvent {
  const definition = definitionOf(event);
  const made = edit(event);
  if (isEvent(made) && definitionOf(made) === definition) return made;
  throw new TypeError(`Expected \`edit\` to give a ${definition.name}, got ${show(made)}.`);
}

/** How errors name a letter. */
export function named({ id }: DeadLetter): string {
  return `Dead letter ${show(id)}`;
}
