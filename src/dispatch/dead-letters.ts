/** The dead letters of a bus, as applications see them: listed, replayed, discarded, resumed. */
import type { Receipt } from "../delivery/receipt.js";
import type { EventClass, EventOf, Events } from "../event/event.js";
import { definitionOf, isEvent } from "../event/definition.js";
import type { AnyEvent } from "../event/event.js";
import type { DeadLetter } from "../ledger/dead-letter-box.js";
import { show } from "../runtime/options.js";
import type { Facilities } from "./facilities.js";
import type { Placement } from "./placement.js";
import type { Planner } from "./planner.js";
import { PublishReceipt } from "./receipts.js";
import type { Registry } from "./registry.js";
import type { Route } from "./route.js";
import type { Settlement } from "./settlement.js";
import type { Ticket } from "./ticket.js";
import { publicationOf } from "./wire.js";

export interface DeadLetterFilter<C extends Events> {
  /** One event class or several. */
  events?: C | undefined;
  subscription?: string | undefined;
  reason?: string | undefined;
}

export interface DeadLetters {
  readonly size: number;
  /** Oldest first; what `redact` names is hidden. */
  list<const C extends Events = EventClass>(filter?: DeadLetterFilter<C>): Promise<DeadLetter<EventOf<C>>[]>;
  /** To the one subscription that failed, with new attempts; `edit` gives another event in its place. Passes dedupe and parking. */
  replay<E extends AnyEvent>(
    letter: DeadLetter<E>,
    options?: { edit?: ((event: E) => E) | undefined },
  ): Promise<Receipt>;
  /** Forgets it; the reason goes into the journal. */
  discard(letter: DeadLetter, reason: string): Promise<void>;
  /** What was parked of a key goes on, in order; answers how many. */
  resume(subscription: string, key: string): Promise<number>;
}

/** What dead letters need of the rest of the bus. */
export interface DeadLetterParts {
  readonly facilities: Facilities;
  readonly registry: Registry;
  readonly planner: Planner;
  readonly placement: Placement;
  readonly settlement: Settlement;
  /** Throws where the bus takes nothing. */
  readonly checkOpen: () => void;
}

interface Readmission {
  readonly route: Route;
  readonly isReplay: boolean;
}

const PARKED = "parked";

export class KeptDeadLetters implements DeadLetters {
  readonly #parts: DeadLetterParts;

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#box.size(this.#now());
  }

  async list<const C extends Events = EventClass>(
    filter: DeadLetterFilter<C> = {},
  ): Promise<DeadLetter<EventOf<C>>[]> {
    const events = filter.events && [filter.events].flat().map((each) => definitionOf(each as EventClass));
    const isWanted = (letter: DeadLetter): boolean =>
      (events === undefined || (isEvent(letter.event) && events.includes(definitionOf(letter.event)))) &&
      (filter.subscription === undefined || letter.subscription === filter.subscription) &&
      (filter.reason === undefined || letter.reason === filter.reason);
    const letters = this.#box.list(this.#now(), isWanted).map((letter) => this.#shown(letter));
    return letters as unknown as DeadLetter<EventOf<C>>[];
  }

  async replay<E extends AnyEvent>(
    letter: DeadLetter<E>,
    options: { edit?: ((event: E) => E) | undefined } = {},
  ): Promise<Receipt> {
    this.#parts.checkOpen();
    const kept = this.#kept(letter);
    const route = this.#routeOf(kept);
    if (!isEvent(kept.event)) throw new TypeError(`${named(kept)} never became an event. Discard it.`);
    const event = options.edit === undefined ? kept.event : this.#edited(options.edit(kept.event as E), kept);
    this.#box.delete(kept.id);
    return this.#admit(kept, event, { route, isReplay: true });
  }

  async discard(letter: DeadLetter, reason: string): Promise<void> {
    const kept = this.#kept(letter);
    this.#box.delete(kept.id);
    this.#parts.facilities.journal?.note(kept.envelope.id, kept.subscription, "discarded", reason);
  }

  async resume(subscription: string, key: string): Promise<number> {
    this.#parts.checkOpen();
    const route = this.#parts.registry.route(subscription);
    if (route === undefined) throw new TypeError(`No subscription is named ${show(subscription)}.`);
    this.#parkRest(route, key);
    const letters = this.#box.list(this.#now(), (letter) => isParked(letter, route, key));
    route.parked.delete(key);
    for (const letter of letters) {
      this.#box.delete(letter.id);
      this.#admit(letter, letter.event, { route, isReplay: false });
    }
    return letters.length;
  }

  /* What still waits in the lane came later than what is parked, so it may not go first. */
  #parkRest(route: Route, key: string): void {
    if (!route.parked.has(key)) return;
    const rest = [...route.lane.standing()].filter(
      (queued) => queued.keys === route.keys && queued.key === key,
    );
    for (const ticket of rest as Ticket[])
      if (!ticket.isReplay) this.#parts.settlement.deadLetter(ticket, { reason: PARKED });
  }

  /* A replay passes the inbox and is owed a place: it was accepted once. */
  #admit(letter: DeadLetter, event: AnyEvent, { route, isReplay }: Readmission): Receipt {
    const { facilities, planner, placement } = this.#parts;
    const topic = facilities.topics.of(event);
    const envelope = { ...letter.envelope, expiresAt: undefined }; // whoever replays it wants it handled now
    const publication = publicationOf(event, envelope, topic, facilities);
    const ticket = planner.ticket(route, publication);
    ticket.isReplay = isReplay;
    planner.claimsInbox(ticket); // whatever it answers: who passes it owns the key where nobody does
    placement.routed(ticket);
    route.lane.claim();
    route.lane.place(ticket);
    const facts = { accepted: [route.name], deduplicated: [], unhandled: false, held: false };
    return new PublishReceipt(publication, facts, facilities.bus);
  }

  #kept(letter: DeadLetter): DeadLetter {
    const kept = this.#box.get(letter.id);
    if (kept !== undefined) return kept;
    throw new TypeError(
      `${named(letter)} is not kept any more: it was replayed, discarded, or too old. List them again.`,
    );
  }

  #routeOf(letter: DeadLetter): Route {
    const route = this.#parts.registry.route(letter.subscription);
    if (route !== undefined) return route;
    throw new TypeError(
      `No subscription is named ${letter.subscription} any more. Add it again, or discard the letter.`,
    );
  }

  #edited(event: AnyEvent, letter: DeadLetter): AnyEvent {
    if (isEvent(event) && definitionOf(event) === definitionOf(letter.event)) return event;
    throw new TypeError(`Expected \`edit\` to give a ${letter.envelope.name}, got ${show(event)}.`);
  }

  #shown(letter: DeadLetter): DeadLetter {
    const { redaction } = this.#parts.facilities;
    if (redaction.isEmpty) return letter;
    const event = redaction.shown(letter.event);
    return Object.freeze({
      ...letter,
      event,
      envelope: Object.freeze({ ...letter.envelope, data: event as object }),
      raw: undefined,
    }) as DeadLetter;
  }

  get #box() {
    return this.#parts.facilities.deadLetters;
  }

  #now(): number {
    return this.#parts.facilities.runtime.host.now();
  }
}

function isParked({ subscription, reason, event, envelope }: DeadLetter, route: Route, key: string): boolean {
  return subscription === route.name && reason === PARKED && route.keyOf(event, envelope.key) === key;
}

function named({ id }: DeadLetter): string {
  return `Dead letter ${show(id)}`;
}
