/** Events through JSON and back, as every transport but memory would carry them. */
import { EnvelopeError, toError } from "../errors.js";
import { definitionOf } from "../event/definition.js";
import { jsonValue } from "../event/json-value.js";
import { revive } from "../event/revive.js";
import type { AnyEvent, EventClass } from "../index.js";
import { show } from "../runtime/options.js";

/**
 * What comes back when an event goes through JSON. A `TypeError` that names the event and the path where that is not
 * the same event: a Date without a schema that makes one again, a Map, a schema that does not take its own result.
 */
export function throughJson<E extends AnyEvent>(event: E): E {
  const { name, version } = definitionOf(event);
  const copy = revived(event, name, version);
  const difference = differenceOf(event, copy, "data");
  if (difference === undefined) return copy as E;
  const does = "Give the event a schema that makes it again, such as z.coerce.date(), or data that JSON has.";
  throw new TypeError(`Event ${name} comes back from JSON as another: ${difference}. ${does}`);
}

function revived(event: AnyEvent, name: string, version: number): AnyEvent {
  try {
    const json: unknown = JSON.parse(JSON.stringify(jsonValue(event, "data")));
    return revive(event.constructor as EventClass, json, version);
  } catch (error) {
    const says =
      error instanceof EnvelopeError ? error.message : `its own JSON is refused. ${toError(error).message}`;
    throw new TypeError(`Event ${name} does not survive JSON: ${says}`, { cause: error });
  }
}

/** Where two values differ, in words; own keys count, and one that is undefined is like one that is not there. */
export function differenceOf(before: unknown, after: unknown, path: string): string | undefined {
  if (Object.is(before, after)) return undefined;
  const [one, other] = [kindOf(before), kindOf(after)];
  if (one !== other || one === "a value")
    return `\`${path}\` was ${show(before)} and comes back as ${show(after)}`;
  if (one === "a date")
    return Number(before) === Number(after) ? undefined : `\`${path}\` comes back as another date`;
  return ownDifference(before as Fields, after as Fields, path);
}

type Fields = Readonly<Record<string, unknown>>;

function ownDifference(before: Fields, after: Fields, path: string): string | undefined {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = /^\d+$/.test(key) ? `${path}[${key}]` : `${path}.${key}`;
    const difference = differenceOf(before[key], after[key], at);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function kindOf(value: unknown): "a value" | "a date" | "a list" | "an object" {
  if (typeof value !== "object" || value === null) return "a value";
  if (value instanceof Date) return "a date";
  return Array.isArray(value) ? "a list" : "an object";
}

/** Freezes an event's plain data at any depth, which JSON has kept below 200. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
