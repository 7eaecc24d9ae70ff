/** What an event class knows about itself, where it is kept, and how it is found again. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

import {
  checkOptions,
  checkValue,
  func,
  integerFrom,
  isObject,
  listOf,
  type OptionTable,
  refuse,
  rule,
  show,
  string,
} from "../runtime/options.js";
import type { AnyEvent, EventClass } from "./event-types.js";
import { eventName } from "./names.js";

/** What the arguments of `Event()` say. */
export interface EventFacts {
  readonly format: typeof FORMAT;
  readonly name: string;
  readonly version: number;
  readonly aliases: readonly string[];
  readonly schema: StandardSchemaV1 | undefined;
  readonly key: ((event: AnyEvent) => string | undefined) | undefined;
  readonly transport: string | undefined;
  readonly upcast: ((data: unknown, version: number) => unknown) | undefined;
  /** Only of a task: what `Task()` says beside that. */
  readonly task: TaskFacts | undefined;
}

export interface TaskFacts {
  /** Checks what the handler answers. */
  readonly output: StandardSchemaV1 | undefined;
}

/** One object per call of `Event()`: subclasses share it, so it is the identity of the event. */
export interface EventDefinition extends EventFacts {
  /** The constructor that copies, parses and freezes. */
  readonly base: Function;
}

// In the registry of symbols, so that two copies of the library find each other's definitions; `format` says whether
// they can read them.
const DEFINITION: unique symbol = Symbol.for("signalbox.event") as never;
const FORMAT = 1;

export const eventOptions: OptionTable = {
  version: { ...integerFrom(1), about: "The version of the data.", default: 1 },
  aliases: { ...listOf(eventName), about: "Earlier names, still received.", default: "none" },
  key: { ...func, about: "Gives the key that order is kept for.", default: "no order" },
  transport: { ...string, about: "The transport that carries it.", default: "default" },
  upcast: { ...func, about: "Turns data of an older version into today's.", default: "as it is" },
};

/** Checks the arguments of `Event()`, all faults at once, and puts them into one object. */
export function define(name: unknown, second: unknown, third: unknown): EventFacts {
  const schema = isSchema(second) ? second : undefined;
  const options = (schema === undefined ? second : third) ?? {};
  const faults = [...checkValue("name", name, eventName), ...checkOptions("options", options, eventOptions)];
  if (schema === undefined && third !== undefined) {
    faults.push(`Expected the second argument to be a Standard Schema, got ${show(second)}.`);
  }
  refuse(faults.map((fault) => `Event(): ${fault}`));
  return factsOf(name as string, schema, options as Partial<EventFacts>);
}

const schemaRule = rule("a Standard Schema, such as one of zod", isSchema);

const taskOptions: OptionTable = {
  input: { ...schemaRule, about: "Checks the data.", required: true },
  output: { ...schemaRule, about: "Checks the result.", default: "as it is" },
};

/** The same for the arguments of `Task()`. */
export function defineTask(name: unknown, schemas: unknown): EventFacts {
  const faults = checkValue("name", name, eventName);
  if (schemas !== undefined) faults.push(...checkOptions("schemas", schemas, taskOptions));
  refuse(faults.map((fault) => `Task(): ${fault}`));
  const { input, output } = (schemas ?? {}) as { input?: StandardSchemaV1; output?: StandardSchemaV1 };
  return { ...factsOf(name as string, input, {}), task: Object.freeze({ output }) };
}

/** Makes the definition known to a class and its instances; both are looked at by `definitionOf`. */
export function attach(facts: EventFacts, base: Function): void {
  const { name, schema } = facts;
  const definition: EventDefinition = Object.freeze({ ...facts, base });
  Object.defineProperty(base.prototype, DEFINITION, { value: definition });
  Object.defineProperties(base, {
    [DEFINITION]: { value: definition },
    name: { value: name },
    eventName: { value: name, enumerable: facts.task === undefined },
    ...(facts.task === undefined ? {} : { taskName: { value: name, enumerable: true } }),
    ...(schema === undefined ? {} : { schema: { value: schema, enumerable: true } }),
  });
}

/** The definition of an event class or of an event; a `TypeError` for anything else, and for another copy's that cannot be read. */
export function definitionOf(subject: EventClass | AnyEvent): EventDefinition {
  const found = lookedUp(subject);
  if (found === undefined) {
    throw new TypeError(
      `Expected an event class or an event, got ${show(subject)}. Make the class with \`class OrderPlaced extends Event("order.placed") {}\`.`,
    );
  }
  if (Object.is(found.format, FORMAT)) return found;
  throw new TypeError(
    `${show(subject)} was made by another version of signalbox, whose events this one cannot read. Install one version only: \`npm ls signalbox\` shows them.`,
  );
}

/** Whether a value travels as an event: an instance of a class made by `Event()` or `Task()`, here or in another copy of the library. */
export function isEvent(value: unknown): value is AnyEvent {
  return typeof value === "object" && lookedUp(value) !== undefined;
}

/** Whether a value is an event class. */
export function isEventClass(value: unknown): value is EventClass {
  return typeof value === "function" && lookedUp(value)?.task === undefined && lookedUp(value) !== undefined;
}

/** Whether a value is a task class. */
export function isTaskClass(value: unknown): value is EventClass {
  return typeof value === "function" && lookedUp(value)?.task !== undefined;
}

function lookedUp(subject: unknown): EventDefinition | undefined {
  if ((typeof subject !== "object" || subject === null) && typeof subject !== "function") return undefined;
  return (subject as { readonly [DEFINITION]?: EventDefinition })[DEFINITION];
}

function isSchema(value: unknown): value is StandardSchemaV1 {
  // arktype's schemas are functions.
  return (isObject(value) || typeof value === "function") && "~standard" in value;
}

function factsOf(
  name: string,
  schema: StandardSchemaV1 | undefined,
  options: Partial<EventFacts>,
): EventFacts {
  const { version = 1, aliases = [], key, transport, upcast } = options;
  return {
    format: FORMAT,
    name,
    version,
    aliases: Object.freeze([...aliases]),
    schema,
    key,
    transport,
    upcast,
    task: undefined,
  };
}
