/**
 * Consuming: each transaction writes settlements and takes what the credits allow; another before it admits what is due. A
 * pulse looks for what others wrote, keeps the lease, and gives back what belonged to those who fell silent.
 */
import type { Host } from "../runtime/host.js";
import type { Held, Holdings } from "../transport/holdings.js";
import type { Item, Sink } from "../transport/transport.js";
import type { Attended } from "./attendance.js";
import { type Claims, wantedOf } from "./claims.js";
import { Commits, type Written } from "./commits.js";
import type { Connection, Database, Desk } from "./connection.js";
import { isBusy, storeError } from "./faults.js";
import { HandingOut } from "./handing-out.js";
import type { Hints } from "./hints.js";
import type { Link } from "./link.js";
import type { Settings } from "./options.js";
import type { Admitted } from "./places.js";
import { Pulse } from "./pulse.js";
import { isPlainEnd, leavesSomething, linesOf, type Settled, type Settling } from "./settling.js";
import type { Tables } from "./tables.js";
import { type Kept, keepUp, LEASE_LOST } from "./upkeep.js";
import { type Job, type Round, writeRound } from "./writing.js";

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
  /** The connection of the consuming. */
  readonly desk: Desk;
  readonly sink: Sink;
  readonly close: () => Promise<void>;
}

const BLOCKED_MS = 250;

export class Consuming {
  readonly #parts: ConsumingParts;
  readonly #commits: Commits<Job, Settled>;
  readonly #pulse: Pulse;
  readonly #handing: HandingOut;
  #session: Session | undefined;
  #isStopped = false;
  #isLooking = false;
  #keptAt = 0;

