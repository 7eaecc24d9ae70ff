/** What the handler of a task gets beside the task. */
import { Delivery } from "../delivery/delivery.js";
import type { AnyTask, Work } from "../event/event.js";

/** Work in the place of a result. */
export interface Replacement<out R> {
  readonly [REPLACEMENT]: Work<R>;
}

const REPLACEMENT: unique symbol = Symbol.for("signalbox.replacement") as never;

/** Marks work as what takes the place of a task. */
export function replacementBy<R>(work: Work<R>): Replacement<R> {
  return Object.freeze({ [REPLACEMENT]: work });
}

/** The work that an answer puts in the place of a result, by its brand; what throws when it is looked at is none. */
export function replacementIn(answer: unknown): Work | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  try {
    return (answer as Partial<Replacement<unknown>>)[REPLACEMENT];
  } catch {
    return undefined;
  }
}

/** One attempt to handle one task. A class for the same reason as `Delivery`. */
export abstract class TaskDelivery<out T extends AnyTask = AnyTask> extends Delivery<T> {
  /**
   * Tells whoever follows `handle.progress` how far it is; the latest is kept for whoever comes later. Without effect when
   * the attempt is over.
   *
   * @throws TypeError where `done` or `total` is not a finite number, or the note no text.
   */
  abstract progress(done: number, total: number, note?: string): void;
  /**
   * Makes work that takes the place of this task, to be returned: the slot is free at once, and the task's result will be
   * that of the work. The work starts when it is returned. At most 64 replacements in a row, then `ReplaceDepthError`.
   *
   * @throws TypeError where it is no work.
   */
  abstract replace<R>(work: Work<R>): Replacement<R>;
}
