/** `@Handles`: marks a method as the handler of a task. */
import type { SubscriptionOptions } from "../delivery/policies.js";
import type { AnyTask, EventClass, NameOf } from "../event/event.js";
import { refuse } from "../runtime/options.js";
import { listOf, namesOf, taskFaults } from "../subscriber/events-given.js";
import { optionFaults, refuseBare } from "../subscriber/mark-options.js";
import { placeOf } from "../subscriber/mark-place.js";
import { marksOn } from "../subscriber/marks.js";
import type { CheckOf, Mark, MarkRule } from "../subscriber/method-mark.js";
import type { TaskDelivery } from "./task-delivery.js";
import type { AnswerOf, TaskAnswer, TaskClass, TaskOf } from "./task-types.js";

/** The type of `@Handles`. */
export type TaskMark<T extends AnyTask> = Mark<TaskRule<T>, "task">;

/** For a method that can handle the task and answers its result. */
export interface TaskRule<T extends AnyTask> extends MarkRule {
  readonly check: CheckOf<
    this["method"],
    T,
    TaskDelivery<T>,
    TaskAnswer<T>,
    `@Handles(${NameOf<T>})`,
    AnswerOf<T>
  >;
}

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
  refuseBare(options, "@Handles needs its task: write @Handles(Task)");
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
