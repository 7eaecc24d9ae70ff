/** Writes down what became of a delivery: its counts, its tree, notices, journal and log. It decides nothing. */
import type { DeliveryNoticeName } from "../delivery/notice.js";
import type { LogFacts } from "../ledger/log.js";
import type { Final } from "../ledger/tree.js";
import type { Facilities } from "./facilities.js";
import type { Ticket } from "./ticket.js";

/** Why, and by which error. */
export interface Because {
  readonly reason: string;
  readonly error?: unknown;
}

type Ending = Exclude<Final, "done">;

const NOTICE: Readonly<Record<Ending, DeliveryNoticeName>> = {
  deadLettered: "delivery.deadLettered",
  dropped: "delivery.dropped",
  deduplicated: "delivery.deduplicated",
  filtered: "delivery.filtered",
  expired: "delivery.expired",
  abandoned: "delivery.abandoned",
};

export class Recorder {
  readonly #facilities: Facilities;

  constructor(facilities: Facilities) {
    this.#facilities = facilities;
  }

  /** On the way of every delivery that is handled: nothing is made unless somebody listens. */
  done(ticket: Ticket, ran: number): void {
    ticket.route.counts.done++;
    ticket.route.lane.handled++;
    if (this.#facilities.notices.hears("delivery.done"))
      this.#post("delivery.done", ticket, { reason: "" }, ran);
    if (this.#facilities.journal !== undefined)
      this.note(ticket, "done", `attempt ${ticket.attempts} was handled`);
    ticket.tree.done();
  }

  /** Any other end. */
  ended(ticket: Ticket, how: Ending, because: Because, ran = 0): void {
    const { route, tree } = ticket;
    route.counts[how]++;
    if (how === "dropped") route.lane.dropped++;
    tree.count(how, how === "filtered" ? undefined : notHandled(ticket, how, because.reason));
    this.#post(NOTICE[how], ticket, because, ran);
    this.note(ticket, how, because.reason);
    tree.closed();
  }

  started(ticket: Ticket): void {
    if (this.#facilities.notices.hears("delivery.started"))
      this.#post("delivery.started", ticket, { reason: "" }, 0);
  }

  retried(ticket: Ticket, because: Because, afterMs: number, ran: number): void {
    this.#post("delivery.retried", ticket, because, ran);
    this.note(ticket, "retried", `${because.reason}; again in ${Math.round(afterMs)} ms`);
  }

  stuck(ticket: Ticket): void {
    if (ticket.attempt !== undefined) ticket.attempt.isStuck = true;
    this.#facilities.log.stuck(factsOf(ticket), ticket.route.timeout?.stuck ?? "hold");
    this.#post("delivery.stuck", ticket, { reason: "timeout" }, ticket.attempt?.ranMs() ?? 0);
  }

  late(ticket: Ticket, error: unknown): void {
    this.#post(
      "delivery.late",
      ticket,
      { reason: "ended after its settlement", error },
      ticket.attempt?.ranMs() ?? 0,
    );
    this.note(ticket, "late", "the handler ended after the delivery was settled");
  }

  lost(ticket: Ticket, reason: string): void {
    this.#post("delivery.lost", ticket, { reason }, 0);
    this.note(ticket, "lost", reason);
  }

  note(ticket: Ticket, decision: string, because: string): void {
    this.#facilities.journal?.note(ticket.publication.id, ticket.route.name, decision, because);
  }

  #post(name: DeliveryNoticeName, ticket: Ticket, because: Because, ran: number): void {
    const { notices, runtime } = this.#facilities;
    if (!notices.hears(name)) return;
    const waited = (ticket.attempt?.startedAt ?? ticket.waitingSince) - ticket.waitingSince;
    notices.post(name, {
      at: new Date(runtime.host.now()),
      ...factsOf(ticket),
      lane: ticket.route.lane.name,
      attempt: Math.max(1, ticket.attempts),
      waited: Math.max(0, waited),
      ran,
      reason: because.reason === "" ? undefined : because.reason,
      error: because.error,
    });
  }
}

/** What logs and notices name a delivery by. */
export function factsOf({ route, publication }: Ticket): LogFacts {
  return { subscription: route.name, event: publication.name, eventId: publication.id };
}

function notHandled({ route, publication }: Ticket, outcome: Ending, reason: string) {
  return { subscription: route.name, eventId: publication.id, outcome, reason };
}
