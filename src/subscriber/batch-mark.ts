/** The type of `@OnBatch`: like that of `@On`, for methods that take a list. */
import type { Delivery } from "../delivery/delivery.js";
import type { Outcome } from "../delivery/outcome.js";
import type { AnyEvent, NameOf } from "../event/event.js";
import type { CheckOf, Mark, MarkRule } from "./method-mark.js";

export type BatchMark<E extends AnyEvent> = Mark<BatchRule<E>, "events">;

/** For a method that takes lists of E and answers nothing, or an outcome for each. */
export interface BatchRule<E extends AnyEvent> extends MarkRule {
  readonly check: CheckOf<
    this["method"],
    E[],
    Delivery<E>[],
    BatchResult,
    `@OnBatch(${NameOf<E>})`,
    "nothing or outcomes"
  >;
}

/** What a batch handler answers: nothing, an outcome for all, or one for each in their order; a hole is done. */
export type BatchResult = Answered | PromiseLike<Answered>;
type Answered = void | Outcome | readonly (Outcome | undefined)[];
