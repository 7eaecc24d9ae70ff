/** The type of `@OnBatch`: like that of `@On`, for methods that take a list. */
import type { Delivery } from "../delivery/delivery.js";
import type { Outcome } from "../delivery/outcome.js";
import type { AnyEvent, NameOf, Refused } from "../event/event.js";
import type { CheckOf } from "./method-mark.js";

// oxlint-disable no-explicit-any -- parameters are contravariant: only `any` stands for every method and every class

/** One decorator value for TC39 and legacy decorators. */
export interface BatchMark<E extends AnyEvent> {
  <M extends Method, C extends ClassMethodDecoratorContext<any, M>>(
    method: M,
    context: C,
  ): C extends { readonly private: true }
    ? Refused<"a handler cannot be #private: the bus calls it by name">
    : BatchCheck<E, M>;
  <M extends Method>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): BatchCheck<E, M>;
  (
    target: object | undefined,
    field: string | symbol | ClassFieldDecoratorContext,
  ): Refused<"handlers are methods: write name(events) { ... }, not name = (events) => ...">;
}

/** `void` for a method that takes lists of E and answers nothing, or an outcome for each. */
export type BatchCheck<E extends AnyEvent, M extends Method> = CheckOf<
  M,
  E[],
  Delivery<E>[],
  BatchResult,
  `@OnBatch(${NameOf<E>})`,
  "nothing or outcomes"
>;

/** What a batch handler answers: nothing, an outcome for all, or one for each in their order; a hole is done. */
export type BatchResult = Answered | PromiseLike<Answered>;
type Answered = void | Outcome | readonly (Outcome | undefined)[];

type Method = (...args: any[]) => unknown;
