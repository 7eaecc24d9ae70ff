/** The types of `tap`: what a pattern over names gets of the registered events. */
import type { Refused } from "../event/event.js";
import type { AnyEvent, EventClass, NameOf, Register } from "../event/event.js";

type Known = Register extends { readonly events: infer Module }
  ? { [K in keyof Module]: Module[K] extends EventClass<infer E> ? E : never }[keyof Module]
  : never;

/** The events that a pattern matches; any event until they are registered. */
export type Tapped<P extends string> = [Known] extends [never] ? AnyEvent : Named<Known, P>;

type Named<E extends AnyEvent, P extends string> = E extends unknown
  ? Matches<NameOf<E>, P> extends true
    ? E
    : never
  : never;

type Matches<N extends string, P extends string> = P extends "**"
  ? true
  : P extends `${infer Head}.${infer Tail}`
    ? N extends `${infer H}.${infer T}`
      ? Head extends "*" | H
        ? Matches<T, Tail>
        : false
      : false
    : N extends `${string}.${string}`
      ? false
      : P extends "*" | N
        ? true
        : false;

/** Says in the error what is wrong with a pattern. */
export type PatternCheck<P extends string> = P extends `${string}**.${string}`
  ? Refused<"** stands for the end of a name: it must be the last token">
  : Partly<P> extends true
    ? Refused<"* stands for one whole token: shop.*.placed, not shop.order.pl*">
    : [Tapped<P>] extends [never]
      ? Refused<["no registered event matches", P]>
      : unknown;

type Partly<P extends string> = P extends `${infer Head}.${infer Tail}`
  ? Partly<Head> extends true
    ? true
    : Partly<Tail>
  : P extends ""
    ? true
    : P extends "*" | "**"
      ? false
      : P extends `${string}*${string}`
        ? true
        : false;
