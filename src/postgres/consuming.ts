/**
 * Consuming: each transaction writes settlements and takes what the credits allow; another before it admits what is due. A
 * pulse looks for what others wrote, keeps the lease, and gives back what belonged to those who fell silent.
 */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";
import type { Held, Holdings } from "../transport/holdings.js";
import type { Group, Item, Sink } from "../transport/transport.js";
import { type Attended, ownerOf } from "./attendance.js";
import type { Claims } from "./claims.js";
import { Commits } from "./commits.js";
import type { Connection, Database } from "./connection.js";
import { isBusy, storeError } from "./faults.js";
import type { Hints } from "./hints.js";
import type { Link } from "./link.js";
import type { Settings } from "./options.js";
import { leavesSomething, linesOf, type Settled, type Settling, writeSettlements } from "./settling.js";
import type { Tables } from "./tables.js";
import { keepUp, LEASE_LOST } from "./upkeep.js";

export interface ConsumingParts {
  readonly host: () => Host;
  readonly link: Link;
  readonly settings: Settings;
  readonly tables: Tables;
  readonly claims: Claims;
  readonly holdings: Holdings;
  readonly hints: Hints;
}

/** What is open. */
export interface Session {
  readonly database: Database;
  readonly sink: Sink;
  readonly close: () => Promise<void>;
}

/* A settlement, or nothing but to be there as a consumer. */
type Job = Settling | "attend";

/* What a transaction did. */
interface Round {
  readonly answers: readonly Settled[];
  readonly attended: Attended;
  readonly moved: readonly (readonly [Group, number])[];
  readonly helds: () => readonly Held[];
}

const BLOCKED_MS = 250;

export class Consuming {
  readonly #parts: ConsumingParts;
  readonly #commits: Commits<Job, Settled>;
  #session: Session | undefined;
  #isStopped = false;
  #isLooking = false;
  #returning: Promise<void> | undefined;
  #pulse: { readonly timer: HostTimer; readonly at: number } | undefined;
  #nextDue: number | undefined;
  #keptAt = 0;

