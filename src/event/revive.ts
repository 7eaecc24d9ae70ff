/** Makes an event again from what JSON carried. */
import { NewerVersionError } from "../errors.js";
import { definitionOf } from "./definition.js";
import type { AnyEvent, EventClass } from "./event-types.js";

/**
 * An instance of the class from the JSON of its data in a given version. Older data go through `upcast`, then the
 * constructor parses; a newer version is a `NewerVersionError`. Whatever else is wrong throws as `new` does.
 */
export function revive<E extends AnyEvent>(eventClass: EventClass<E>, data: unknown, version: number): E {
  const { base, name, version: known, upcast } = definitionOf(eventClass);
  if (version > known) throw new NewerVersionError(name, version, known);
  const today = version < known && upcast !== undefined ? upcast(data, version) : data;
  // Past a constructor that the class may have: its arguments are not in the data.
  return Reflect.construct(base, [today], eventClass) as E;
}
