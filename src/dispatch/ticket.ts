/** A delivery inside the house: one publication on its way to one subscription, through all its attempts. */
import type { Outcome } from "../delivery/outcome.js";
import type { KeyTable, Queued, Standing, Standings } from "../lane/queued.js";
import type { Attempt } from "../ledger/dead-letter-box.js";
import type { Tree } from "../ledger/tree.js";
import type { Moment } from "../runtime/turn.js";
import type { Item } from "../transport/transport.js";
import type { Batch } from "./batch.js";
import type { Publication } from "./publication.js";
import type { Route } from "./route.js";

/** Decided before any handler ran: a loop, a throw in `when`, a poisonous delivery; `why` goes into the dead letter. */
export type Foregone = { readonly outcome: Outcome; readonly why?: Error } | { readonly error: unknown };

/** What a delivery knows of the attempt that runs now, or ran last. */
export interface Running {
  /** Its number: failures before it + 1. */
  readonly attempt: number;
  /** On the turn clock; its turn is negated (`~`) where its time is measured exactly. */
  readonly started: Moment;
  readonly isExcused: boolean;
  isStuck: boolean;
  isWithdrawn: boolean;
  abort(reason: unknown): void;
  over(): void;
  ranMs(): number;
}

/** An exact time costs two readings of the clock: one delivery in so many tells as much of a percentile. */
export const SAMPLED = 64;

/** What few deliveries ever need. */
interface Rarities {
  successor: Queued | undefined;
  history: Attempt[] | undefined;
  foregone: Foregone | undefined;
  isReplay: boolean;
  isRefused: boolean;
  inboxKey: string | undefined;
  item: Item | undefined;
  batch: Batch | undefined;
}

export class Ticket implements Queued {
  readonly route: Route;
  readonly publication: Publication;
  readonly key: string | undefined;
  standing: Standing = "apart";
  attempts = 0;
  failures = 0;
  behind: Queued | undefined = undefined;
  waitingSince: Moment;
  attempt: Running | undefined = undefined;
  #rare: Rarities | undefined = undefined;

  constructor(route: Route, publication: Publication, key: string | undefined) {
    this.route = route;
    this.publication = publication;
    this.key = key;
    this.waitingSince = publication.moment;
    publication.follower?.carriedBy(this);
  }

  get keys(): KeyTable {
    return this.route.keys;
  }
  get standings(): Standings {
    return this.route.standings;
  }
  get priority(): number {
    return this.publication.priority;
  }
  get tree(): Tree {
    return this.publication.tree;
  }
  /** Times handed out, crashes and releases included. */
  get deliveries(): number {
    return (this.item?.deliveries ?? 1) + this.attempts - 1;
  }

  get successor(): Queued | undefined {
    return this.#rare?.successor;
  }
  set successor(successor: Queued | undefined) {
    this.#rarities.successor = successor;
  }

  /** Attempts that failed. */
  get history(): Attempt[] | undefined {
    return this.#rare?.history;
  }
  set history(history: Attempt[] | undefined) {
    this.#rarities.history = history;
  }

  get foregone(): Foregone | undefined {
    return this.#rare?.foregone;
  }
  set foregone(foregone: Foregone | undefined) {
    this.#rarities.foregone = foregone;
  }

  /** A replay was asked for by name: it passes the parking of its key. */
  get isReplay(): boolean {
    return this.#rare?.isReplay === true;
  }
  set isReplay(isReplay: boolean) {
    this.#rarities.isReplay = isReplay;
  }

  /** No lane took it: a publish of the same event object tries again. */
  get isRefused(): boolean {
    return this.#rare?.isRefused === true;
  }
  set isRefused(isRefused: boolean) {
    this.#rarities.isRefused = isRefused;
  }

  /** What the inbox of the subscription knows it by. */
  get inboxKey(): string | undefined {
    return this.#rare?.inboxKey;
  }
  set inboxKey(inboxKey: string | undefined) {
    this.#rarities.inboxKey = inboxKey;
  }

  /** As the transport handed it out. */
  get item(): Item | undefined {
    return this.#rare?.item;
  }
  set item(item: Item | undefined) {
    this.#rarities.item = item;
  }

  /** Those that it is handled with in this attempt. */
  get batch(): Batch | undefined {
    return this.#rare?.batch;
  }
  set batch(batch: Batch | undefined) {
    this.#rarities.batch = batch;
  }

  get #rarities(): Rarities {
    return (this.#rare ??= {
      successor: undefined,
      history: undefined,
      foregone: undefined,
      isReplay: false,
      isRefused: false,
      inboxKey: undefined,
      item: undefined,
      batch: undefined,
    });
  }
}
