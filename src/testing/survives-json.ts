/** A check for one event class: does what a transport carries of it give the event again? */
import type { DataOf, EventClass, EventOf, Refused } from "../index.js";
import { throughJson } from "./json-trip.js";

/**
 * Refuses at compile time an event class that does not take back what JSON makes of its data, and runs the sample
 * there and back. A `TypeError` with the path where another event comes back.
 */
export function survivesJson<const C extends EventClass>(_event: C & JsonCheck<C>, sample: EventOf<C>): void {
  throughJson(sample);
}

export type JsonCheck<C extends EventClass> =
  Json<DataOf<EventOf<C>>> extends ConstructorParameters<C>[0]
    ? unknown
    : Refused<["JSON gives", Json<DataOf<EventOf<C>>>, "but the event takes", ConstructorParameters<C>[0]]>;

/** What `JSON.parse(JSON.stringify(value))` gives. */
// oxlint-disable no-explicit-any -- only `any` takes every map and set
export type Json<T> = T extends { toJSON(): infer J }
  ? Json<J>
  : T extends string | number | boolean | null
    ? T
    : T extends
          | bigint
          | symbol
          | undefined
          | ((...parameters: never[]) => unknown)
          | ReadonlyMap<any, any>
          | ReadonlySet<any>
          | RegExp
          | Error
          | ArrayBufferView
      ? Refused<["JSON loses", T]>
      : T extends readonly (infer I)[]
        ? Json<I>[]
        : T extends object
          ? { [K in keyof T]: Json<Exclude<T[K], undefined>> | Absent<T, K> }
          : T;

/* A key that may be missing is missing; one that may be undefined counts as given, since types cannot say otherwise. */
type Absent<T, K extends keyof T> =
  Record<never, never> extends Pick<T, K> ? never : Extract<T[K], undefined>;
