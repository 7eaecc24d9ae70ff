/** A process as a consumer: its lease covers all that it was handed, and who lets it run out is given up by the others. */
import type { Group } from "../transport/transport.js";
import type { Connection } from "./connection.js";
import type { Groups } from "./groups.js";
import type { Places } from "./places.js";

/** How a consumer stands, after a transaction. */
export interface Attended {
  readonly id: number;
  /** Another process has given it up: nothing that it was handed is its own any more. */
  readonly isLost: boolean;
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

  /** Its id, as long as nobody has given it up. */
  present(db: Connection): number | undefined {
    const { id } = this;
    return id !== undefined && this.#isKnown(db, id) ? id : undefined;
  }

  /** Whether the lease is to be extended. */
  isDue(now: number): boolean {
    return this.#now === undefined || now - this.#now.renewedAt >= this.#leaseMs / 3;
  }

  /** Is there, with a lease that has most of its time left; the answer holds once it is committed. */
  attend(db: Connection, now: number): Attended {
    const known = this.#now;
    if (known !== undefined && this.#isThere(db, known.id, now)) {
      const renewedAt = this.isDue(now) ? now : known.renewedAt;
      return { id: known.id, isLost: false, renewedAt };
    }
    const sql = `INSERT INTO ${this.#p}consumers (lease_until) VALUES (?)`;
    const { added } = db.run(sql, now + this.#leaseMs);
    return { id: added, isLost: known !== undefined, renewedAt: now };
  }

  attended(attended: Attended): void {
    this.#now = attended;
  }

  /** Whether somebody's lease has run out. */
  hasExpired(db: Connection, now: number): boolean {
    return this.#expired(db, now) !== undefined;
  }

  /** Gives back what a silent consumer has, a part at a time; answers whether there was one. */
  sweep(db: Connection, now: number): boolean {
    const id = this.#expired(db, now);
    if (id === undefined) return false;
    const { places } = this.#tables;
    if (places.takeBack(db, id, TAKEN_BACK_MAX) < TAKEN_BACK_MAX) this.#delete(db, id);
    return true;
  }

  /** Gives back everything, and is not there any more. */
  leave(db: Connection): void {
    const { id } = this;
    if (id === undefined) return;
    while (this.#tables.places.takeBack(db, id, TAKEN_BACK_MAX) === TAKEN_BACK_MAX);
    this.#delete(db, id);
  }

  left(): void {
    this.#now = undefined;
  }

  #isThere(db: Connection, id: number, now: number): boolean {
    const p = this.#p;
    if (!this.isDue(now)) return this.#isKnown(db, id);
    return (
      db.run(`UPDATE ${p}consumers SET lease_until = ? WHERE id = ?`, now + this.#leaseMs, id).changes > 0
    );
  }

  #isKnown(db: Connection, id: number): boolean {
    return db.row(`SELECT 1 FROM ${this.#p}consumers WHERE id = ?`, id) !== undefined;
  }

  #expired(db: Connection, now: number): number | undefined {
    const sql = `SELECT id FROM ${this.#p}consumers WHERE lease_until < ? AND id <> ? ORDER BY id LIMIT 1`;
    return db.row(sql, now, this.id ?? 0)?.["id"] as number | undefined;
  }

  #delete(db: Connection, id: number): void {
    this.#tables.groups.removeOf(db, id);
    db.run(`DELETE FROM ${this.#p}consuming WHERE consumer = ?`, id);
    db.run(`DELETE FROM ${this.#p}consumers WHERE id = ?`, id);
  }
}

/** The consumer that a group belongs to; 0 for a group that all share. */
export function ownerOf({ audience }: Group, consumer: number): number {
  return audience === "each" ? consumer : 0;
}