  constructor(parts: ConsumingParts) {
    this.#parts = parts;
    this.#commits = new Commits<Job, Settled>({
      host: parts.host,
      link: parts.link,
      isVital: true,
      busyMaxMs: Infinity,
      isAsked: () => this.#isAsked,
      linesOf: (job) => (job === "attend" ? [] : linesOf(job)),
      write: (jobs, lockMaxMs) => this.#round(jobs, lockMaxMs),
    });
  }

  open(session: Session): void {
    this.#session = session;
    this.#isStopped = this.#isLooking = false;
    this.#keptAt = this.#now;
    this.#nextDue = undefined;
    this.#commits.open();
  }

  /** Nothing more is taken; what is out keeps its lease. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Writes what is to be written. */
  async flush(): Promise<void> {
    await this.#commits.close();
    await this.#returning;
  }

  close(): void {
    this.#isStopped = true;
    this.#pulse?.timer.cancel();
    this.#pulse = undefined;
    this.#session = undefined;
  }

  settle(settling: Settling): Promise<Settled> {
    return this.#commits.add(settling);
  }

  /** Is there as a consumer, with an id that nobody has given up; rejects once it is closed. */
  async attend(): Promise<void> {
    await this.#commits.add("attend");
    this.#arm();
  }

  wake(): void {
    this.#parts.claims.wake();
    this.#isLooking = this.#parts.claims.isAsked;
    this.#commits.soon();
  }

  hunger(): void {
    this.#commits.soon();
  }

  // ── A transaction ─────────────────────────────────────────────────────────────────────────────────────────────

  get #isAsked(): boolean {
    if (this.#session === undefined) return false;
    const isHungry = !this.#isStopped && this.#parts.claims.isHungry;
    return isHungry || this.#isLooking || this.#isDue || this.#mustKeep;
  }

  async #round(jobs: readonly Job[], lockMaxMs: number): Promise<readonly Settled[]> {
    const session = this.#session;
    if (session === undefined) return [];
    try {
      const answers =
        jobs.length > 0 || (await this.#look(session)) ? await this.#written(session, jobs, lockMaxMs) : [];
      if (this.#mustKeep) await this.#keep(session);
      return answers;
    } catch (error) {
      this.#parts.claims.failed();
      throw error;
    } finally {
      this.#arm();
    }
  }

  async #written({ database }: Session, jobs: readonly Job[], lockMs?: number): Promise<readonly Settled[]> {
    if (this.#isDue) await this.#admit(database, lockMs);
    const round = await database.transaction((db) => this.#write(db, jobs), lockMs);
    this.#done(jobs, round);
    return round.answers;
  }

  /* In a transaction of its own: with the lines of settlements in hand, others' and these would wait for each other. */
  async #admit(database: Database, lockMs: number | undefined): Promise<void> {
    const { tables, hints } = this.#parts;
    const { isAdmitted, isBlocked } = await database.transaction((db) => tables.places.admit(db), lockMs);
    if (isBlocked) this.#nextDue = this.#now + BLOCKED_MS;
    if (!isAdmitted) return;
    this.wake();
    hints.give();
  }

  /* Without a transaction first, so that an idle store is not written to. */
  async #look({ database }: Session): Promise<boolean> {
    this.#isLooking = false;
    const dueIn = await database.use((db) => this.#parts.claims.look(db));
    this.#nextDue = dueIn === undefined ? undefined : this.#now + dueIn;
    // Whoever asks is there as a consumer, though there be nothing yet: it looks after those who fell silent.
    const isNew = this.#parts.tables.attendance.id === undefined;
    return this.#isDue || (!this.#isStopped && (isNew || this.#parts.claims.isHungry));
  }

  async #write(db: Connection, jobs: readonly Job[]): Promise<Round> {
    const { tables, claims } = this.#parts;
    const attended = await tables.attendance.attend(db, this.#now);
    const moved = attended.isLost ? await this.#declareAgain(db, attended.id) : [];
    const settlings = jobs.filter((job) => job !== "attend");
    const settled = settlings.length > 0 ? await writeSettlements(db, tables, settlings) : [];
    if (jobs.length > 0) claims.wake();
    const taken =
      this.#isStopped || attended.isLost ? [] : await claims.take(db, attended.id, jobs.length > 0);
    const bySettling = new Map(settlings.map((settling, at) => [settling, settled[at]!]));
    const answers = jobs.map((job) => (job === "attend" ? "settled" : bySettling.get(job)!));
    return { answers, attended, moved, helds: () => claims.taken(taken) };
  }

  /* A consumer that was given up is a new one: in all groups that are declared here, those of its own made again. */
  async #declareAgain(db: Connection, consumer: number): Promise<(readonly [Group, number])[]> {
    const { tables, claims } = this.#parts;
    const moved: (readonly [Group, number])[] = [];
    for (const { group } of claims.accounts) {
      const { id } = await tables.groups.declare(db, group, { consumer, owner: ownerOf(group, consumer) });
      moved.push([group, id]);
    }
    return moved;
  }

  #done(jobs: readonly Job[], { attended, moved, helds }: Round): void {
    const { holdings, claims, hints } = this.#parts;
    this.#attended(attended);
    for (const [group, id] of moved) claims.know(group, id);
    if (jobs.some((job) => job !== "attend" && leavesSomething(job))) hints.give();
    this.#expect(jobs);
    const taken = helds();
    const isLate = this.#isStopped || this.#parts.tables.attendance.isOver(this.#now);
    if (isLate && taken.length > 0) return this.#return(taken);
    for (const held of taken) holdings.add(held);
    for (const { item } of taken) void this.#session?.sink.deliver(item);
  }

  /* It was on its way when the consuming stopped or the lease ran out, and reached nobody. */
  #return(taken: readonly Held[]): void {
    const { database } = this.#session!;
    const { places } = this.#parts.tables;
    for (const { item } of taken) this.#parts.claims.credit(item.group, 1);
    this.#returning = database
      .use((db) => places.giveBack(db, taken, true))
      .then(
        () => this.#parts.hints.give(),
        () => undefined, // the good-bye gives it back, or the end of the lease
      );
  }

  #attended(attended: Attended): void {
    this.#parts.tables.attendance.attended(attended);
    if (!attended.isLost) return;
    this.#lose(this.#parts.holdings.dropAll(), "lease");
    this.wake();
  }

  #lose(items: readonly Item[], reason: "lease" | "removed"): void {
    this.#parts.holdings.drop(items);
    for (const item of items) this.#session?.sink.lost(item, reason);
  }

  // ── Upkeep ────────────────────────────────────────────────────────────────────────────────────────────────────

  get #mustKeep(): boolean {
    const { tables, settings } = this.#parts;
    if (tables.attendance.id === undefined) return false;
    return this.#now - this.#keptAt >= Math.min(settings.sweepMs, settings.leaseMs / 3);
  }

  /* What goes wrong here holds up no settlement. */
  async #keep(session: Session): Promise<void> {
    const { link, hints, tables, settings } = this.#parts;
    this.#keptAt = this.#now;
    try {
      const { attended, gone, isMore } = await session.database.transaction((db) =>
        keepUp(db, this.#parts, this.#now),
      );
      tables.attendance.attended(attended);
      this.#lose(gone, "removed");
      if (!isMore) return;
      this.#keptAt = -Infinity;
      this.wake();
      hints.give();
    } catch (error) {
      this.#keptAt -= settings.leaseMs / 4; // again sooner, while the lease lasts
      if (error === LEASE_LOST) await this.#written(session, []);
      else if (!isBusy(error)) link.failed(storeError(error));
    }
  }

  // ── The pulse ─────────────────────────────────────────────────────────────────────────────────────────────────

  /* A retry that was written here is known to be due. */
  #expect(jobs: readonly Job[]): void {
    for (const job of jobs)
      if (job !== "attend" && job.settlement.kind === "retry")
        this.#nextDue = Math.min(this.#nextDue ?? Infinity, this.#now + job.settlement.afterMs);
  }

  #arm(): void {
    const { host, settings, claims, tables } = this.#parts;
    if (this.#session === undefined || !(claims.isAsked || tables.attendance.id !== undefined)) return;
    const longest = Math.min(settings.pollMs, settings.sweepMs, settings.leaseMs / 3);
    const wait = Math.max(0, Math.min(longest, (this.#nextDue ?? Infinity) - this.#now));
    const at = this.#now + wait;
    if (this.#pulse !== undefined && this.#pulse.at <= at) return;
    this.#pulse?.timer.cancel();
    const timer = withoutContext(() => host().timer(() => this.#beat(), wait));
    this.#pulse = { timer, at };
  }

  #beat(): void {
    this.#pulse = undefined;
    if (this.#parts.tables.attendance.isLapsed(this.#now))
      this.#lose(this.#parts.holdings.dropAll(), "lease");
    this.wake();
    this.#arm();
  }

  get #isDue(): boolean {
    return this.#nextDue !== undefined && this.#nextDue <= this.#now;
  }

  get #now(): number {
    return this.#parts.host().monotonic();
  }
}
