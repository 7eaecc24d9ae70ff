/** The types of tasks; `task.ts` hands them on. */
/* oxlint-disable no-explicit-any -- parameters are contravariant: only `any` takes every class */
import type { Outcome } from "../delivery/outcome.js";
import type { AnyTask, Args, In, NoSchema, Out, Schema, Work } from "../event/event.js";
import type { Replacement, TaskDelivery } from "./task-delivery.js";

/** A class made by `Task()`. */
export interface TaskClass<T extends AnyTask = AnyTask> {
  new (...data: any[]): T;
  readonly taskName: string;
}

/** The instance type of a task class. */
export type TaskOf<C> = C extends TaskClass<infer T> ? T : never;

/** What comes of work: of a task its result, of a group the results of its members. */
export type ResultOf<W> = W extends Work<infer R> ? R : never;

/** What a task's handler gives before the output schema has parsed it. */
export type AnswerOf<T> = T extends AnyTask<string, infer A, any> ? A : never;

/** What the handler of a task may return: its result, an outcome, or work in its place. */
export type Answer<A, R> = A | Outcome | Replacement<R> | PromiseLike<A | Outcome | Replacement<R>>;
export type TaskAnswer<T> = T extends AnyTask<string, infer A, infer R> ? Answer<A, R> : never;
export type TaskHandler<T extends AnyTask> = (task: T, delivery: TaskDelivery<T>) => TaskAnswer<T>;

/** What `Task(name)` gives; the type arguments are the data and the result, and nothing checks them at run time. */
export interface TypedTask<N extends string> {
  new <Data extends object = {}, R = void>(...data: Args<Data>): Readonly<Data> & AnyTask<N, R, R>;
  readonly taskName: N;
}

/** What `Task(name, { input, output })` gives: the constructor parses the data, the bus parses the result. */
export interface ParsedTask<N extends string, I extends Schema, O extends Schema> {
  new (
    data: In<I>,
  ): Readonly<Out<I>> &
    AnyTask<N, NoSchema<O> extends true ? void : In<O>, NoSchema<O> extends true ? void : Out<O>>;
  readonly taskName: N;
}
