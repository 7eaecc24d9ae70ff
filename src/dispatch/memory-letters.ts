/** The dead letters that this process keeps in memory: replayed into their lanes, discarded, resumed. */
import type { Receipt } from "../delivery/receipt.js";
import { isEvent } from "../event/definition.js";
import type { AnyEvent } from "../event/event.js";
import type { DeadLetter, DeadLetterBox } from "../ledger/dead-letter-box.js";
import { show } from "../runtime/options.js";
import { edited, type Edit, named } from "./edit.js";
import type { Facilities } from "./facilities.js";
import type { Wanted } from "./letter-filter.js";
import type { Placement } from "./placement.js";
import type { Planner } from "./planner.js";
import { PublishReceipt } from "./receipts.js";
import type { Registry } from "./registry.js";
import type { Route } from "./route.js";
import type { Settlement } from "./settlement.js";
import type { Ticket } from "./ticket.js";
import { publicationOf } from "./wire.js";

/** What they need of the rest of the bus. */
export interface MemoryLetterParts {
  readonly facilities: Facilities;
  readonly registry: Registry;
  readonly planner: Planner;
  readonly placement: Placement;
  readonly settlement: Settlement;
}

interface Readmission {
  readonly route: Route;
  readonly isReplay: boolean;
}

const PARKED = "parked";

export class MemoryLetters {
  readonly #parts: MemoryLetterParts;

  constructor(parts: MemoryLetterParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#box.size(this.#now());
  }

  /** Oldest first. */
  list(isWanted: Wanted): readonly DeadLetter[] {
    return this.#box.list(this.#now(), isWanted);
  }

  has({ id }: DeadLetter): boolean {
    return this.#box.get(id) !== undefined;
  }

  replay(letter: DeadLetter, edit: Edit | undefined): Receipt {
    const kept = this.#box.get(letter.id)!;
    const route = this.#routeOf(kept);
    if (!isEvent(kept.event)) throw new TypeError(`${named(kept)} never became an event. Discard it.`);
    const event = edit === undefined ? kept.event : edited(edit, kept.event);
    this.#box.delete(kept.id);
    return this.#admit(kept, event, { route, isReplay: true });
  }

  discard({ id }: DeadLetter): void {
    this.#box.delete(id);
  }

  /** In one go: nothing that is published meanwhile comes between. */
  resume(route: Route, key: string): number {
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

  #routeOf(letter: DeadLetter): Route {
    const route = this.#parts.registry.route(letter.subscription);
    if (route !== undefined) return route;
    throw new TypeError(
      `No subscription is named ${letter.subscription} any more. Add it again, or discard the letter.`,
    );
  }

  get #box(): DeadLetterBox {
    return this.#parts.facilities.deadLetters;
  }

  #now(): number {
    return this.#parts.facilities.runtime.host.now();
  }
}

function isParked({ subscription, reason, event, envelope }: DeadLetter, route: Route, key: string): boolean {
  return subscription === route.name && reason === PARKED && route.keyOf(event, envelope.key) === key;
}

/** Names a subscription that nobody has. */
export function unknownSubscription(name: string): TypeError {
  return new TypeError(`No subscription is named ${show(name)}.`);
}
