/** `Task()`: work with one handler and a result, as a class; underneath it travels like an event. */
import { defineTask } from "../event/definition.js";
import { eventBase } from "../event/event-base.js";
import type { AnyTask, IsFields, NameCheck, NoSchema, Out, Refused, Schema } from "../event/event.js";
import type { ParsedTask, TypedTask } from "./task-types.js";
import { makeStartable } from "./work.js";

export type {
  Answer,
  AnswerOf,
  ParsedTask,
  ResultOf,
  TaskClass,
  TaskHandler,
  TaskOf,
  TypedTask,
} from "./task-types.js";

/**
 * Makes a task class, to be extended: `Task(name)<Data, Result>`, or `Task(name, { input, output })` with any Standard
 * Schema: the constructor parses the data and throws `InvalidEventError`, the bus parses what the handler answers. Exactly
 * one handler takes it, and `bus.run` gives its result.
 *
 * Instances are frozen and have no state, as events have none. A name that is not 1–16 tokens of `[a-z0-9_-]` joined by
 * dots, and anything but schemas, are a `TypeError`.
 */
export function Task<const N extends string, I extends Schema = never, O extends Schema = never>(
  name: N & NameCheck<N>,
  schemas?: { input: I; output?: O | undefined },
): NoSchema<I> extends true
  ? TypedTask<N>
  : [IsFields<Out<I>>] extends [true]
    ? ParsedTask<N, I, O>
    : Refused<"a task's input must describe an object"> {
  const base = eventBase(defineTask(name, schemas));
  makeStartable(base.prototype as object, (task, ports, order) => ports.task(task as AnyTask, order));
  return base as never;
}
