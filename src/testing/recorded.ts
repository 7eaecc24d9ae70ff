/** The lists that a test bus records, typed by event class. */
import type { AnyEvent, EventClass, EventOf, Events, Outcome, SubscriberClass } from "../index.js";
import { definitionOf } from "../event/definition.js";
import type { SubscriptionNames } from "./names-of.js";
import { outcomeOf, type Story, type Turn } from "./story.js";

/** One delivery, or one attempt at it, as it ended. */
export interface Recorded<out E extends AnyEvent> {
  /** What the handler got. */
  readonly event: E;
  readonly subscription: string;
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly error: unknown;
}

/** Whether an event is of one of the classes. */
export function isOf(event: AnyEvent, events: Events): boolean {
  const names = ([events].flat() as EventClass[]).map(({ eventName }) => eventName);
  return names.includes(definitionOf(event).name);
}

/** Reads a story in lists. */
export class Lists {
  readonly #story: Story;
  readonly #names: SubscriptionNames;

  constructor(story: Story, names: SubscriptionNames) {
    this.#story = story;
    this.#names = names;
  }

  published<const C extends Events>(events: C): EventOf<C>[] {
    const told = this.#story.published.map(({ event }) => event);
    return told.filter((event) => isOf(event, events)) as EventOf<C>[];
  }

  unhandled<const C extends Events>(events: C): EventOf<C>[] {
    return this.#story.unhandled.filter((event) => isOf(event, events)) as EventOf<C>[];
  }

  /** The turns that `is` accepts, of these events, of one subscriber's subscriptions where it is given. */
  turns<const C extends Events>(
    events: C,
    by: SubscriberClass | undefined,
    is: (turn: Turn) => boolean,
  ): Recorded<EventOf<C>>[] {
    const names = by === undefined ? undefined : this.#names.of(by);
    return this.#story.turns.flatMap((turn) => {
      const event = this.#story.eventOf(turn);
      if (event === undefined || !is(turn) || !isOf(event, events)) return [];
      if (names !== undefined && !names.has(turn.subscription)) return [];
      const { subscription, attempt, error } = turn;
      return [{ event: event as EventOf<C>, subscription, attempt, outcome: outcomeOf(turn), error }];
    });
  }
}
