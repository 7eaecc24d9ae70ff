/** The type of a method decorator: it always resolves, and says what is wrong by what it returns (TS1270). */
import type { Delivery, HandlerResult } from "../delivery/delivery.js";
import type { AnyEvent, NameOf, Refused } from "../event/event.js";

// oxlint-disable no-explicit-any -- parameters are contravariant: only `any` stands for every method and every class

/** One decorator value for TC39 and legacy decorators. */
export interface MethodMark<E extends AnyEvent> {
  <M extends Method, C extends ClassMethodDecoratorContext<any, M>>(
    method: M,
    context: C,
  ): C extends { readonly private: true }
    ? Refused<"a handler cannot be #private: the bus calls it by name">
    : MarkCheck<E, M>;
  <M extends Method>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): MarkCheck<E, M>;
  (
    target: object | undefined,
    field: string | symbol | ClassFieldDecoratorContext,
  ): Refused<"handlers are methods: write name(event) { ... }, not name = (event) => ...">;
}

/** `void` for a method that can handle every event of E, otherwise what is wrong with it. */
export type MarkCheck<E extends AnyEvent, M extends Method> = CheckOf<
  M,
  E,
  Delivery<E>,
  HandlerResult,
  `@On(${Names<E, Parameters<M>[0]>})`,
  "anything"
>;

/** `void` for a method that can be called with E and D and answers R, otherwise what is wrong with it. */
export type CheckOf<M extends Method, E, D, R, At extends string, Wants> = M extends (
  event: E,
  delivery: D,
) => R
  ? void
  : M extends (event: E, delivery: D) => infer Got
    ? Refused<[At, "wants a handler that returns", Wants, "not", Awaited<Got>]>
    : M extends (event: E, ...rest: any[]) => unknown
      ? Refused<[At, "calls a handler with the event and its Delivery, nothing else"]>
      : Refused<[At, "cannot mark a handler of", Parameters<M>[0]]>;

type Method = (...args: any[]) => unknown;

/** The names of the events that P does not take, or of all. */
type Names<E, P> =
  Exclude<E, P> extends infer Rest ? ([Rest] extends [never] ? NameOf<E> : NameOf<Rest>) : never;
