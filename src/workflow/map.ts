/** `map` and `chunks`: one task for each of many inputs. */
import type { Work } from "../event/event.js";
import { isTaskClass } from "../event/definition.js";
import { checkOptions, checkValue, integerFrom, type OptionTable, refuse, show } from "../runtime/options.js";
import { CONCURRENCY_DEFAULT, groupOptions } from "./group.js";
import { GroupCourse } from "./group-course.js";
import type { Plan } from "./plan.js";
import { type Workflow, workflow } from "./workflow.js";

/** A task class that takes I. */
export interface Mapped<I, R> {
  new (data: I): Work<R>;
  readonly taskName: string;
}

const mapOptions: OptionTable = { concurrency: groupOptions["concurrency"]! };

/**
 * A group of one task for each input, which are read and checked at once; the results come in the order of the inputs.
 *
 * @throws TypeError for anything but a task class and inputs, and what the task's constructor throws.
 */
export function map<I, R>(
  task: Mapped<I, R>,
  inputs: Iterable<NoInfer<I>>,
  options: { concurrency?: number | undefined } = {},
): Workflow<R[]> {
  refuse([...faults("map()", task, inputs), ...checkOptions("map options", options, mapOptions)]);
  const members = Array.from(inputs, (input) => new task(input));
  const { concurrency } = options;
  const how = concurrency === undefined ? undefined : `${concurrency} at once`;
  return side(members, concurrency ?? CONCURRENCY_DEFAULT, planOf(task, members.length, how));
}

/**
 * The same in chunks: the tasks of a chunk run one after the other, the chunks side by side. The results come as one array
 * for each chunk.
 *
 * @throws TypeError as `map` does, and where the size is no integer from 1 up.
 */
export function chunks<I, R>(
  task: Mapped<I, R>,
  inputs: Iterable<NoInfer<I>>,
  size: number,
): Workflow<R[][]> {
  refuse([...faults("chunks()", task, inputs), ...checkValue("size", size, integerFrom(1))]);
  const members = Array.from(inputs, (input) => new task(input));
  const parts: Workflow<unknown>[] = [];
  for (let at = 0; at < members.length; at += size) {
    const own = members.slice(at, at + size);
    parts.push(side(own, 1, planOf(task, own.length, "one after the other")));
  }
  return side(parts, CONCURRENCY_DEFAULT, planOf(task, members.length, `in chunks of ${size}`));
}

function side<R>(members: readonly Work[], concurrency: number, plan: Plan): Workflow<R> {
  const facts = { members, required: "all", concurrency, last: undefined } as const;
  return workflow(plan, (whole) => new GroupCourse(facts, whole));
}

function planOf(task: { readonly taskName: string }, count: number, how: string | undefined): Plan {
  return { kind: "map", of: { kind: "task", name: task.taskName }, count, how };
}

function faults(by: string, task: unknown, inputs: unknown): string[] {
  const isIterable = typeof inputs === "object" && inputs !== null && Symbol.iterator in inputs;
  return [
    ...(isTaskClass(task) ? [] : [`Expected the task of ${by} to be a task class, got ${show(task)}.`]),
    ...(isIterable ? [] : [`Expected the inputs of ${by} to be iterable, got ${show(inputs)}.`]),
  ];
}