  constructor(parts: ConsumingParts) {
    this.#parts = parts;
    this.#handing = new HandingOut(parts);
    this.#pulse = new Pulse(parts.host, () => this.#beat());
    this.#commits = new Commits<Job, Settled>({
      host: parts.host,
      link: parts.link,
      isVital: true,
      busyMaxMs: Infinity,
      isAsked: () => this.#isAsked,
      linesOf: (job) => (job === "attend" ? [] : linesOf(job)),
      write: (jobs, lockMaxMs) => this.#round(jobs, lockMaxMs),
      rests: () => this.#session?.desk.leave(),
    });
  }

  open(session: Session): void {
    this.#session = session;
    this.#isStopped = this.#isLooking = false;
    this.#keptAt = this.#now;
    this.#pulse.next(undefined);
    this.#commits.open();
  }

  /** Nothing more is taken; what is out keeps its lease. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Writes what is to be written. */
  async flush(): Promise<void> {
    await this.#commits.close();
    await this.#handing.flush();
  }

  close(): void {
    this.#isStopped = true;
    this.#pulse.stop();
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

  /** Somebody may have something new. */
  wake(): void {
    this.#parts.claims.wake();
    this.#isLooking = this.#parts.claims.isAsked;
    this.#commits.soon();
  }

  /** Somebody asks for more. */
  hunger(): void {
    this.#commits.soon();
  }

  // ── A transaction ─────────────────────────────────────────────────────────────────────────────────────────────

  get #isAsked(): boolean {
    if (this.#session === undefined) return false;
    const isHungry = !this.#isStopped && this.#parts.claims.isHungry;
    return isHungry || this.#isLooking || this.#pulse.isDue || this.#mustKeep;
  }

  async #round(jobs: readonly Job[], lockMaxMs: number): Promise<Written<Settled>> {
    const session = this.#session;
    if (session === undefined) return { answers: [] };
    try {
      const written = this.#isPlain(jobs)
        ? await this.#rounded(session, jobs, lockMaxMs)
        : jobs.length > 0 || (await this.#look(session))
          ? await this.#written(session, jobs, lockMaxMs)
          : { answers: [] };
      if (this.#mustKeep) await this.#keep(session);
      return written;
    } catch (error) {
      this.#parts.claims.failed();
      throw error;
    } finally {
      this.#arm();
    }
  }

  /* Most rounds are of one statement: they end what is of no key, and take. */
  #isPlain(jobs: readonly Job[]): jobs is readonly Settling[] {
    const { claims, tables } = this.#parts;
    return (
      tables.attendance.isFresh(this.#now) &&
      !this.#pulse.isDue &&
      claims.isPlain &&
      jobs.every((job) => job !== "attend" && isPlainEnd(job))
    );
  }

  async #rounded(
    { desk }: Session,
    settlings: readonly Settling[],
    lockMaxMs: number,
  ): Promise<Written<Settled>> {
    const { claims, tables } = this.#parts;
    const owner = tables.attendance.id!;
    const asked = this.#isStopped ? [] : claims.ask(settlings.length > 0);
    this.#isLooking = false;
    const round = { owner, ends: settlings.map(({ held }) => held), wanted: wantedOf(asked), lockMaxMs };
    const { ended, taken, dueIn, isThere } = await desk.use((db) => tables.rounds.run(db, round));
    this.#pulse.next(dueIn);
    const helds = this.#handing.hold(claims.taken(claims.taking(asked, taken, owner)));
    if (!isThere) this.#keptAt = -Infinity; // the upkeep comes next, and finds that the lease is lost
    const answers = ended.map((isEnded) => (isEnded ? "settled" : "stale"));
    return helds.length > 0 ? { answers, tell: () => this.#give(helds) } : { answers };
  }

  async #written(
    { database, desk }: Session,
    jobs: readonly Job[],
    lockMaxMs?: number,
  ): Promise<Written<Settled>> {
    if (this.#pulse.isDue) await this.#admit({ database, desk }, lockMaxMs);
    const { tables, claims } = this.#parts;
    const asked = { jobs, now: this.#now, isStopped: this.#isStopped };
    const write = (db: Connection): Promise<Round> => writeRound(db, { tables, claims }, asked);
    const round = await database.transaction(write, { user: desk, lockMaxMs });
    const helds = this.#done(jobs, round);
    return { answers: round.answers, tell: () => this.#give(helds) };
  }

  /* In a transaction of its own: with the lines of settlements in hand, others' and these would wait for each other. */
  async #admit(
    { database, desk: user }: Pick<Session, "database" | "desk">,
    lockMaxMs?: number,
  ): Promise<void> {
    const { tables, hints } = this.#parts;
    const admit = (db: Connection): Promise<Admitted> => tables.places.admit(db);
    const { isAdmitted, isBlocked } = await database.transaction(admit, { user, lockMaxMs });
    if (isBlocked) this.#pulse.rest(BLOCKED_MS);
    if (!isAdmitted) return;
    this.wake();
    hints.give();
  }

  /* Without a transaction first, so that an idle store is not written to. */
  async #look({ desk }: Session): Promise<boolean> {
    this.#isLooking = false;
    const dueIn = await desk.use((db) => this.#parts.claims.look(db));
    this.#pulse.next(dueIn);
    // Whoever asks is there as a consumer, though there be nothing yet: it looks after those who fell silent.
    const isNew = this.#parts.tables.attendance.id === undefined;
    return this.#pulse.isDue || (!this.#isStopped && (isNew || this.#parts.claims.isHungry));
  }

  #done(jobs: readonly Job[], { attended, moved, helds }: Round): readonly Held[] {
    const { claims, hints } = this.#parts;
    this.#attended(attended);
    for (const [group, id] of moved) claims.know(group, id);
    if (jobs.some((job) => job !== "attend" && leavesSomething(job))) hints.give();
    this.#expect(jobs);
    return this.#handing.hold(helds());
  }

  #give(helds: readonly Held[]): void {
    const isLate = this.#isStopped || this.#parts.tables.attendance.isOver(this.#now);
    if (this.#session !== undefined) this.#handing.give(this.#session, helds, isLate);
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
      const keep = (db: Connection): Promise<Kept> => keepUp(db, this.#parts, this.#now);
      const { attended, gone, isMore } = await session.database.transaction(keep, { user: session.desk });
      tables.attendance.attended(attended);
      this.#lose(gone, "removed");
      if (!isMore) return;
      this.#keptAt = -Infinity;
      this.wake();
      hints.give();
    } catch (error) {
      this.#keptAt -= settings.leaseMs / 4; // again sooner, while the lease lasts
      if (error === LEASE_LOST) (await this.#written(session, [])).tell?.();
      else if (!isBusy(error)) link.failed(storeError(error));
    }
  }

  // ── The pulse ─────────────────────────────────────────────────────────────────────────────────────────────────

  /* A retry that was written here is known to be due. */
  #expect(jobs: readonly Job[]): void {
    for (const job of jobs)
      if (job !== "attend" && job.settlement.kind === "retry") this.#pulse.expect(job.settlement.afterMs);
  }

  #arm(): void {
    const { settings, claims, tables } = this.#parts;
    if (this.#session === undefined || !(claims.isAsked || tables.attendance.id !== undefined)) return;
    this.#pulse.arm(Math.min(settings.pollMs, settings.sweepMs, settings.leaseMs / 3));
  }

  #beat(): void {
    if (this.#parts.tables.attendance.isLapsed(this.#now))
      this.#lose(this.#parts.holdings.dropAll(), "lease");
    this.wake();
    this.#arm();
  }

  get #now(): number {
    return this.#parts.host().monotonic();
  }
}
