/** The envelopes that were sent: kept as long as deliveries need them, and as long as a window asks. */
import type { WireEnvelope } from "../transport/transport.js";
import type { Connection, Row } from "./connection.js";
import { ENVELOPE, valuesOf } from "../transport/envelope-rows.js";
import type { Settings } from "./options.js";
import { LATER } from "./place-sql.js";
import type { Places } from "./places.js";

const SWEPT_MAX = 1_000;

export class Envelopes {
  readonly #p: string;
  readonly #sql: ReturnType<typeof sqlOf>;
  readonly #places: Places;
  readonly #windowMs: number;
  readonly #keptMs: number;
  /* Everything before it has been looked at, and is still needed. */
  #sweptTo = 0;

  constructor({ prefix, dedupeWindowMs, keepEventsMs }: Settings, places: Places) {
    this.#p = prefix;
    this.#sql = sqlOf(prefix);
    this.#places = places;
    this.#windowMs = dedupeWindowMs;
    this.#keptMs = Math.max(dedupeWindowMs, keepEventsMs);
  }

  /** Stores envelopes with a delivery for each group, less those whose id was sent within the window. */
  send(db: Connection, batch: readonly WireEnvelope[], now: number): readonly ("accepted" | "duplicate")[] {
    const known = this.#knownOf(db, batch, now);
    const seqs: number[] = [];
    const answers = batch.map((envelope) => {
      if (known.has(envelope.id)) return "duplicate";
      if (this.#windowMs > 0) known.add(envelope.id);
      seqs.push(this.#add(db, envelope, { sentAt: now, isAgain: 0 }));
      return "accepted";
    });
    // Nobody else writes meanwhile, so that their numbers follow one another.
    if (seqs.length > 0) this.#places.fanOut(db, { first: seqs[0]!, last: seqs.at(-1)! }, now);
    return answers;
  }

  /** Stores an envelope for one group, whatever the window says. */
  again(db: Connection, envelope: WireEnvelope, groupId: number, now: number): void {
    const seq = this.#add(db, envelope, { sentAt: now, isAgain: 1 });
    this.#places.add(db, seq, groupId, now);
  }

  /** Gives a new group the events that are still kept. */
  giveEarliest(db: Connection, groupId: number, names: readonly string[], now: number): void {
    const rows = db.rows(
      `SELECT seq FROM ${this.#p}envelopes
        WHERE is_again = 0 AND sent_at > ? AND name IN (SELECT value FROM json_each(?)) ORDER BY seq`,
      now - this.#keptMs,
      JSON.stringify(names),
    );
    for (const { seq } of rows) this.#places.add(db, seq as number, groupId, now);
  }

  /** Not due yet, by id. */
  due(db: Connection, after: string, limit: number, now: number): readonly Row[] {
    return db.rows(
      `SELECT ${ENVELOPE} FROM ${this.#p}envelopes WHERE due_at IS NOT NULL AND due_at > ? AND id > ? ORDER BY id LIMIT ?`,
      now,
      after,
      limit,
    );
  }

  /** Moves what is not due yet, or takes it back; false where there is none. */
  reschedule(db: Connection, id: string, dueAt: number | undefined, now: number): boolean {
    const p = this.#p;
    // The clock of another process may be ahead: what is due there is not taken back here.
    const rows = db.rows(
      `SELECT seq FROM ${p}envelopes WHERE id = ? AND due_at > ?
        AND NOT EXISTS (SELECT 1 FROM ${p}deliveries WHERE envelope = seq AND state <> ${LATER})`,
      id,
      now,
    );
    for (const { seq } of rows) {
      if (dueAt === undefined) {
        db.run(`DELETE FROM ${p}deliveries WHERE envelope = ?`, seq!);
        db.run(`DELETE FROM ${p}envelopes WHERE seq = ?`, seq!);
      } else {
        db.run(`UPDATE ${p}deliveries SET due_at = ? WHERE envelope = ?`, dueAt, seq!);
        db.run(`UPDATE ${p}envelopes SET due_at = ? WHERE seq = ?`, dueAt, seq!);
      }
    }
    return rows.length > 0;
  }

  /** Deletes some of those that nobody needs any more; each round goes on where the last one stopped. */
  sweep(db: Connection, now: number, most: number = SWEPT_MAX): void {
    const until = now - this.#keptMs;
    // Most of the time the first is young, and nothing more is looked at.
    const first = db.row(this.#sql.first, this.#sweptTo);
    if (first === undefined || (first["sent_at"] as number) > until) return;
    const to = db.row(this.#sql.sweptTo, this.#sweptTo, most, until)!["seq"] as number;
    db.run(this.#sql.sweep, this.#sweptTo, to, until);
    this.#sweptTo = to;
  }

  /** From now on the sweep begins at the first again: what was needed then may not be now. */
  sweepFromStart(): void {
    this.#sweptTo = 0;
  }

  #knownOf(db: Connection, batch: readonly WireEnvelope[], now: number): Set<string> {
    if (this.#windowMs === 0) return new Set();
    const ids = JSON.stringify(batch.map(({ id }) => id));
    return new Set(db.rows(this.#sql.known, ids, now - this.#windowMs).map(({ id }) => id as string));
  }

  #add(db: Connection, envelope: WireEnvelope, how: { sentAt: number; isAgain: 0 | 1 }): number {
    return db.run(this.#sql.add, ...valuesOf(envelope), how.sentAt, how.isAgain).added;
  }
}

/* Written once: the same text finds its prepared statement without being read again. */
function sqlOf(p: string): Readonly<Record<"known" | "add" | "first" | "sweptTo" | "sweep", string>> {
  return {
    known: `SELECT e.id FROM json_each(?) j CROSS JOIN ${p}envelopes e WHERE e.id = j.value AND e.sent_at > ?`,
    add: `INSERT INTO ${p}envelopes (${ENVELOPE}, sent_at, is_again) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    first: `SELECT sent_at FROM ${p}envelopes WHERE seq > ? ORDER BY seq LIMIT 1`,
    sweptTo: `SELECT max(seq) AS seq FROM (SELECT seq, sent_at FROM ${p}envelopes WHERE seq > ? ORDER BY seq LIMIT ?)
      WHERE sent_at <= ?`,
    sweep: `DELETE FROM ${p}envelopes WHERE seq > ? AND seq <= ? AND sent_at <= ?
      AND NOT EXISTS (SELECT 1 FROM ${p}deliveries WHERE envelope = seq)`,
  };
}
