/** Decides what an attempt comes to: done, tried again, dead letter, dropped, given back. First settlement wins. */
import { EventExpiredError, HandlerTimeoutError, toError } from "../errors.js";
import { isOutcome, type Outcome } from "../delivery/outcome.js";
import type { Attempt, DeadLetter } from "../ledger/dead-letter-box.js";
import type { AttemptRecord, Settlement as Settled } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";
import { type Because, factsOf, type Recorder } from "./recorder.js";
import { SAMPLED, type Ticket } from "./ticket.js";

/* A transport keeps it with each failure: the message may hold whatever a server sent. */
const RECORD_MAX = 10_000;

export class Settlement {
  readonly #facilities: Facilities;
  readonly #recorder: Recorder;
  /** After this moment of the monotonic clock no retry is waited for: the bus is closing. */
  closesAt: number = Infinity;
  /** Told of each delivery that is given up undone. */
  onAbandoned: (ticket: Ticket) => void = () => undefined;

  constructor(facilities: Facilities, recorder: Recorder) {
    this.#facilities = facilities;
    this.#recorder = recorder;
  }

  /** An attempt has ended: with what the handler answered, or threw. */
  end(ticket: Ticket, answer: unknown, isFailure: boolean): void {
    const ran = this.#measured(ticket);
    ticket.attempt?.over();
    if (isFailure) this.#failed(ticket, answer, ran);
    else if (isOutcome(answer)) this.#answered(ticket, answer, ran);
    else this.#taken(ticket, answer, ran);
  }

