/** Writes down what became of a delivery: its counts, its tree, notices, journal and log. It decides nothing. */
import type { DeliveryNoticeName } from "../delivery/notice.js";
import type { LogFacts } from "../ledger/log.js";
import type { Final } from "../ledger/tree.js";
import type { Facilities } from "./facilities.js";
import { NO_ATTEMPTS } from "./follower.js";
import type { Running, Ticket } from "./ticket.js";

/** Why, and by which error. */
export interface Because {
  readonly reason: string;
  readonly error?: unknown;
}

/** What a notice says of an attempt: by default of the latest. */
interface Told extends Because {
  readonly ran?: number;
  readonly attempt?: Running | undefined;
}

/* Long enough for a server to be slow for everybody else. */
const BLOCKED_MS = 100;

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
  /** Deliveries that ran, and are final because of that. */
  ranToEnd = 0;
  readonly #facilities: Facilities;

  constructor(facilities: Facilities) {
    this.#facilities = facilities;
  }

  /** It leaves its lane and is counted in one go, so that the counts add up for whoever looks in between. */
  leaves(ticket: Ticket, how: Ending): void {
    const { counts, lane } = ticket.route;
    counts[how]++;
    if (how === "dropped") lane.dropped++;
    if (ticket.attempts > 0 && how !== "abandoned") this.ranToEnd++;
    lane.end(ticket);
    ticket.route.onFinal?.(ticket, how);
  }

  /** The same for one that was handled. */
  leavesDone(ticket: Ticket): void {
    const { counts, lane } = ticket.route;
    counts.done++;
    lane.handled++;
    this.ranToEnd++;
    lane.end(ticket);
    ticket.route.onFinal?.(ticket, "done");
  }

  /** On the way of every delivery that is handled: nothing is made unless somebody listens. */
  done(ticket: Ticket, ran: number): void {
    if (this.#facilities.notices.hearsDone) this.#post("delivery.done", ticket, { reason: "", ran });
    if (this.#facilities.journal !== undefined)
      this.note(ticket, "done", `attempt ${ticket.attempts} was handled`);
    ticket.publication.handled();
  }

  /** Any other end. */
  ended(ticket: Ticket, how: Ending, because: Because, ran = 0): void {
    const { tree } = ticket;
    tree.count(how, how === "filtered" ? undefined : notHandled(ticket, how, because.reason));
    this.#post(NOTICE[how], ticket, { ...because, ran });
    this.note(ticket, how, because.reason);
    // What follows belongs to the tree.
    ticket.publication.follower?.ended(because, ticket.history ?? NO_ATTEMPTS, how === "abandoned");
    tree.closed();
  }

  started(ticket: Ticket): void {
    if (this.#facilities.notices.hearsStarted) this.#post("delivery.started", ticket, { reason: "" });
  }

  retried(ticket: Ticket, because: Because, afterMs: number, ran: number): void {
    this.#post("delivery.retried", ticket, { ...because, ran });
    this.note(ticket, "retried", `${because.reason}; again in ${Math.round(afterMs)} ms`);
  }

  stuck(ticket: Ticket): void {
    if (ticket.attempt !== undefined) ticket.attempt.isStuck = true;
    this.#facilities.log.stuck(factsOf(ticket), ticket.route.timeout?.stuck ?? "hold");
    this.#post("delivery.stuck", ticket, { reason: "timeout", ran: ticket.attempt?.ranMs() ?? 0 });
  }

  /** A handler kept the event loop to itself for so many milliseconds. */
  kept(ticket: Ticket, ms: number): void {
    if (ms >= BLOCKED_MS)
      this.#post("loop.blocked", ticket, { reason: "it did not give the event loop back", ran: ms });
  }

  /** Something ended after its settlement; by then the delivery may be in a later attempt. */
  late(ticket: Ticket, error: unknown, attempt: Running | undefined = ticket.attempt): void {
    const ran = attempt?.ranMs() ?? 0;
    this.#post("delivery.late", ticket, { reason: "ended after its settlement", error, ran, attempt });
    this.note(ticket, "late", "the handler ended after the delivery was settled");
  }

  lost(ticket: Ticket, reason: string): void {
    this.#post("delivery.lost", ticket, { reason });
    this.note(ticket, "lost", reason);
  }

  note(ticket: Ticket, decision: string, because: string): void {
    this.#facilities.journal?.note(ticket.publication.id, ticket.route.name, decision, because);
  }

  #post(name: DeliveryNoticeName | "loop.blocked", ticket: Ticket, told: Told): void {
    const { notices, runtime } = this.#facilities;
    if (!notices.hears(name)) return;
    const { reason, error, ran = 0, attempt = ticket.attempt } = told;
    const { waitingSince } = ticket;
    const waited = (attempt?.started ?? waitingSince).monotonic - waitingSince.monotonic;
    notices.post(name, {
      at: new Date(runtime.host.now()),
      ...factsOf(ticket),
      lane: ticket.route.lane.name,
      attempt: attempt?.attempt ?? 1,
      waited: Math.max(0, waited),
      ran,
      reason: reason === "" ? undefined : reason,
      error,
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
