/** Runs one delivery from start to end: the attempt, its async context, the call, the settlement. */
import type { Runner } from "../lane/slots.js";
import { deadLetter } from "../delivery/outcome.js";
import { EventExpiredError } from "../errors.js";
import { type AttemptHost, AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import type { Recorder } from "./recorder.js";
import type { Settlement } from "./settlement.js";
import type { Ticket } from "./ticket.js";

/* An exact time costs two readings of the clock; one delivery in 64 tells as much of a percentile. */
const SAMPLE_MASK = 63;
const PARKED = deadLetter("parked");
const EXPIRED = Object.freeze({ reason: "expired before it started" });

export class Dispatcher implements Runner<Ticket> {
  readonly #facilities: Facilities;
  readonly #host: AttemptHost;
  readonly #recorder: Recorder;
  readonly #settlement: Settlement;
  #started = 0;

  constructor(facilities: Facilities, host: AttemptHost, recorder: Recorder, settlement: Settlement) {
    this.#facilities = facilities;
    this.#host = host;
    this.#recorder = recorder;
    this.#settlement = settlement;
  }

  start(ticket: Ticket): unknown {
    if (ticket.standing !== "running") return undefined; // a close gave it up while the hand-over held it
    const attempt = (ticket.attempt = this.#attempt(ticket));
    const { foregone } = ticket;
    if (foregone !== undefined && "outcome" in foregone) return foregone.outcome;
    if (isExpired(ticket, this.#facilities)) return EXPIRED;
    if (isParked(ticket)) return PARKED;
    ticket.attempts++;
    if (ticket.publication.expiresAt !== undefined) this.#expireIn(attempt, ticket.publication.expiresAt);
    if (foregone !== undefined) throw foregone.error;
    this.#recorder.started(ticket);
    return this.#facilities.notices.hearsBlocked ? this.#watched(attempt) : run(attempt);
  }

  /* Two readings of the clock for each delivery: only where somebody wants to know. */
  #watched(attempt: AttemptDelivery): unknown {
    const { host } = this.#facilities.runtime;
    const begun = host.monotonic();
    try {
      return run(attempt);
    } finally {
      this.#recorder.kept(attempt.ticket, host.monotonic() - begun);
    }
  }

  end(ticket: Ticket, answer: unknown, isFailure: boolean): void {
    if (ticket.attempt?.isExcused === true) ticket.route.lane.excused--;
    if (answer === EXPIRED) this.#settlement.giveUp(ticket, "expired", EXPIRED);
    else if (ticket.standing === "running") this.#settlement.end(ticket, answer, isFailure);
    else this.#recorder.late(ticket, isFailure ? answer : undefined);
  }

  /* Its signal aborts when the time of the event is over. */
  #expireIn(attempt: AttemptDelivery, expiresAt: number): void {
    const { timers, runtime } = this.#facilities;
    const { route, publication } = attempt.ticket;
    const expire = (): void => attempt.abort(new EventExpiredError(route.name, publication.name));
    attempt.expires(timers.after(Math.max(0, expiresAt - runtime.host.now()), expire, "expiry"));
  }

  #attempt(ticket: Ticket): AttemptDelivery {
    const { host, turn } = this.#facilities.runtime;
    const moment = turn.moment();
    const isMeasured = (++this.#started & SAMPLE_MASK) === 1;
    const started = isMeasured ? { ...moment, monotonic: host.monotonic(), turn: -1 } : moment;
    return new AttemptDelivery(ticket, this.#host, started);
  }
}

function run(attempt: AttemptDelivery): unknown {
  const { caller } = attempt.ticket.publication;
  return caller === undefined ? called(attempt) : caller.run(attempt, called, attempt);
}

function called(attempt: AttemptDelivery): unknown {
  return attempt.ticket.route.call(attempt.event, attempt);
}

function isExpired({ publication: { expiresAt } }: Ticket, { runtime }: Facilities): boolean {
  return expiresAt !== undefined && expiresAt <= runtime.host.now();
}

function isParked({ key, route, isReplay }: Ticket): boolean {
  return key !== undefined && !isReplay && route.parked.has(key);
}
