/** Publishes that were accepted in part: the same event object, published again, goes only to those that refused it. */
import type { AnyEvent } from "../event/event.js";
import { PartlyAcceptedError } from "../errors.js";
import type { Plan, Planned } from "./planner.js";

export class Partials {
  readonly #byEvent = new WeakMap<AnyEvent, Planned>();

  /* Counted apart, since asking a WeakMap costs as much as half of a publish. */
  #count = 0;

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** What is left of an earlier publish of this very object. */
  get(event: AnyEvent): Planned | undefined {
    return this.#byEvent.get(event);
  }

  delete({ publication }: Planned): void {
    if (this.#byEvent.delete(publication.event)) this.#count--;
  }

  /** Remembers who took what, and throws on. */
  remember(planned: readonly Planned[], plan: Plan, error: unknown): never {
    if (error instanceof PartlyAcceptedError) for (const each of planned) this.#rememberOne(each, plan);
    throw error as Error;
  }

  #rememberOne(planned: Planned, plan: Plan): void {
    const { publication } = planned;
    const mine = plan.tickets.filter((ticket) => ticket.publication === publication);
    const refused = mine.filter((ticket) => ticket.isRefused);
    const taken = mine.filter((ticket) => !ticket.isRefused);
    const acceptedBefore = [...planned.acceptedBefore, ...taken.map((ticket) => ticket.route.name)];
    if (!this.#byEvent.has(publication.event)) this.#count++;
    this.#byEvent.set(publication.event, {
      ...planned,
      acceptedBefore,
      routes: refused.map((ticket) => ticket.route),
    });
  }
}
