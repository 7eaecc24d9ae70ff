/** A publish that waits for places: first in, first out, for so long, until somebody gives up on it. */
import { LaneFullError, PartlyAcceptedError } from "../errors.js";
import type { Waiter } from "../lane/places.js";
import type { Timer, Timers } from "../runtime/timers.js";
import { waitFor } from "../runtime/wait-for.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import type { Publication } from "./publication.js";
import type { Ticket } from "./ticket.js";

export interface WaitingOptions {
  readonly waiting: readonly Ticket[];
  /** Names of the subscriptions that have taken it already. */
  readonly accepted: readonly string[];
  /** The delivery that publishes, whose lane then waits for others. */
  readonly from: AttemptDelivery | undefined;
  readonly signal: AbortSignal | undefined;
  /** Held events wait as long as it takes. */
  readonly isOwed: boolean;
  /** A place has been claimed for the ticket. */
  readonly granted: (ticket: Ticket) => void;
  /** There will be no place for the ticket. */
  readonly refused: (ticket: Ticket) => void;
}

interface Wait {
  readonly ticket: Ticket;
  readonly waiter: Waiter;
  readonly timer: Timer | undefined;
  readonly end: (() => void) | undefined;
}

export class WaitingPublish {
  /** Resolves when every place is there; rejects when the wait ends without one. */
  readonly places: Promise<void>;
  readonly #options: WaitingOptions;
  readonly #waits = new Map<Ticket, Wait>();
  readonly #accepted: string[];
  readonly #timers: Timers;
  #resolve!: () => void;
  #reject!: (reason: unknown) => void;

  constructor(options: WaitingOptions, facilities: Facilities) {
    this.#options = options;
    this.#timers = facilities.timers;
    this.#accepted = [...options.accepted];
    this.places = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    for (const ticket of options.waiting) this.#wait(ticket);
    options.signal?.addEventListener("abort", this.#abort, { once: true });
    if (options.signal?.aborted === true) this.#abort();
  }

  /** The delivery that publishes. */
  get from(): AttemptDelivery | undefined {
    return this.#options.from;
  }

  /** Whether it waits for a place of this publication. */
  isFor(publication: Publication): boolean {
    return this.#options.waiting.some((ticket) => ticket.publication === publication);
  }

  /** Ends the wait: nobody wants the missing places any more. */
  end(): void {
    const refused = this.#stop();
    for (const ticket of refused) this.#refuse(ticket);
    this.#resolve();
  }

  /** Ends the wait without the missing places; `reason` is what the publisher hears, or the cause of it. */
  giveUp(reason: unknown, isOwnError: boolean): void {
    if (this.#waits.size === 0) return;
    const refused = this.#stop();
    const names = refused.map((ticket) => ticket.route.name);
    const isPlain = isOwnError && this.#accepted.length === 0;
    for (const ticket of refused) this.#refuse(ticket);
    this.#reject(isPlain ? reason : new PartlyAcceptedError(this.#accepted, names, reason));
  }

  /* One by one: whoever hears of one finds the others still waiting. */
  #refuse(ticket: Ticket): void {
    ticket.route.waitingPublishes--;
    this.#options.refused(ticket);
  }

  #stop(): Ticket[] {
    const refused = [...this.#waits.keys()];
    for (const { ticket, waiter } of this.#waits.values()) ticket.route.lane.stopWaiting(waiter);
    this.#end();
    return refused;
  }

  #wait(ticket: Ticket): void {
    const { lane } = ticket.route;
    const holder = this.#options.from?.holder;
    const { isOwed } = this.#options;
    const waiter: Waiter = { granted: () => this.#granted(ticket), isOwed, isGone: false };
    const timer = isOwed ? undefined : this.#limit(lane);
    const end = holder && waitFor(holder.ticket.route.lane, lane);
    ticket.route.waitingPublishes++;
    this.#waits.set(ticket, { ticket, waiter, timer, end });
    lane.wait(waiter);
  }

  #limit({ name, limits }: Ticket["route"]["lane"]): Timer {
    return this.#timers.after(limits.waitMaxMs, () => this.giveUp(new LaneFullError(name), false), "wait");
  }

  readonly #abort = (): void => this.giveUp(this.#options.signal?.reason, true);

  #granted(ticket: Ticket): void {
    this.#accepted.push(ticket.route.name);
    ticket.route.waitingPublishes--;
    this.#leave(ticket);
    this.#options.granted(ticket);
    if (this.#waits.size > 0) return;
    this.#end();
    this.#resolve();
  }

  #leave(ticket: Ticket): void {
    const wait = this.#waits.get(ticket);
    wait?.timer?.cancel();
    wait?.end?.();
    this.#waits.delete(ticket);
  }

  #end(): void {
    for (const ticket of this.#waits.keys()) this.#leave(ticket);
    this.#options.signal?.removeEventListener("abort", this.#abort);
  }
}
