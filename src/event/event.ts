/** `Event()`: one class that is an event's definition, its type, its constructor and its routing key. */
import { define } from "./definition.js";
import { eventBase } from "./event-base.js";
import type {
  EventOptions,
  In,
  IsFields,
  NameCheck,
  NoSchema,
  Out,
  ParsedEvent,
  Refused,
  Schema,
  TypedEvent,
} from "./event-types.js";

export type {
  AnyEvent,
  AnyTask,
  Args,
  Carried,
  DataOf,
  EventClass,
  EventOf,
  EventOptions,
  Events,
  In,
  IsFields,
  NameCheck,
  NameOf,
  NoSchema,
  Out,
  ParsedEvent,
  Refused,
  Register,
  Schema,
  TypedEvent,
  Work,
} from "./event-types.js";

/**
 * Makes an event class, to be extended: `Event(name)<Data>`, `Event(name, options)<Data>`, `Event(name, schema)`,
 * `Event(name, schema, options)`. For data that are a union, which no class can extend:
 * `const Change = Event("shop.change", schema); type Change = EventOf<typeof Change>`.
 *
 * The constructor copies the data and freezes the instance; nested values are shared. With a schema (any Standard
 * Schema) it parses them first and throws `InvalidEventError`. A name that is not 1–16 tokens of `[a-z0-9_-]` joined
 * by dots, unknown options, data that are not a plain object or have the own key `__proto__`, `constructor` or
 * `toJSON`, an asynchronous schema, and a field in the class are a `TypeError`.
 */
export function Event<const N extends string, S extends Schema = never, Needs extends object = {}>(
  name: N & NameCheck<N>,
  schema?: S | EventOptions<Needs, Needs>,
  options?: EventOptions<In<S>, Out<S>>,
): NoSchema<S> extends true
  ? TypedEvent<N, Needs>
  : [IsFields<Out<S>>] extends [true]
    ? ParsedEvent<N, S>
    : Refused<"an event's schema must describe an object"> {
  return eventBase(define(name, schema, options)) as never;
}
