/** What a transport hands out and nobody planned here: it becomes a delivery, or it ends at once. */
import { toError, UnknownEventError } from "../errors.js";
import { deadLetter } from "../delivery/outcome.js";
import type { Item, Settlement as Settled } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";
import type { Placement } from "./placement.js";
import { giveBackInbox, type Planner } from "./planner.js";
import type { Receiver, Reception } from "./port-carriage.js";
import type { Publication } from "./publication.js";
import type { Recorder } from "./recorder.js";
import type { Route } from "./route.js";
import { recordOf, type Settlement } from "./settlement.js";
import type { Ticket } from "./ticket.js";
import { attemptOf, deadLetterOf } from "./undeliverable.js";
import { fromWire } from "./wire.js";

export interface ReceivingParts {
  readonly planner: Planner;
  readonly placement: Placement;
  readonly recorder: Recorder;
  readonly settlement: Settlement;
}

const POISON = deadLetter("poison");
const PARKED = deadLetter("parked");

export class Receiving implements Reception {
  readonly #facilities: Facilities;
  readonly #parts: ReceivingParts;

  constructor(facilities: Facilities, parts: ReceivingParts) {
    this.#facilities = facilities;
    this.#parts = parts;
  }

  receive(item: Item, route: Route, to: Receiver): Settled | undefined {
    try {
      if ("undecodable" in item.envelope) throw item.envelope.error;
      const ticket = this.#ticket(item, route, fromWire(item.envelope, this.#facilities));
      if (to.isParked) ticket.foregone = { outcome: PARKED };
      return this.#admitted(ticket, to);
    } catch (error) {
      return this.#refused(item, toError(error), to);
    }
  }

  spoiled(ticket: Ticket): void {
    const { recorder } = this.#parts;
    giveBackInbox(ticket);
    recorder.leaves(ticket, "deadLettered");
    recorder.ended(ticket, "deadLettered", { reason: "undecodable" });
  }

  told(ticket: Ticket, reason: string): void {
    this.#parts.recorder.lost(ticket, reason);
  }

  withdraw(ticket: Ticket, reason: string): void {
    this.#parts.settlement.giveUp(ticket, "abandoned", { reason: `lost (${reason})` });
  }

  #ticket(item: Item, route: Route, publication: Publication): Ticket {
    const { definition, routing } = publication.topic;
    // Its group is bound to what another version of the application wants of it, or wanted.
    if (!routing.routes.includes(route)) throw new UnknownEventError(definition.name, route.name);
    const ticket = this.#parts.planner.ticket(route, publication);
    ticket.item = item;
    ticket.failures = item.failures;
    ticket.history = item.history.map(attemptOf);
    const { crashes = 3 } = route.subscription.options;
    if (item.deliveries > route.retry.attempts + crashes) ticket.foregone = { outcome: POISON };
    return ticket;
  }

  #admitted(ticket: Ticket, { carriage, taken }: Receiver): Settled | undefined {
    const { planner, placement } = this.#parts;
    const sifted = planner.sift(ticket, !carriage.isStore);
    placement.routed(ticket);
    if (sifted !== undefined) {
      placement.end(ticket, sifted);
      return { kind: "done" };
    }
    taken(ticket);
    ticket.route.lane.claim();
    ticket.route.lane.place(ticket);
    return undefined;
  }

  /* It is kept with its bytes, and its neighbours go on. */
  #refused(item: Item, error: Error, { carriage }: Receiver): Settled {
    const { deadLetters, log } = this.#facilities;
    const letter = deadLetterOf(item, error, this.#facilities);
    const { reason, at } = letter;
    if (carriage.keepsDeadLetters) deadLetters.keptElsewhere(at.getTime());
    else deadLetters.add(letter);
    const store = carriage.keepsDeadLetters ? carriage.name : undefined;
    log.undeliverable(item.group, { reason, error, store });
    return { kind: "deadLetter", reason, attempt: recordOf(letter.attempts.at(-1)!) };
  }
}
