/** Publishes that were accepted in part: the same event object, published again, goes only to those that refused it. */
import type { AnyEvent } from "../event/event.js";
import { PartlyAcceptedError } from "../errors.js";
import { portOf } from "./carrying.js";
import { byPublish, type Decided, isAccepted, type Plan, type Planned } from "./planner.js";

export class Partials {
  readonly #byEvent = new WeakMap<AnyEvent, Planned>();

  /* Counted apart, since asking a WeakMap costs as much as half of a publish; nobody may publish an event again. */
  #count = 0;
  readonly #forgotten = new FinalizationRegistry<undefined>(() => this.#count--);

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** What is left of an earlier publish of this very object, for the subscriptions that are still there. */
  get(event: AnyEvent): Planned | undefined {
    const left = this.#byEvent.get(event);
    if (left === undefined) return undefined;
    const { routes } = left.publication.topic.routing;
    return { ...left, routes: left.routes.filter((route) => routes.includes(route)) };
  }

  delete({ publication }: Planned): void {
    if (!this.#byEvent.delete(publication.event)) return;
    this.#forgotten.unregister(publication.event);
    this.#count--;
  }

  /** Remembers who took what, and throws on. */
  remember(planned: readonly Planned[], plan: Plan, error: unknown): never {
    if (error instanceof PartlyAcceptedError)
      for (const [each, decided] of byPublish(planned, plan)) this.#rememberOne(each, decided);
    throw error as Error;
  }

  #rememberOne(planned: Planned, decided: readonly Decided[]): void {
    const { event } = planned.publication;
    const refused = decided.filter((each) => each.decision === "wait" && each.ticket.isRefused);
    const taken = decided.filter(isAccepted).map((each) => each.ticket.route.name);
    if (!this.#byEvent.has(event)) this.#counted(event);
    this.#byEvent.set(event, {
      ...planned,
      acceptedBefore: [...planned.acceptedBefore, ...taken],
      isTold: planned.isTold || refused.length < decided.length || portOf(planned.publication) !== undefined,
      routes: refused.map((each) => each.ticket.route),
    });
  }

  #counted(event: AnyEvent): void {
    this.#count++;
    this.#forgotten.register(event, undefined, event);
  }
}
