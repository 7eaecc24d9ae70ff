/** What happened on a test bus: events as they were told, what became of each delivery. Everything that is asserted comes from here. */
import { definitionOf } from "../event/definition.js";
import {
  type AnyEvent,
  deadLetter,
  type DeliveryNotice,
  done,
  drop,
  type Envelope,
  type Notices,
  type Outcome,
  retry,
} from "../index.js";

/** An event that was published, with where it came from. */
export interface PublishedEvent {
  readonly event: AnyEvent;
  readonly id: string;
  readonly name: string;
  readonly cause: string | undefined;
  readonly hops: number;
  /** The subscription in whose delivery it was published. */
  readonly by: string | undefined;
  /** Milliseconds of the bus's clock. */
  readonly at: number;
}

/** One thing that became of a delivery. */
export interface Turn {
  readonly kind: "handled" | "failed" | "muted" | "retried" | Ending;
  readonly eventId: string;
  readonly subscription: string;
  readonly attempt: number;
  readonly reason: string | undefined;
  readonly error: unknown;
  readonly at: number;
  /** What the handler got, where it got one. */
  readonly event: AnyEvent | undefined;
}

export type Ending = "deadLettered" | "dropped" | "deduplicated" | "filtered" | "expired" | "abandoned";

const ENDINGS: readonly Ending[] = [
  "deadLettered",
  "dropped",
  "deduplicated",
  "filtered",
  "expired",
  "abandoned",
];

export class Story {
  readonly published: PublishedEvent[] = [];
  readonly unhandled: AnyEvent[] = [];
  readonly turns: Turn[] = [];
  readonly #byId = new Map<string, PublishedEvent>();
  readonly #handed = new Map<string, AnyEvent>();
  readonly #muted = new Set<string>();
  readonly #now: () => number;

  /** `now` is the clock of the bus, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Follows what a bus tells. */
  follow(notices: Notices): void {
    notices.on("delivery.done", (notice) => this.#done(notice));
    notices.on("delivery.retried", (notice) => this.#turn("retried", notice));
    for (const kind of ENDINGS) notices.on(`delivery.${kind}`, (notice) => this.#turn(kind, notice));
    notices.on("event.unhandled", ({ eventId }) => {
      const published = this.#byId.get(eventId);
      if (published !== undefined) this.unhandled.push(published.event);
    });
  }

  told(event: AnyEvent, { id, name, cause, hops }: Envelope, by: string | undefined): PublishedEvent {
    const published = { event, id, name, cause, hops, by, at: this.#now() };
    this.published.push(published);
    this.#byId.set(id, published);
    return published;
  }

  /** A handler gets this event. */
  handed(eventId: string, subscription: string, event: AnyEvent): void {
    this.#handed.set(`${eventId} ${subscription}`, event);
  }

  /** A mode of the test bus keeps the delivery from its handler. */
  muted(eventId: string, subscription: string): void {
    this.#muted.add(`${eventId} ${subscription}`);
  }

  /** A handler that `invoke` ran has ended; its failure is the caller's. */
  invoked(facts: Pick<Turn, "eventId" | "subscription" | "event" | "error">, isFailure: boolean): void {
    const kind = isFailure ? "failed" : "handled";
    this.turns.push({ ...facts, kind, attempt: 1, reason: undefined, at: this.#now() });
  }

  /** A publish was refused, since nobody handles the event of this name. */
  refused(events: readonly AnyEvent[], name: string): void {
    this.unhandled.push(...events.filter((event) => definitionOf(event).name === name));
  }

  byId(id: string): PublishedEvent | undefined {
    return this.#byId.get(id);
  }

  /** The event of a turn: what the handler got, or what was published. */
  eventOf({ event, eventId }: Turn): AnyEvent | undefined {
    return event ?? this.#byId.get(eventId)?.event;
  }

  /** The names of the events that led to this one, the first ahead. */
  chainOf(id: string): string[] {
    const names: string[] = [];
    for (let at = this.#byId.get(id); at !== undefined; at = this.#byId.get(at.cause ?? ""))
      names.unshift(at.name);
    return names;
  }

  #done(notice: DeliveryNotice): void {
    const isMuted = this.#muted.delete(`${notice.eventId} ${notice.subscription}`);
    this.#turn(isMuted ? "muted" : "handled", notice);
  }

  #turn(kind: Turn["kind"], notice: DeliveryNotice): void {
    const { eventId, subscription, attempt, reason, error } = notice;
    const event = this.#handed.get(`${eventId} ${subscription}`);
    this.turns.push({ kind, eventId, subscription, attempt, reason, error, at: this.#now(), event });
  }
}

/** The outcome of a turn, as a handler would have answered it. */
export function outcomeOf({ kind, reason = kind }: Turn): Outcome {
  if (kind === "retried") return retry({ reason });
  if (kind === "deadLettered") return deadLetter(reason);
  return kind === "handled" || kind === "muted" ? done() : drop(reason);
}

/** Whether an attempt failed: it threw, ran into its timeout, or asked for a retry. */
export function isFailure({ kind, error }: Turn): boolean {
  return kind === "retried" || (kind !== "handled" && error !== undefined);
}
