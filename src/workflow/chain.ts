/** `chain` and `chord`: work one after the other, each result the input of the next. */
import { toError } from "../errors.js";
import { isTaskClass } from "../event/definition.js";
import type { Work } from "../event/event.js";
import { refuse, show } from "../runtime/options.js";
import { type Ending, isWork, type Started, type Whole } from "../task/work.js";
import type { Plan } from "./plan.js";
import { type Course, type Link, planOf, type Workflow, workflow } from "./workflow.js";

/**
 * Work one after the other: each result is the data of the next task, or the argument of a function that gives the next
 * work. The result is that of the last. What fails, or is cancelled, ends the chain as it ended itself, and nothing after it
 * starts. Longer chains are chains of chains.
 *
 * @throws TypeError where the first is no work, or a link is neither a task class nor a function.
 */
export function chain<A, B>(a: Work<A>, b: Link<NoInfer<A>, B>): Workflow<B>;
export function chain<A, B, C>(a: Work<A>, b: Link<NoInfer<A>, B>, c: Link<NoInfer<B>, C>): Workflow<C>;
export function chain<A, B, C, D>(
  a: Work<A>,
  b: Link<NoInfer<A>, B>,
  c: Link<NoInfer<B>, C>,
  d: Link<NoInfer<C>, D>,
): Workflow<D>;
// oxlint-disable-next-line max-params -- one list of work, typed link by link
export function chain<A, B, C, D, E>(
  a: Work<A>,
  b: Link<NoInfer<A>, B>,
  c: Link<NoInfer<B>, C>,
  d: Link<NoInfer<C>, D>,
  e: Link<NoInfer<D>, E>,
): Workflow<E>;
export function chain(first: Work, ...links: readonly Link<never, unknown>[]): Workflow<unknown> {
  return chained("chain()", first, links);
}

/**
 * Work, most often a group, and what is run with its results when all of it has ended well: `chain` of two, under the name
 * that it has elsewhere.
 */
export function chord<R, B>(group: Work<R>, callback: Link<NoInfer<R>, B>): Workflow<B> {
  return chained("chord()", group, [callback]) as Workflow<B>;
}

function chained(by: string, first: Work, links: readonly Link<never, unknown>[]): Workflow<unknown> {
  refuse([
    ...(isWork(first) ? [] : [`Expected the first part of ${by} to be work, got ${show(first)}.`]),
    ...links.flatMap((link, index) =>
      typeof link === "function"
        ? []
        : [`Expected part ${index + 2} of ${by} to be a task class or a function, got ${show(link)}.`],
    ),
  ]);
  const plan: Plan = { kind: "chain", parts: [planOf(first), ...links.map(linkPlan)] };
  return workflow(plan, (whole) => new ChainCourse(first, links as readonly Link<unknown, unknown>[], whole));
}

function linkPlan(link: Link<never, unknown>): Plan {
  return isTaskClass(link) ? { kind: "task", name: link.eventName } : { kind: "function", name: link.name };
}

class ChainCourse implements Course {
  readonly #first: Work;
  readonly #links: readonly Link<unknown, unknown>[];
  readonly #whole: Whole;
  #current: Started | undefined;

  constructor(first: Work, links: readonly Link<unknown, unknown>[], whole: Whole) {
    this.#first = first;
    this.#links = links;
    this.#whole = whole;
  }

  begin(): void {
    this.#start(this.#first, 0);
  }

  cancel(): void {
    this.#current?.revoke(this.#whole.cancelReason ?? "its chain was cancelled");
  }

  #start(work: Work, index: number): void {
    let isOver = false;
    const started = this.#whole.start(work, index, (ending) => {
      isOver = true;
      this.#ended(ending, index);
    });
    if (isOver) return; // it ended while it started, and the next has taken its place
    this.#current = started;
    started?.accepted?.catch(() => undefined);
  }

  #ended(ending: Ending, index: number): void {
    this.#current = undefined;
    this.#whole.report(index + 1, this.#links.length + 1);
    if (ending.state !== "done") return this.#whole.end(ending.state, ending.error);
    const link = this.#links[index];
    if (link === undefined) return this.#whole.end("done", ending.value);
    if (this.#whole.cancelReason !== undefined) return this.#whole.endCancelled();
    this.#follow(link, ending.value, index + 1);
  }

  #follow(link: Link<unknown, unknown>, value: unknown, index: number): void {
    let work: Work;
    try {
      work = workOf(link, value);
    } catch (error) {
      return this.#whole.end("failed", toError(error));
    }
    this.#start(work, index);
  }
}

function workOf(link: Link<unknown, unknown>, value: unknown): Work {
  if (isTaskClass(link)) return new link(value) as unknown as Work;
  const work: unknown = (link as (result: unknown) => unknown)(value);
  if (isWork(work)) return work;
  throw new TypeError(`Expected a function of a chain to give work at once, got ${show(work)}.`);
}