  #taken(ticket: Ticket, answer: unknown, ran: number): void {
    const { follower } = ticket.publication;
    try {
      follower?.takes(answer);
    } catch (error) {
      return this.#failed(ticket, error, ran);
    }
    this.#done(ticket, ran);
  }

  /** Ends a delivery that did not come to an attempt, or whose attempt is given up. */
  giveUp(ticket: Ticket, how: "dropped" | "abandoned" | "expired", because: Because): void {
    ticket.attempt?.over();
    this.#free(ticket);
    this.#recorder.leaves(ticket, how);
    this.#tell(ticket, how === "abandoned" ? { kind: "release" } : { kind: "drop", reason: because.reason });
    this.#recorder.ended(ticket, how, because);
    if (how === "abandoned") this.onAbandoned(ticket);
  }

  /** Keeps a delivery as a dead letter, wherever it stands. */
  deadLetter(ticket: Ticket, because: Because, ran = 0): void {
    const { route } = ticket;
    this.#free(ticket);
    this.#keep(ticket, because);
    if (ticket.key !== undefined && route.subscription.options.keyFailure === "park" && !isKept(ticket))
      route.parked.add(ticket.key);
    this.#recorder.leaves(ticket, "deadLettered");
    this.#tell(ticket, { kind: "deadLetter", reason: because.reason, ...this.#lastOf(ticket, because) });
    const store = isKept(ticket) ? ticket.publication.topic.carriage.name : undefined;
    this.#facilities.log.deadLettered(
      factsOf(ticket),
      { reason: because.reason, error: because.error, store },
      ticket.failures,
    );
    this.#recorder.ended(ticket, "deadLettered", because, ran);
  }

  #done(ticket: Ticket, ran: number): void {
    const { route } = ticket;
    if (ticket.inboxKey !== undefined) route.inbox?.keep(ticket.inboxKey, ticket, this.#now());
    route.lane.attempted(false);
    this.#recorder.leavesDone(ticket);
    this.#tell(ticket, { kind: "done" });
    this.#recorder.done(ticket, ran);
  }

  #answered(ticket: Ticket, outcome: Outcome, ran: number): void {
    if (outcome.outcome === "done") return this.#done(ticket, ran);
    if (outcome.outcome === "retry") {
      if (ticket.attempt?.isWithdrawn === true) return this.#withdrawn(ticket, undefined);
      const cancelled = ticket.publication.follower?.cancelReason;
      if (cancelled !== undefined) return this.giveUp(ticket, "dropped", { reason: cancelled });
      const because = { reason: outcome.reason ?? "asked for a retry" };
      return this.#tryAgain(ticket, { because, ran, afterMs: outcome.after });
    }
    if (ticket.attempts > 0) ticket.route.lane.attempted(false);
    if (outcome.outcome === "deadLetter")
      return this.deadLetter(ticket, { reason: outcome.reason, error: whyForegone(ticket) }, ran);
    return this.giveUp(ticket, "dropped", { reason: outcome.reason });
  }

  #failed(ticket: Ticket, thrown: unknown, ran: number): void {
    const error = toError(thrown);
    if (ticket.attempt?.isWithdrawn === true) return this.#withdrawn(ticket, error);
    if (error instanceof EventExpiredError && error.subscription === ticket.route.name)
      return this.giveUp(ticket, "expired", { reason: "expired while it ran", error });
    const cancelled = ticket.publication.follower?.cancelReason;
    if (cancelled !== undefined) return this.giveUp(ticket, "dropped", { reason: cancelled, error });
    const because = { reason: this.#isTimeout(ticket, error) ? "timeout" : "failed", error };
    const ruled = this.#ruled(ticket, error);
    if (ruled === undefined) return this.#tryAgain(ticket, { because, ran, afterMs: undefined });
    if (ruled.outcome === "done") return this.#done(ticket, ran);
    if (ruled.outcome === "retry") return this.#tryAgain(ticket, { because, ran, afterMs: ruled.after });
    this.#countFailure(ticket, error, ran);
    const { reason } = ruled;
    if (ruled.outcome === "deadLetter") return this.deadLetter(ticket, { reason, error }, ran);
    return this.giveUp(ticket, "dropped", { reason, error });
  }

  /* Not a failure: what aborted it takes it back. */
  #withdrawn(ticket: Ticket, error: unknown): void {
    this.giveUp(ticket, "abandoned", { reason: "its signal aborted before it was done", error });
  }

  /* Not that of a handler which this one invoked. */
  #isTimeout(ticket: Ticket, error: Error): boolean {
    return error instanceof HandlerTimeoutError && error.subscription === ticket.route.name;
  }

  #tryAgain(ticket: Ticket, failure: { because: Because; ran: number; afterMs: number | undefined }): void {
    const { route } = ticket;
    const { because, ran } = failure;
    this.#countFailure(ticket, because.error, ran);
    if (ticket.failures >= route.retry.attempts)
      return this.deadLetter(ticket, because.error === undefined ? { reason: "failed" } : because, ran);
    const afterMs = failure.afterMs ?? this.#delayMs(ticket, because.error);
    const { expiresAt = Infinity } = ticket.publication;
    if (this.#facilities.runtime.host.now() + afterMs >= expiresAt)
      return this.giveUp(ticket, "expired", {
        reason: "its next attempt comes after its expiry",
        error: because.error,
      });
    if (ticket.item !== undefined && ticket.publication.topic.carriage.takesRetry(afterMs))
      return this.#handBack(ticket, { because, ran, afterMs });
    if (this.#facilities.runtime.host.monotonic() + afterMs > this.closesAt)
      return this.giveUp(ticket, "abandoned", { reason: "its retry is due after the deadline of close()" });
    this.#recorder.retried(ticket, because, afterMs, ran);
    route.lane.hold(ticket, afterMs);
  }

  /* The store keeps it until it is due, and hands it out again: here it was never routed. */
  #handBack(ticket: Ticket, failure: { because: Because; ran: number; afterMs: number }): void {
    const { because, ran, afterMs } = failure;
    this.#recorder.retried(ticket, because, afterMs, ran);
    ticket.route.counts.routed--;
    ticket.route.lane.end(ticket);
    this.#tell(ticket, { kind: "retry", afterMs, attempt: recordOf(ticket.history!.at(-1)!) });
    ticket.tree.closed();
  }

  #tell(ticket: Ticket, settlement: Settled): void {
    const { item, publication } = ticket;
    if (item === undefined) return;
    const { carriage } = publication.topic;
    const settle = (): void => carriage.settle(item, settlement);
    if (settlement.kind === "done" && publication.follower?.holds(settle) === true) carriage.lend(item);
    else settle();
  }

  #countFailure(ticket: Ticket, error: unknown, ran: number): void {
    ticket.failures++;
    ticket.route.lane.failed++;
    ticket.route.lane.attempted(true);
    const at = new Date(this.#facilities.runtime.host.now());
    (ticket.history ??= []).push(Object.freeze({ attempt: ticket.failures, at, ran, error }));
  }

  /* A rule and a backoff are the application's code: what they throw must not cost the delivery. */
  #ruled(ticket: Ticket, error: unknown): Outcome | undefined {
    try {
      return ticket.route.retry.rule(error, ticket.failures + 1);
    } catch (fault) {
      this.#facilities.log.ruleFailed(factsOf(ticket), toError(fault));
      return undefined;
    }
  }

  #delayMs(ticket: Ticket, error: unknown): number {
    try {
      return ticket.route.retry.delayMs(ticket.failures, error);
    } catch (fault) {
      this.#facilities.log.ruleFailed(factsOf(ticket), toError(fault));
      return 1_000;
    }
  }

  /* Where its store keeps it, a second one here would be another letter for whoever lists them. */
  #keep(ticket: Ticket, { reason, error }: Because): void {
    const { publication, route } = ticket;
    const at = new Date(this.#facilities.runtime.host.now());
    if (isKept(ticket)) return this.#facilities.deadLetters.keptElsewhere(at.getTime());
    const unheard = unheardOf(at, error);
    const letter: DeadLetter = {
      id: this.#facilities.ids.text(this.#facilities.ids.next()),
      event: publication.event,
      envelope: publication.envelope,
      subscription: route.name,
      reason,
      at,
      attempts: Object.freeze([...(ticket.history ?? unheard)]),
      raw: undefined,
    };
    this.#facilities.deadLetters.add(Object.freeze(letter));
  }

  /* The failure that its store does not know yet. */
  #lastOf(ticket: Ticket, { error }: Because): { attempt?: AttemptRecord } {
    const { item, history = [] } = ticket;
    const known = item?.history.length ?? 0;
    const at = new Date(this.#facilities.runtime.host.now());
    const last = history.slice(known).at(-1) ?? (known === 0 ? unheardOf(at, error)[0] : undefined);
    return last === undefined ? {} : { attempt: recordOf(last) };
  }

  #free(ticket: Ticket): void {
    if (ticket.inboxKey !== undefined) ticket.route.inbox?.free(ticket.inboxKey, ticket);
  }

  #now(): number {
    return this.#facilities.runtime.turn.monotonic();
  }

  /*
   * Exactly for one delivery in 64, by the turn clock for those that were longer than a turn. Of the shorter ones, which
   * are not measured, the one in 64 stands for all.
   */
  #measured(ticket: Ticket): number {
    const { attempt } = ticket;
    const { turn } = this.#facilities.runtime;
    if (attempt === undefined || attempt.started.turn === turn.number) return 0;
    const { started } = attempt;
    const isExact = started.turn < 0;
    const ran = isExact ? attempt.ranMs() : turn.monotonic() - started.monotonic;
    ticket.route.lane.ran(ran, isExact && ~started.turn === turn.number ? SAMPLED : 1);
    return ran;
  }
}

/* Whether its store keeps it when it is a dead letter. */
function isKept({ item, publication }: Ticket): boolean {
  return item !== undefined && publication.topic.carriage.keepsDeadLetters;
}

/* What never came to an attempt has its reason where the failures of the others stand. */
function unheardOf(at: Date, error: unknown): readonly Attempt[] {
  return error === undefined ? [] : [{ attempt: 1, at, ran: 0, error }];
}

function whyForegone({ foregone }: Ticket): Error | undefined {
  return foregone !== undefined && "outcome" in foregone ? foregone.why : undefined;
}

/** A failure as a transport keeps it. */
export function recordOf({ attempt, at, ran, error }: Attempt): AttemptRecord {
  const { stack, message } = toError(error);
  return { attempt, at: at.getTime(), ranMs: ran, error: (stack ?? message).slice(0, RECORD_MAX) };
}
