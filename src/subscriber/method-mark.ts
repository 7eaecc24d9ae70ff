/** The type of a method decorator: it always resolves, and says what is wrong by what it returns (TS1270). */
import type { Delivery, HandlerResult } from "../delivery/delivery.js";
import type { AnyEvent, NameOf, Refused } from "../event/event.js";

// oxlint-disable no-explicit-any -- parameters are contravariant: only `any` stands for every method and every class

/** A kind of mark: what it says of a method, `void` where nothing is wrong. `method` is filled in where it marks one. */
export interface MarkRule {
  readonly method: unknown;
  readonly check: unknown;
}

/** One decorator value for TC39 and legacy decorators; `Takes` names what its methods take, for messages. */
export interface Mark<R extends MarkRule, Takes extends string> {
  <M extends Method, C extends ClassMethodDecoratorContext<any, M>>(
    method: M,
    context: C,
  ): C extends { readonly private: true }
    ? Refused<"a handler cannot be #private: the bus calls it by name">
    : (R & { readonly method: M })["check"];
  <M extends Method>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): (R & { readonly method: M })["check"];
  (
    target: object | undefined,
    field: string | symbol | ClassFieldDecoratorContext,
  ): Refused<`handlers are methods: write name(${Takes}) { ... }, not name = (${Takes}) => ...`>;
}

/** The type of `@On`. */
export type MethodMark<E extends AnyEvent> = Mark<OnRule<E>, "event">;

/** For a method that can handle every event of E. */
export interface OnRule<E extends AnyEvent> extends MarkRule {
  readonly check: CheckOf<
    this["method"],
    E,
    Delivery<E>,
    HandlerResult,
    `@On(${Names<E, FirstOf<this["method"]>>})`,
    "anything"
  >;
}

/** `void` for a method that can be called with E and D and answers R, otherwise what is wrong with it. */
export type CheckOf<M, E, D, R, At extends string, Wants> = M extends (event: E, delivery: D) => R
  ? void
  : M extends (event: E, delivery: D) => infer Got
    ? Refused<[At, "wants a handler that returns", Wants, "not", Awaited<Got>]>
    : M extends (event: E, ...rest: any[]) => unknown
      ? Refused<[At, "calls a handler with the event and its Delivery, nothing else"]>
      : Refused<[At, "cannot mark a handler of", FirstOf<M>]>;

type Method = (...args: any[]) => unknown;

/** The first parameter of a method. */
type FirstOf<M> = M extends Method ? Parameters<M>[0] : never;

/** The names of the events that P does not take, or of all. */
type Names<E, P> =
  Exclude<E, P> extends infer Rest ? ([Rest] extends [never] ? NameOf<E> : NameOf<Rest>) : never;
