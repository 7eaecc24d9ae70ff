/** The types of events; `event.ts` hands them on, so that there is one place to import them from. */
/* oxlint-disable no-explicit-any -- data are inferred from the argument or described by the schema: `unknown` refuses every class */
import type { StandardSchemaV1 } from "@standard-schema/spec";

/**
 * Opt-in types of an application, types only:
 * `declare module "signalbox" { interface Register { lanes: typeof lanes; events: typeof events; transaction: PoolClient } }`.
 */
export interface Register {}

/** Stands where a type cannot be right: tsc prints its words in the first line of the error. */
export interface Refused<Says> {
  readonly fault: Says;
}

/**
 * What every event instance has: its name and data, in types only, so that two events of one shape stay two types.
 */
export interface AnyEvent<N extends string = string, Data = unknown> extends Brand<N, Data> {}

// A class with a getter, since TypeScript takes what that declares off the type of `{ ...event }`: a copy is plain data.
declare class Brand<N extends string, Data> {
  get "~event"(): { readonly name: N; readonly data: Data };
}

/** Whatever `bus.run` can run, and what comes of it: a task, a chain, a group. R is the result, in types only. */
export interface Work<out R = unknown> extends ResultBrand<R> {}

declare class ResultBrand<out R> {
  get "~result"(): R;
}

/**
 * What every task instance has, in types only: its name, what its handler answers, and the result that comes of it. A task
 * travels like an event, and is none: it is run, not published.
 */
// oxlint-disable-next-line no-explicit-any -- a handler's answer is compared both ways
export interface AnyTask<N extends string = string, Answer = any, R = any>
  extends TaskBrand<N, Answer>, Work<R> {}

declare class TaskBrand<N extends string, Answer> {
  get "~task"(): { readonly name: N; readonly answer: Answer };
}

/** What lanes and transports carry. */
export type Carried = AnyEvent | AnyTask;

/** A class made by `Event()`: definition, type, constructor and routing key. */
export interface EventClass<E extends AnyEvent = AnyEvent> {
  new (...data: any[]): E;
  readonly eventName: string;
}

/** One event class or several. */
export type Events = EventClass | readonly EventClass[];

/** The instance type of one class, the union for several. */
export type EventOf<C> = C extends readonly (infer Each)[]
  ? EventOf<Each>
  : C extends EventClass<infer E>
    ? E
    : never;

/** The name of an event or a task, as a literal type. */
export type NameOf<E> = E extends AnyEvent<infer N> ? N : E extends AnyTask<infer N> ? N : never;

/** The plain fields of an event, without what its class adds: what JSON carries. */
export type DataOf<E> = E extends AnyEvent<string, infer Data> ? Readonly<Data> : never;

/** What `Event(name)` and `Event(name, options)` give; the type argument is the data, and nothing checks it at run time. */
export interface TypedEvent<N extends string, Needs extends object = {}> {
  new <Data extends Needs = Needs>(...data: Args<Data>): Readonly<Data> & AnyEvent<N, Data>;
  readonly eventName: N;
}

/** What `Event(name, schema)` gives: the constructor takes the schema's input, the frozen instance has its output. */
export interface ParsedEvent<N extends string, S extends Schema> {
  new (data: In<S>): Readonly<Out<S>> & AnyEvent<N, Out<S>>;
  readonly eventName: N;
  readonly schema: S;
}

export interface EventOptions<Input, Output> {
  /** The version of the data, an integer from 1 up. Defaults to 1. */
  version?: number | undefined;
  /** Earlier names, still received. Defaults to none. */
  aliases?: readonly string[] | undefined;
  /** Order is kept per key; computed once, when the event is published. Defaults to no order. */
  key?: ((event: Readonly<Output>) => string | undefined) | undefined;
  /** The transport that carries it, by its name in `createBus({ transports })`. Defaults to "default". */
  transport?: string | undefined;
  /** Turns data of an older version, as JSON gave them, into what the constructor takes today. */
  upcast?: ((data: any, version: number) => NoInfer<Input>) | undefined;
}

// Tells the constraint itself, which TypeScript falls back to where no schema was given, from a schema that is
// typed as plain StandardSchemaV1<In, Out>: only the former has this key.
declare const NONE: unique symbol;

/** Any Standard Schema: zod, valibot, arktype and others. */
export interface Schema extends StandardSchemaV1<any, any> {
  readonly [NONE]?: never;
}
export type In<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>;
export type Out<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>;
/** What the constructor of an event takes: nothing at all, where no field is required. */
export type Args<Data> = {} extends Data ? [data?: Data] : [data: Data];
export type IsFields<T> = T extends readonly unknown[] ? false : T extends object ? true : false;
export type NoSchema<S> = [S] extends [never] ? true : typeof NONE extends keyof S ? true : false;
/** The part of the rule for names that a type can say. */
export type NameCheck<N extends string> = N extends
  "" | `.${string}` | `${string}.` | `${string}..${string}` | `${string}${" " | "*"}${string}`
  ? Refused<"an event name is tokens joined by dots, such as shop.order.placed">
  : unknown;
