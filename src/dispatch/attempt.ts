/** One attempt at a delivery: what the handler gets, and the frame that its async context carries. */
import { Delivery } from "../delivery/delivery.js";
import type { Publish, Transaction } from "../delivery/receipt.js";
import type { EventHeaders } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import type { Clock } from "../runtime/clock.js";
import { currentFrame, type Frame } from "../runtime/context.js";
import type { Duration } from "../runtime/duration.js";
import type { Timer } from "../runtime/timers.js";
import type { Moment } from "../runtime/turn.js";
import type { Running, Ticket } from "./ticket.js";

/** What an attempt needs of its bus. */
export interface AttemptHost {
  readonly bus: object;
  readonly clock: Clock;
  monotonic(): number;
  /** The clocks of the current turn of the event loop. */
  moment(): Moment;
  publishFrom(frame: Frame): Publish;
}

/** The transaction that an attempt runs in. */
export interface AttemptTransaction extends Frame {
  readonly client: unknown;
}

/* What few attempts ever need. */
interface Rarities {
  transaction: AttemptTransaction | undefined;
  controller: AbortController | undefined;
  abortReason: unknown;
  /** On the monotonic clock: since when its timeout runs, which steps may have kept waiting. */
  timedSince: number | undefined;
  /** Aborts it when its event expires. */
  expiry: Timer | undefined;
  isExcused: boolean;
  isStuck: boolean;
  isWithdrawn: boolean;
}

export class AttemptDelivery extends Delivery implements Frame, Running {
  readonly ticket: Ticket;
  readonly attempt: number;
  readonly #host: AttemptHost;
  readonly started: Moment;
  #isOver = false;
  #rare: Rarities | undefined = undefined;

  constructor(ticket: Ticket, host: AttemptHost, started: Moment) {
    super();
    this.ticket = ticket;
    this.attempt = ticket.failures + 1;
    this.#host = host;
    this.started = started;
  }

  get bus(): object {
    return this.#host.bus;
  }
  /** The frame around it: that of its transaction, or, where it runs in its caller's place, the caller's. */
  get outer(): Frame | undefined {
    return this.#rare?.transaction;
  }
  get event(): AnyEvent {
    return this.ticket.publication.event;
  }
  get eventId(): string {
    return this.ticket.publication.id;
  }
  get subscription(): string {
    return this.ticket.route.name;
  }
  get deliveries(): number {
    return this.ticket.deliveries;
  }
  get key(): string | undefined {
    return this.ticket.key;
  }
  get headers(): EventHeaders {
    return this.ticket.publication.headers;
  }
  get cause(): string | undefined {
    return this.ticket.publication.cause;
  }

  get deadline(): Date | undefined {
    const { timeout } = this.ticket.route;
    const { expiresAt = Infinity } = this.ticket.publication;
    if (timeout === undefined) return expiresAt === Infinity ? undefined : new Date(expiresAt);
    const now = this.#host.monotonic();
    const left = timeout.timeoutMs - (now - (this.#rare?.timedSince ?? now));
    return new Date(Math.min(this.#host.clock.now().getTime() + left, expiresAt));
  }

  /* It costs more than a quiet delivery: it is made when somebody looks at it. */
  get signal(): AbortSignal {
    const rare = this.#rarities;
    rare.controller ??= new AbortController();
    if (rare.abortReason !== undefined) rare.controller.abort(rare.abortReason);
    return rare.controller.signal;
  }

  get publish(): Publish {
    return this.#host.publishFrom(this);
  }

  get client(): Transaction {
    if (this.transaction !== undefined) return this.transaction.client as Transaction;
    throw new TypeError(`${this.subscription} has no delivery.client. ${ASK}`);
  }

  /** What it runs in where its subscription asks for a transaction. */
  get transaction(): AttemptTransaction | undefined {
    return this.#rare?.transaction;
  }
  set transaction(transaction: AttemptTransaction | undefined) {
    this.#rarities.transaction = transaction;
  }

  sleep(duration: Duration): Promise<void> {
    return this.#host.clock.sleep(duration, { signal: this.signal });
  }

  /** The delivery whose slot this attempt runs in; an inline one may run in another's, a released one in none. */
  get holder(): AttemptDelivery | undefined {
    return this.ticket.standing === "running" && !this.#isOver ? this : undefined;
  }

  /** Whether what is published here belongs to this delivery: until it is final. */
  get isInside(): boolean {
    return this.ticket.standing !== "ended";
  }

  /** Aborts the signal; after the attempt is over it never does. */
  abort(reason: unknown): void {
    if (this.#isOver || this.#rare?.abortReason !== undefined) return;
    this.#rarities.abortReason = reason;
    this.#rarities.controller?.abort(reason);
  }

  /** Whether `close()` or `idle()` waits for what this attempt is waiting for itself. */
  get isExcused(): boolean {
    return this.#rare?.isExcused === true;
  }
  set isExcused(isExcused: boolean) {
    this.#rarities.isExcused = isExcused;
  }

  /** It goes on past its timeout and grace. */
  get isStuck(): boolean {
    return this.#rare?.isStuck === true;
  }
  set isStuck(isStuck: boolean) {
    this.#rarities.isStuck = isStuck;
  }

  /** The deadline of a close or the loss of a lease ended it: its failure is not counted. */
  get isWithdrawn(): boolean {
    return this.#rare?.isWithdrawn === true;
  }
  set isWithdrawn(isWithdrawn: boolean) {
    this.#rarities.isWithdrawn = isWithdrawn;
  }

  /** Whether it has been settled, while its handler may go on. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its timeout begins now. */
  timed(): void {
    this.#rarities.timedSince = this.#host.monotonic();
  }

  expires(expiry: Timer): void {
    this.#rarities.expiry = expiry;
  }

  over(): void {
    this.#isOver = true;
    this.#rare?.expiry?.cancel();
  }

  /** Milliseconds since it started. */
  ranMs(): number {
    return this.#host.monotonic() - this.started.monotonic;
  }

  get #rarities(): Rarities {
    return (this.#rare ??= {
      transaction: undefined,
      controller: undefined,
      abortReason: undefined,
      timedSince: undefined,
      expiry: undefined,
      isExcused: false,
      isStuck: false,
      isWithdrawn: false,
    });
  }
}

const ASK = "Ask for a transaction: give the subscription `transaction: true`.";

/** The delivery in whose async context a frame stands, of whatever bus: what is published there has it as its cause. */
export function causeIn(frame: Frame | undefined): AttemptDelivery | undefined {
  let at = frame;
  while (at !== undefined && !(at instanceof AttemptDelivery)) at = at.outer;
  return at;
}

/** That delivery while it is not final: what is published there is inside it. */
export function deliveryOf(frame: Frame | undefined): AttemptDelivery | undefined {
  const delivery = causeIn(frame);
  return delivery?.isInside === true ? delivery : undefined;
}

/** The frame that something published from a frame stands in: a transaction that is open in a delivery takes what is its. */
export function frameHere(from: Frame | undefined): Frame | undefined {
  const here = currentFrame();
  return from === undefined || causeIn(here) === from ? here : from;
}
