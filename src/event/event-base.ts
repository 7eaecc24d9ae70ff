/** The class behind every event: copies the data, or parses them first, and freezes the instance. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

import { InvalidEventError } from "../errors.js";
import { isObject, show } from "../runtime/options.js";
import { attach, type EventFacts } from "./definition.js";
import { probe, refuseFields } from "./stateless.js";

export type EventBase = new (data?: unknown) => object;

/** Makes the class that `Event()` gives, with its definition attached. */
export function eventBase(facts: EventFacts): EventBase {
  const { name, schema } = facts;
  let proven: unknown; // the last class seen to have no fields: almost always the only one
  class Base {
    constructor(data?: unknown) {
      if (probe?.of === new.target) return probe.instance;
      // The cheapest way to copy that keeps the shape of the object: spread costs three times as much.
      Object.assign(this, schema === undefined ? given(name, data) : parsed(name, schema, data));
      if (proven !== new.target) {
        if (new.target !== Base) refuseFields(new.target, Base, this, name);
        proven = new.target;
      }
      // Unfrozen, a subclass that redeclares a field silently overwrites the data with undefined.
      Object.freeze(this);
    }
  }
  attach(facts, Base);
  return Base;
}

function given(name: string, data: unknown): object | undefined {
  return data === undefined || areFields(data) ? data : refuse(`the data of event ${name}`, data);
}

function parsed(name: string, schema: StandardSchemaV1, data: unknown): object {
  if (isObject(data) && hasReserved(data)) refuse(`the data of event ${name}`, data);
  const result = schema["~standard"].validate(data);
  if ("then" in result) return refusePromise(name, result);
  if (result.issues) throw new InvalidEventError(name, result.issues);
  return areFields(result.value)
    ? result.value
    : refuse(`what the schema of event ${name} gives`, result.value);
}

// A schema can turn asynchronous on any input: a constructor cannot wait for it, and nobody else would hear it reject.
function refusePromise(name: string, result: PromiseLike<unknown>): never {
  result.then(undefined, () => undefined);
  throw new TypeError(
    `The schema of event ${name} is asynchronous, but a constructor cannot wait. Check what takes time before the event is made.`,
  );
}

function areFields(value: unknown): value is object {
  if (typeof value !== "object" || value === null || hasReserved(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || isObjectPrototype(prototype);
}

// Object.assign would set the prototype; the other two change what the instance is to its readers and to JSON.
function hasReserved(value: object): boolean {
  return (
    Object.hasOwn(value, "__proto__") || Object.hasOwn(value, "constructor") || Object.hasOwn(value, "toJSON")
  );
}

// Of another realm, as in Jest and vm: what a literal makes there is as plain as here.
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

function refuse(what: string, value: unknown): never {
  const reserved = ["__proto__", "constructor", "toJSON"].find(
    (key) => isObject(value) && Object.hasOwn(value, key),
  );
  if (reserved === undefined)
    throw new TypeError(`Expected ${what} to be a plain object, got ${show(value)}.`);
  throw new TypeError(`Expected ${what} to be without the key \`${reserved}\`. Rename or remove it.`);
}
