/** A delivery inside the house: one publication on its way to one subscription, through all its attempts. */
import type { Outcome } from "../delivery/outcome.js";
import type { KeyTable, Queued, Standing, Standings } from "../lane/queued.js";
import type { Attempt } from "../ledger/dead-letter-box.js";
import type { Tree } from "../ledger/tree.js";
import type { Item } from "../transport/transport.js";
import type { Publication } from "./publication.js";
import type { Route } from "./route.js";

/** Decided before any handler ran: a loop, a throw in `when`, a poisonous delivery. */
export type Foregone = { readonly outcome: Outcome } | { readonly error: unknown };

/** What a delivery knows of the attempt that runs now, or ran last. */
export interface Running {
  /** Its number: failures before it + 1. */
  readonly attempt: number;
  readonly startedAt: number;
  readonly startedIn: number;
  readonly isExcused: boolean;
  isStuck: boolean;
  isWithdrawn: boolean;
  abort(reason: unknown): void;
  over(): void;
  ranMs(): number;
}

export class Ticket implements Queued {
  readonly route: Route;
  readonly publication: Publication;
  readonly tree: Tree;
  readonly key: string | undefined;
  standing: Standing = "apart";
  attempts = 0;
  failures = 0;
  behind: Queued | undefined = undefined;
  successor: Queued | undefined = undefined;
  waitingSince = 0;
  attempt: Running | undefined = undefined;
  history: Attempt[] | undefined = undefined;
  foregone: Foregone | undefined = undefined;
  /** A replay was asked for by name: it passes the parking of its key. */
  isReplay = false;
  /** No lane took it: a publish of the same event object tries again. */
  isRefused = false;
  /** What the inbox of the subscription knows it by. */
  inboxKey: string | undefined = undefined;
  /** As the transport handed it out. */
  item: Item | undefined = undefined;

  constructor(route: Route, publication: Publication, tree: Tree, key: string | undefined) {
    this.route = route;
    this.publication = publication;
    this.tree = tree;
    this.key = key;
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
  /** Times handed out, crashes and releases included. */
  get deliveries(): number {
    return (this.item?.deliveries ?? 1) + this.attempts - 1;
  }
}
