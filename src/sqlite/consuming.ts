/**
 * Consuming: at the end of each transaction what is due is admitted and what the credits allow is taken; a pulse looks for
 * what others wrote, keeps the lease, and gives back what belonged to those who fell silent.
 */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";
import type { Group, Item, Sink } from "../transport/transport.js";
import { type Attended, consumerOf } from "./attendance.js";
import type { Claims } from "./claims.js";
import type { Closing } from "./commits.js";
import type { Connection } from "./connection.js";
import type { Hints } from "./hints.js";
import type { Holdings } from "../transport/holdings.js";
import type { Settings } from "./options.js";
import type { Tables } from "./tables.js";

export interface ConsumingParts {
  readonly host: () => Host;
  readonly settings: Settings;
  readonly tables: Tables;
  readonly claims: Claims;
  readonly holdings: Holdings;
  /** A transaction at the end of this turn. */
  readonly soon: () => void;
}

/** What is open. */
export interface Session {
  readonly db: Connection;
  readonly sink: Sink;
  readonly hints: Hints;
}

/* What a round of upkeep found. */
interface Found {
  readonly gone: readonly Item[];
  readonly isMore: boolean;
}

const NOTHING_FOUND: Found = { gone: [], isMore: false };

export class Consuming {
  readonly #parts: ConsumingParts;
  #session: Session | undefined;
  #isStopped = false;
  #timer: { readonly timer: HostTimer; readonly at: number } | undefined;
  #version: unknown;
  #nextDue: number | undefined;
  #keptAt = 0;

  constructor(parts: ConsumingParts) {
    this.#parts = parts;
  }

  open(session: Session): void {
    this.#session = session;
    this.#isStopped = false;
    this.#keptAt = this.#now;
    this.#nextDue = undefined;
    this.#version = undefined;
  }

  /** Nothing more is taken; what is out keeps its lease. */
  stop(): void {
    this.#isStopped = true;
  }

  close(): void {
    this.#isStopped = true;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    this.#session = undefined;
  }

  // ── At the end of a transaction ───────────────────────────────────────────────────────────────────────────────

