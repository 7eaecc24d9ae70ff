/** The envelopes that were sent: kept as long as deliveries need them, and as long as a window asks. */
import type { WireEnvelope } from "../transport/transport.js";
import type { Connection, Row } from "./connection.js";
import { ENVELOPE, valuesOf } from "../transport/envelope-rows.js";
import type { Settings } from "./options.js";
import type { Placed, Places } from "./places.js";

const SWEPT_MAX = 1_000;

export class Envelopes {
  readonly #p: string;
  readonly #places: Places;
  readonly #windowMs: number;
  readonly #keptMs: number;
  /* Everything before it has been looked at, and is still needed. */
  #sweptTo = 0;

  constructor({ prefix, dedupeWindowMs, keepEventsMs }: Settings, places: Places) {
    this.#p = prefix;
    this.#places = places;
    this.#windowMs = dedupeWindowMs;
    this.#keptMs = Math.max(dedupeWindowMs, keepEventsMs);
  }

  /** Stores an envelope with a delivery for each group, unless its id was sent within the window. */
  send(db: Connection, envelope: WireEnvelope, now: number): "accepted" | "duplicate" {
    if (this.#isKnown(db, envelope.id, now)) return "duplicate";
    const seq = this.#add(db, envelope, { sentAt: now, isAgain: 0 });
    this.#places.fanOut(db, seq, placed(envelope, now));
    return "accepted";
  }

  /** Stores an envelope for one group, whatever the window says. */
  again(db: Connection, envelope: WireEnvelope, groupId: number, now: number): void {
    const seq = this.#add(db, envelope, { sentAt: now, isAgain: 1 });
    this.#places.add(db, seq, placed(envelope, now), groupId);
  }

  /** Gives a new group the events that are still kept. */
  giveEarliest(db: Connection, groupId: number, names: readonly string[], now: number): void {
    const rows = db.rows(
      `SELECT seq, name, key, priority, due_at FROM ${this.#p}envelopes
        WHERE is_again = 0 AND sent_at > ? AND name IN (SELECT value FROM json_each(?)) ORDER BY seq`,
      now - this.#keptMs,
      JSON.stringify(names),
    );
    for (const { seq, name, key, priority, due_at } of rows) {
      const dueAt = due_at !== null && (due_at as number) > now ? (due_at as number) : null;
      const stands = { name: name as string, key: key as string | null, priority: priority as number, dueAt };
      this.#places.add(db, seq as number, stands, groupId);
    }
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
    const rows = db.rows(`SELECT seq FROM ${p}envelopes WHERE id = ? AND due_at > ?`, id, now);
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
    const p = this.#p;
    const until = now - this.#keptMs;
    // Most of the time the first is young, and nothing more is looked at.
    const first = db.row(
      `SELECT sent_at FROM ${p}envelopes WHERE seq > ? ORDER BY seq LIMIT 1`,
      this.#sweptTo,
    );
    if (first === undefined || (first["sent_at"] as number) > until) return;
    const rows = db.rows(
      `SELECT seq, sent_at, EXISTS (SELECT 1 FROM ${p}deliveries WHERE envelope = seq) AS is_needed
        FROM ${p}envelopes WHERE seq > ? ORDER BY seq LIMIT ?`,
      this.#sweptTo,
      most,
    );
    for (const { seq, sent_at, is_needed } of rows) {
      if ((sent_at as number) > until) return;
      if (is_needed === 0) db.run(`DELETE FROM ${p}envelopes WHERE seq = ?`, seq!);
      this.#sweptTo = seq as number;
    }
  }

  /** From now on the sweep begins at the first again: what was needed then may not be now. */
  sweepFromStart(): void {
    this.#sweptTo = 0;
  }

  #isKnown(db: Connection, id: string, now: number): boolean {
    if (this.#windowMs === 0) return false;
    const sql = `SELECT 1 FROM ${this.#p}envelopes WHERE id = ? AND sent_at > ? LIMIT 1`;
    return db.row(sql, id, now - this.#windowMs) !== undefined;
  }

  #add(db: Connection, envelope: WireEnvelope, how: { sentAt: number; isAgain: 0 | 1 }): number {
    const sql = `INSERT INTO ${this.#p}envelopes (${ENVELOPE}, sent_at, is_again) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    return db.run(sql, ...valuesOf(envelope), how.sentAt, how.isAgain).added;
  }
}

function placed({ name, key, priority, dueAt }: WireEnvelope, now: number): Placed {
  return { name, key: key ?? null, priority, dueAt: dueAt !== undefined && dueAt > now ? dueAt : null };
}
