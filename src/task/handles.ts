/** `@Handles`: marks a method as the handler of a task. */
import type { SubscriptionOptions } from "../delivery/policies.js";
import type { AnyTask, EventClass, NameOf, Refused } from "../event/event.js";
import { isObject, refuse } from "../runtime/options.js";
import { show } from "../runtime/show.js";
import { listOf, namesOf, taskFaults } from "../subscriber/events-given.js";
import { isTc39Context, placeOf } from "../subscriber/mark-place.js";
import { marksOn } from "../subscriber/marks.js";
import type { CheckOf } from "../subscriber/method-mark.js";
import type { TaskDelivery } from "./task-delivery.js";
import type { AnswerOf, TaskAnswer, TaskClass, TaskOf } from "./task-types.js";

// oxlint-disable no-explicit-any -- parameters are contravariant: only `any` stands for every method and every class

/** One decorator value for TC39 and legacy decorators. */
export interface TaskMark<T extends AnyTask> {
  <M extends Method, C extends ClassMethodDecoratorContext<any, M>>(
    method: M,
    context: C,
  ): C extends { readonly private: true }
    ? Refused<"a handler cannot be #private: the bus calls it by name">
    : TaskCheck<T, M>;
  <M extends Method>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): TaskCheck<T, M>;
  (
    target: object | undefined,
    field: string | symbol | ClassFieldDecoratorContext,
  ): Refused<"handlers are methods: write name(task) { ... }, not name = (task) => ...">;
}

/** `void` for a method that can handle the task and answers its result, otherwise what is wrong with it. */
export type TaskCheck<T extends AnyTask, M extends Method> = CheckOf<
  M,
  T,
  TaskDelivery<T>,
  TaskAnswer<T>,
  `@Handles(${NameOf<T>})`,
  AnswerOf<T>
>;

type Method = (...args: any[]) => unknown;

/**
 * Marks a method as the handler of a task, the only one in its bus: what it returns is the task's result, unless it is an
 * outcome, or work in its place. A subscription with its own lane, retries and dead letters, as that of `@On` is.
 *
 * @throws TypeError on anything but a method, and where it is no task class. The options are checked when the bus starts,
 * and so is whether each task has one handler.
 */
export function Handles<C extends TaskClass>(
  task: C,
  options?: SubscriptionOptions<TaskOf<C>>,
): TaskMark<TaskOf<C>> {
  refuseBare(options);
  const mark = (...args: readonly unknown[]): void => {
    const place = placeOf(`@Handles(${namesOf(task)})`, args);
    const of = `@Handles of ${place.label}`;
    refuse([...taskFaults(of, task), ...optionFaults(of, options)]);
    const events = listOf(task as unknown as EventClass);
    const { method, isStatic } = place;
    marksOn(place.holder, place.label).handlers.push({
      method,
      isStatic,
      events,
      options: Object.freeze({ ...options }) as SubscriptionOptions<never>,
    });
  };
  return mark as TaskMark<TaskOf<C>>;
}

// `@Handles method() {}` calls Handles itself with a method's place.
function refuseBare(second: unknown): void {
  if (typeof second !== "string" && typeof second !== "symbol" && !isTc39Context(second)) return;
  throw new TypeError("@Handles needs its task: write @Handles(Task), with parentheses.");
}

function optionFaults(of: string, options: unknown): string[] {
  if (options === undefined || isObject(options)) return [];
  return [`Expected the options of ${of} to be an object, got ${show(options)}.`];
}
