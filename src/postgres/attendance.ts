/** A process as a consumer: its lease covers all that it was handed, and who lets it run out is given up by the others. */
import type { Group } from "../transport/transport.js";
import { type Connection, NOW } from "./connection.js";
import type { Groups } from "./groups.js";
import type { Places } from "./places.js";

/** How a consumer stands, after a transaction. */
export interface Attended {
  readonly id: number;
  /** Another process has given it up: nothing that it was handed is its own any more. */
  readonly isLost: boolean;
  /** When its lease was extended, by the clock that only goes forward. */
  readonly renewedAt: number;
}

interface Tables {
  readonly places: Places;
  readonly groups: Groups;
}

/* Of one consumer, in one transaction. */
const TAKEN_BACK_MAX = 1_000;
/* Whoever comes after them has its turn when they are gone. */
const SWEPT_MAX = 10;

export class Attendance {
  readonly #p: string;
  readonly #leaseMs: number;
  readonly #tables: Tables;
  #now: Attended | undefined;
  /* Since when it is known to have run out. */
  #overSince: number | undefined;

  constructor(prefix: string, leaseMs: number, tables: Tables) {
    this.#p = prefix;
    this.#leaseMs = leaseMs;
    this.#tables = tables;
  }

  get id(): number | undefined {
    return this.#now?.id;
  }

  /** Its id, as long as nobody has given it up; nobody does before the transaction has ended. */
  async present(db: Connection): Promise<number | undefined> {
    const { id } = this;
    return id !== undefined && (await this.#isKnown(db, id)) ? id : undefined;
  }

  /** Whether the lease is to be extended. */
  isDue(now: number): boolean {
    return this.#now === undefined || now - this.#now.renewedAt >= this.#leaseMs / 3;
  }

  /** Whether it has run out, as far as anybody knows here. */
  isOver(now: number): boolean {
    return this.#now !== undefined && now - this.#now.renewedAt >= this.#leaseMs;
  }

  /** Whether it could not be extended for so long that it is lost. Whoever stood still asks first: it may have it yet. */
  isLapsed(now: number): boolean {
    if (!this.isOver(now)) this.#overSince = undefined;
    else this.#overSince ??= now;
    return this.#overSince !== undefined && now - this.#overSince >= this.#leaseMs / 3;
  }

  /** Whether nothing is to be written for it. */
  isFresh(now: number): boolean {
    return this.#now !== undefined && !this.isDue(now);
  }

  /** Is there, and cannot be given up before the transaction has ended; the answer holds once it is committed. */
  async attend(db: Connection, now: number): Promise<Attended> {
    const known = this.#now;
    if (known !== undefined && (await this.#isThere(db, known.id, now))) {
      const renewedAt = this.isDue(now) ? now : known.renewedAt;
      return { id: known.id, isLost: false, renewedAt };
    }
    const sql = `INSERT INTO ${this.#p}consumers (lease_until) VALUES (${NOW} + $1::float8) RETURNING id`;
    const row = await db.row(sql, this.#leaseMs);
    return { id: row!["id"] as number, isLost: known !== undefined, renewedAt: now };
  }

  attended(attended: Attended): void {
    this.#now = attended;
  }

  /** Gives back what a silent consumer has, a part at a time; answers whether there was anything to do. */
  async sweep(db: Connection): Promise<boolean> {
    const rows = await db.rows(
      `SELECT id FROM ${this.#p}consumers WHERE lease_until < ${NOW} AND id <> $1 ORDER BY id LIMIT ${SWEPT_MAX}
        FOR UPDATE SKIP LOCKED`,
      this.id ?? 0,
    );
    for (const { id } of rows) if (await this.#giveUp(db, id as number)) return true;
    return false;
  }

  /** Gives back everything, and is not there any more. */
  async leave(db: Connection): Promise<void> {
    const { id } = this;
    if (id === undefined) return;
    await db.run(`UPDATE ${this.#p}consumers SET lease_until = 0 WHERE id = $1`, id);
    while (await this.#giveUp(db, id));
  }

  left(): void {
    this.#now = undefined;
  }

  async #isThere(db: Connection, id: number, now: number): Promise<boolean> {
    const p = this.#p;
    if (!this.isDue(now)) return this.#isKnown(db, id);
    const sql = `UPDATE ${p}consumers SET lease_until = ${NOW} + $2::float8 WHERE id = $1`;
    return (await db.run(sql, id, this.#leaseMs)) > 0;
  }

  async #isKnown(db: Connection, id: number): Promise<boolean> {
    const sql = `SELECT 1 FROM ${this.#p}consumers WHERE id = $1 FOR KEY SHARE`;
    return (await db.row(sql, id)) !== undefined;
  }

  /* A delivery that a transaction of the application is settling waits for the end of that, and its consumer with it. */
  async #giveUp(db: Connection, id: number): Promise<boolean> {
    const { places } = this.#tables;
    const taken = await places.takeBack(db, id, TAKEN_BACK_MAX);
    if (taken === TAKEN_BACK_MAX) return true;
    const isFree = (await places.heldBy(db, id)).length === 0;
    const isThere = isFree && (await this.#delete(db, id));
    return isThere || taken > 0;
  }

  async #delete(db: Connection, id: number): Promise<boolean> {
    if (!(await this.#tables.groups.removeOf(db, id))) return false;
    await db.run(`DELETE FROM ${this.#p}consuming WHERE consumer = $1`, id);
    return (await db.run(`DELETE FROM ${this.#p}consumers WHERE id = $1`, id)) > 0;
  }
}

/** The consumer that a group belongs to; 0 for a group that all share. */
export function ownerOf({ audience }: Group, consumer: number): number {
  return audience === "each" ? consumer : 0;
}