  /** What is to be done; looks without a transaction first, so that an idle store is not written to. */
  closing(jobs: number): Closing | undefined {
    const { claims } = this.#parts;
    const { db } = this.#session!;
    if (jobs > 0) claims.wake();
    const isKeeping = this.#mustKeep(db);
    const isAsked = jobs > 0 || (!this.#isStopped && claims.hasAny(db));
    if (!isAsked && !isKeeping && !this.#isDue) return undefined;
    return (_, count) => this.#close(count, isKeeping);
  }

  /** What is due next may be another now. */
  flushed(): void {
    if (this.#session === undefined || !this.#parts.claims.isAsked) return;
    this.#lookAhead(this.#session.db);
    this.#arm();
  }

  #close(jobs: number, isKeeping: boolean): () => void {
    const { tables, claims } = this.#parts;
    const { db } = this.#session!;
    const now = this.#now;
    if (jobs > 0) tables.envelopes.sweep(db, now, 2 * jobs + 8);
    if (!claims.isAsked) return () => this.#session?.hints.give();
    const attended = tables.attendance.attend(db, now);
    const isNew = attended.id !== tables.attendance.id;
    const moved = isNew ? this.#join(db, attended) : [];
    if (this.#isDue && tables.places.admit(db, now)) claims.wake();
    const found = isKeeping && !attended.isLost ? this.#keep(db, attended.id, now) : NOTHING_FOUND;
    const taken = this.#isStopped || attended.isLost ? [] : claims.take(db, attended.id, now);
    return () => {
      this.#attended(attended, found);
      for (const [group, id] of moved) claims.know(group, id);
      const helds = claims.taken(taken);
      if (jobs > 0) this.#session?.hints.give();
      if (!this.#isStopped && (found.isMore || helds.length > 0)) this.#parts.soon();
      for (const held of helds) this.#parts.holdings.add(held);
      for (const { item } of helds) void this.#session?.sink.deliver(item);
    };
  }

  /* A consumer that is new consumes all groups that are declared here; those of its own are made again. */
  #join(db: Connection, { id, isLost }: Attended): (readonly [Group, number])[] {
    const { tables, claims } = this.#parts;
    const moved: (readonly [Group, number])[] = [];
    for (const { group, groupId } of claims.accounts) {
      const isOwn = group.audience === "each" && isLost;
      const known = isOwn ? tables.groups.declare(db, group, consumerOf(group, id)).id : groupId;
      tables.groups.join(db, id, known);
      if (isOwn) moved.push([group, known]);
    }
    return moved;
  }

  #attended(attended: Attended, found: Found): void {
    const { tables, holdings, claims } = this.#parts;
    tables.attendance.attended(attended);
    if (!found.isMore) this.#keptAt = this.#now;
    if (attended.isLost || found.isMore) claims.wake();
    const lost = attended.isLost ? holdings.dropAll() : found.gone;
    holdings.drop(lost);
    for (const item of lost) this.#session?.sink.lost(item, attended.isLost ? "lease" : "removed");
  }

  // ── Upkeep ────────────────────────────────────────────────────────────────────────────────────────────────────

  #mustKeep(db: Connection): boolean {
    const { tables, settings, claims } = this.#parts;
    const now = this.#now;
    if (!claims.isAsked || now - this.#keptAt < Math.min(settings.sweepMs, settings.leaseMs / 3))
      return false;
    const mustWrite = tables.attendance.isDue(now) || tables.attendance.hasExpired(db, now);
    if (!mustWrite) this.#keptAt = now;
    return mustWrite;
  }

  #keep(db: Connection, owner: number, now: number): Found {
    const { tables, holdings, settings } = this.#parts;
    const isMore = tables.attendance.sweep(db, now);
    const { strays, gone } = holdings.compare(tables.places.heldBy(db, owner), owner);
    for (const stray of strays) tables.places.giveBack(db, stray);
    tables.envelopes.sweepFromStart();
    tables.envelopes.sweep(db, now);
    tables.inbox.sweep(db, now);
    tables.records.sweep(db, now);
    tables.letters.sweep(db, now - settings.keepDeadLettersMs);
    return { gone, isMore: isMore || strays.length > 0 };
  }

  // ── The pulse ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Somebody has something new. */
  wake(): void {
    this.#parts.claims.wake();
    this.#parts.soon();
  }

  #pulse(): void {
    this.#timer = undefined;
    const session = this.#session;
    if (session === undefined) return;
    if (this.#isChanged(session.db)) {
      this.#parts.claims.wake();
      this.#lookAhead(session.db);
    }
    this.#parts.soon();
    this.#arm();
  }

  /* A few microseconds, and no disk: whether another connection has committed since. */
  #isChanged(db: Connection): boolean {
    try {
      const version = db.row("PRAGMA data_version")?.["data_version"];
      const isChanged = version !== this.#version;
      this.#version = version;
      return isChanged;
    } catch {
      return true; // whoever writes next says what is wrong
    }
  }

  #lookAhead(db: Connection): void {
    try {
      this.#nextDue = this.#parts.tables.places.nextDue(db);
    } catch {
      this.#nextDue = undefined; // as above
    }
  }

  #arm(): void {
    const { host, settings } = this.#parts;
    const wait = Math.max(0, Math.min(settings.pollMs, (this.#nextDue ?? Infinity) - this.#now));
    const at = host().monotonic() + wait;
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    const timer = withoutContext(() => host().timer(() => this.#pulse(), wait));
    this.#timer = { timer, at };
  }

  get #isDue(): boolean {
    return this.#nextDue !== undefined && this.#nextDue <= this.#now;
  }

  get #now(): number {
    return this.#parts.host().now();
  }
}
