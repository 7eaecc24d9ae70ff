/** `group`: work side by side, and what of it must succeed. */
import type { AnyTask, Work } from "../event/event.js";
import { isEvent } from "../event/definition.js";
import {
  checkOptions,
  either,
  integerFrom,
  oneOf,
  type OptionTable,
  refuse,
  rule,
  show,
} from "../runtime/options.js";
import { isWork } from "../task/work.js";
import { GroupCourse, type GroupFacts } from "./group-course.js";
import { type GroupResult, planOf, type Workflow, workflow } from "./workflow.js";

export interface GroupOptions<Q extends "all" | "any" | number> {
  /** How many members must end with a result. Defaults to `"all"`. */
  require?: Q | undefined;
  /** How many members are on their way at once. Defaults to 1,000. */
  concurrency?: number | undefined;
  /** Runs once when all members have ended, however they did; nobody cancels it. */
  finally?: AnyTask | undefined;
}

const task = rule("a task", (value) => isWork(value) && isEvent(value));

export const groupOptions: OptionTable = {
  require: {
    ...either(oneOf("all", "any"), integerFrom(0)),
    about: "How many members must end with a result.",
    default: "all",
  },
  concurrency: { ...integerFrom(1), about: "How many members are on their way at once.", default: 1_000 },
  finally: { ...task, about: "Runs once when all members have ended." },
};

export const CONCURRENCY_DEFAULT = 1_000;

/**
 * Work side by side. The result is the members' results in their order; with `require: "any"` or a number it is how each
 * member ended. As soon as the requirement cannot be met any more, what has not started is cancelled, what runs gets its
 * signal, and the group fails with `GroupFailedError`; as long as it can be met, every member is run to its end. A group of
 * nothing is done at once.
 *
 * @throws TypeError where a member is no work, and for wrong options, all faults at once.
 */
export function group<const W extends readonly Work[], const Q extends "all" | "any" | number = "all">(
  work: W,
  options: GroupOptions<Q> = {},
): Workflow<GroupResult<W, Q>> {
  refuse([
    ...memberFaults(work),
    ...checkOptions("group options", options, groupOptions),
    ...tooMany(work, options),
  ]);
  const { require = "all", concurrency, finally: last } = options;
  const members = Object.freeze([...work]);
  const facts: GroupFacts = {
    members,
    required: require,
    concurrency: concurrency ?? CONCURRENCY_DEFAULT,
    last,
  };
  const plan = {
    kind: "group",
    parts: members.map(planOf),
    required: require,
    concurrency,
    finally: last && planOf(last),
  } as const;
  return workflow(plan, (whole) => new GroupCourse(facts, whole));
}

function memberFaults(work: unknown): string[] {
  if (!Array.isArray(work)) return [`Expected the members of group() to be an array, got ${show(work)}.`];
  return Array.from(work, (member: unknown, index) => ({ member, index }))
    .filter(({ member }) => !isWork(member))
    .slice(0, 10)
    .map(({ member, index }) => `Expected member ${index + 1} of group() to be work, got ${show(member)}.`);
}

function tooMany(work: readonly unknown[], { require }: GroupOptions<"all" | "any" | number>): string[] {
  if (typeof require !== "number" || !Array.isArray(work) || require <= work.length) return [];
  return [`Expected \`require\` to be at most the number of members, ${work.length}, got ${show(require)}.`];
}
