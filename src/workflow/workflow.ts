/** What all divided work is: it can be run like a task, and drawn. */
import type { ResultOf } from "../task/task-types.js";
import type { AnyTask, Work } from "../event/event.js";
import { definitionOf } from "../event/definition.js";
import { makeStartable, type Whole } from "../task/work.js";
import type { Plan } from "./plan.js";
import { draw, type Form } from "./draw.js";

/** Work that consists of other work; `bus.run` runs it, and it can be part of other work. */
export interface Workflow<out R> extends Work<R> {
  /** Draws it: as an indented list, as a Mermaid flowchart, or in DOT. Defaults to `"text"`. */
  describe(form?: Form): string;
}

/** A task class that takes A, or a function from A to work. */
export type Link<A, B> = { new (data: A): Work<B>; readonly taskName: string } | ((result: A) => Work<B>);

/** How one member of a group ended. */
export type Settled<R> =
  | { readonly state: "done"; readonly value: R }
  | { readonly state: "failed"; readonly error: unknown }
  | { readonly state: "cancelled" };

/** The results of a group's members: themselves where all are required, otherwise how each ended. */
export type GroupResult<W, Q> = Q extends "all"
  ? { -readonly [I in keyof W]: ResultOf<W[I]> }
  : { -readonly [I in keyof W]: Settled<ResultOf<W[I]>> };

/** One run of a workflow: begins at once, and is told when somebody cancels it. */
export interface Course {
  begin(): void;
  cancel(): void;
}

class Divided {
  readonly plan: Plan;

  constructor(plan: Plan, course: (whole: Whole) => Course) {
    this.plan = plan;
    makeStartable(this, (_, ports, order) => {
      let underway: Course | undefined;
      const whole = ports.whole(plan.kind, order, () => underway?.cancel());
      underway = course(whole);
      underway.begin();
      return whole;
    });
    Object.freeze(this);
  }

  describe(form: Form = "text"): string {
    return draw(this.plan, form);
  }
}

/** Makes a workflow of a plan; each run of it has a course of its own. */
export function workflow<R>(plan: Plan, course: (whole: Whole) => Course): Workflow<R> {
  return new Divided(plan, course) as unknown as Workflow<R>;
}

/** The plan of any work. */
export function planOf(work: Work): Plan {
  if (work instanceof Divided) return work.plan;
  return { kind: "task", name: definitionOf(work as AnyTask as never).name };
}
