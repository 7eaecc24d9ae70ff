/** Runs one delivery from start to end: the attempt, its async context, the call, the settlement. */
import type { BoundedLane, LaneRunner } from "../lane/lane.js";
import type { Seed } from "../lane/queued.js";
import { deadLetter } from "../delivery/outcome.js";
import { EventExpiredError } from "../errors.js";
import { type AttemptHost, AttemptDelivery } from "./attempt.js";
import { Batches } from "./batches.js";
import type { Facilities } from "./facilities.js";
import type { Publication } from "./publication.js";
import type { Recorder } from "./recorder.js";
import type { Settlement } from "./settlement.js";
import { TaskAttempt } from "./task-attempt.js";
import { SAMPLED, type Ticket } from "./ticket.js";

const SAMPLE_MASK = SAMPLED - 1;
const PARKED = deadLetter("parked");
const EXPIRED = Object.freeze({ reason: "expired before it started" });

export class Dispatcher implements LaneRunner<Ticket> {
  readonly #facilities: Facilities;
  readonly #host: AttemptHost;
  readonly #recorder: Recorder;
  readonly #settlement: Settlement;
  /** Runs several in one slot. */
  readonly batches: LaneRunner<Ticket> = new Batches(this);
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

  /** What has expired gives its place back when a lane is full, and not only when its turn comes. */
  relieve(lane: BoundedLane<Ticket>): void {
    const now = this.#facilities.runtime.host.now();
    const isOver = (entry: Ticket | Seed): boolean => (publicationOf(entry).expiresAt ?? Infinity) <= now;
    if (!lane.hasStanding(isOver)) return;
    for (const ticket of [...lane.standing()].filter(isOver))
      if (ticket.standing === "waiting") this.#settlement.giveUp(ticket, "expired", EXPIRED);
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
    const started = isMeasured ? { ...moment, monotonic: host.monotonic(), turn: ~moment.turn } : moment;
    const isTask = ticket.publication.follower !== undefined;
    return new (isTask ? TaskAttempt : AttemptDelivery)(ticket, this.#host, started);
  }
}

function run(attempt: AttemptDelivery): unknown {
  const { caller } = attempt.ticket.publication;
  return caller === undefined ? called(attempt) : caller.run(attempt, called, attempt);
}

function called(attempt: AttemptDelivery): unknown {
  return attempt.ticket.route.call(attempt.event, attempt);
}

/* The seeds of a lane are publications. */
function publicationOf(entry: Ticket | Seed): Publication {
  return "publication" in entry ? entry.publication : (entry as Publication);
}

function isExpired({ publication: { expiresAt } }: Ticket, { runtime }: Facilities): boolean {
  return expiresAt !== undefined && expiresAt <= runtime.host.now();
}

function isParked({ key, route, isReplay }: Ticket): boolean {
  return key !== undefined && !isReplay && route.parked.has(key);
}
