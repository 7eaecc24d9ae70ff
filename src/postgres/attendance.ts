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

export class Attendance {
  readonly #p: string;
  readonly #leaseMs: number;
  readonly #tables: Tables;
  #now: Attended | undefined;

  constructor(prefix: string, leaseMs: number, tables: Tables) {
    this.#p = prefix;
    this.#leaseMs = leaseMs;
    this.#tables = tables;
  }

  get id(): number | undefined {
    return this.#now?.id;
  }

  /** Whether the lease is to be extended. */
  isDue(now: number): boolean {
    return this.#now === undefined || now - this.#now.renewedAt >= this.#leaseMs / 3;
  }

  /** Whether nothing is to be written for it. */
  isKnown(now: number): boolean {
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

  /** Gives back what a silent consumer has, a part at a time; answers whether there was one. */
  async sweep(db: Connection): Promise<boolean> {
    const row = await db.row(
      `SELECT id FROM ${this.#p}consumers WHERE lease_until < ${NOW} AND id <> $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
      this.id ?? 0,
    );
    if (row === undefined) return false;
    const id = row["id"] as number;
    if ((await this.#tables.places.takeBack(db, id, TAKEN_BACK_MAX)) < TAKEN_BACK_MAX)
      await this.#delete(db, id);
    return true;
  }

  /** Gives back everything, and is not there any more. */
  async leave(db: Connection): Promise<void> {
    const { id } = this;
    if (id === undefined) return;
    while ((await this.#tables.places.takeBack(db, id, TAKEN_BACK_MAX)) === TAKEN_BACK_MAX);
    await this.#delete(db, id);
  }

  left(): void {
    this.#now = undefined;
  }

  async #isThere(db: Connection, id: number, now: number): Promise<boolean> {
    const p = this.#p;
    if (!this.isDue(now))
      return (await db.row(`SELECT 1 FROM ${p}consumers WHERE id = $1 FOR KEY SHARE`, id)) !== undefined;
    const sql = `UPDATE ${p}consumers SET lease_until = ${NOW} + $2::float8 WHERE id = $1`;
    return (await db.run(sql, id, this.#leaseMs)) > 0;
  }

  async #delete(db: Connection, id: number): Promise<void> {
    await this.#tables.groups.removeOf(db, id);
    await db.run(`DELETE FROM ${this.#p}consuming WHERE consumer = $1`, id);
    await db.run(`DELETE FROM ${this.#p}consumers WHERE id = $1`, id);
  }
}

/** The consumer that a group belongs to; 0 for a group that all share. */
export function consumerOf({ audience }: Group, id: number | undefined): number {
  return audience === "each" ? (id ?? 0) : 0;
}
