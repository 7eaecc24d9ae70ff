/** Where deliveries stand: ready, waiting for a time, out, or behind another of their key. One of a key is out at most. */
import type { Hold } from "../transport/holdings.js";
import type { Connection, Row } from "./connection.js";

const READY = 0;
const RETRY = 1;
const OUT = 2;
const BEHIND = 3;
const LATER = 4;
const ADMITTED_MAX = 1_000;

export class Places {
  readonly #insert: string;
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
    const line = `SELECT 1 FROM ${prefix}deliveries o WHERE o.group_id = g.id AND o.key = ?1 AND o.state <> ${LATER}`;
    this.#insert = `INSERT INTO ${prefix}deliveries
      (envelope, group_id, state, key, priority, due_at, owner, failures, deliveries, history)
      SELECT ?2, g.id, CASE WHEN ?3 IS NOT NULL THEN ${LATER} WHEN g.is_ordered AND EXISTS (${line}) THEN ${BEHIND}
        ELSE ${READY} END, CASE WHEN g.is_ordered THEN ?1 END, ?4, ?3, NULL, 0, 0, '[]' FROM ${prefix}groups g`;
  }

  /** One delivery for each group that its name is bound to; a time at which it is due keeps it apart until then. */
  fanOut(db: Connection, seq: number, envelope: Placed): void {
    const sql = `${this.#insert} JOIN ${this.#p}bindings b ON b.group_id = g.id WHERE b.event = ?5`;
    db.run(sql, envelope.key, seq, envelope.dueAt, envelope.priority, envelope.name);
  }

  /** One delivery for one group. */
  add(db: Connection, seq: number, envelope: Placed, groupId: number): void {
    const sql = `${this.#insert} WHERE g.id = ?5`;
    db.run(sql, envelope.key, seq, envelope.dueAt, envelope.priority, groupId);
  }

  hasReady(db: Connection, groupId: number): boolean {
    return (
      db.row(
        `SELECT 1 FROM ${this.#p}deliveries WHERE group_id = ? AND state = ${READY} LIMIT 1`,
        groupId,
      ) !== undefined
    );
  }

  /** So many of the highest priority, or of the lowest that waits; each is then out. */
  take(
    db: Connection,
    groupId: number,
    how: { owner: number; most: number; lowest?: boolean },
  ): readonly Row[] {
    const p = this.#p;
    const lowest = `(SELECT min(priority) FROM ${p}deliveries WHERE group_id = ?1 AND state = ${READY})`;
    const of = how.lowest === true ? `AND d.priority = ${lowest}` : "";
    const rows = db.rows(
      `SELECT d.envelope, d.group_id, d.key AS line, d.failures, d.deliveries, d.history, e.id, e.name, e.key, e.priority,
        e.due_at, e.expires_at, e.headers, e.body
        FROM ${p}deliveries d LEFT JOIN ${p}envelopes e ON e.seq = d.envelope
        WHERE d.group_id = ?1 AND d.state = ${READY} ${of} ORDER BY d.priority DESC, d.envelope LIMIT ?2`,
      groupId,
      how.most,
    );
    const out = `UPDATE ${p}deliveries SET state = ${OUT}, owner = ?, deliveries = deliveries + 1 WHERE envelope = ? AND group_id = ?`;
    for (const { envelope } of rows) db.run(out, how.owner, envelope!, groupId);
    return rows;
  }

  /** Ends a delivery that is out; false where it is somebody else's by now. The next of its key is ready. */
  end(db: Connection, hold: Hold): boolean {
    const sql = `DELETE FROM ${this.#p}deliveries ${HELD}`;
    if (db.run(sql, ...heldBy(hold)).changes === 0) return false;
    this.goOn(db, hold.groupId, hold.key);
    return true;
  }

  /** The next of a key is ready, since nothing of it is in front any more. */
  goOn(db: Connection, groupId: number, key: string | null): void {
    if (key === null) return;
    const p = this.#p;
    db.run(
      `UPDATE ${p}deliveries SET state = ${READY} WHERE group_id = ?1 AND envelope = (SELECT envelope FROM ${p}deliveries
        WHERE group_id = ?1 AND key = ?2 AND state = ${BEHIND} ORDER BY envelope LIMIT 1)`,
      groupId,
      key,
    );
  }

  /** Gives it back, at once or for a time; its key waits with it. */
  giveBack(db: Connection, hold: Hold): boolean {
    const sql = `UPDATE ${this.#p}deliveries SET state = ${READY}, owner = NULL ${HELD}`;
    return db.run(sql, ...heldBy(hold)).changes > 0;
  }

  retry(db: Connection, hold: Hold, { history, dueAt }: { history: string; dueAt: number | null }): boolean {
    const state = dueAt === null ? READY : RETRY;
    const sql = `UPDATE ${this.#p}deliveries SET state = ?5, owner = NULL, due_at = ?6, failures = failures + 1, history = ?7 ${HELD}`;
    return db.run(sql, ...heldBy(hold), state, dueAt, history).changes > 0;
  }

  /** When the next is due, of those that wait for a time. */
  nextDue(db: Connection): number | undefined {
    const row = db.row(`SELECT min(due_at) AS at FROM ${this.#p}deliveries WHERE due_at IS NOT NULL`);
    return (row?.["at"] as number | null) ?? undefined;
  }

  /** Whatever is due by now is ready, or behind those of its key. Answers whether there was any. */
  admit(db: Connection, now: number): boolean {
    const p = this.#p;
    const due = db.rows(
      `SELECT envelope, group_id, state FROM ${p}deliveries WHERE due_at <= ? ORDER BY due_at, envelope LIMIT ${ADMITTED_MAX}`,
      now,
    );
    const ready = `UPDATE ${p}deliveries SET state = ${READY}, due_at = NULL WHERE envelope = ? AND group_id = ?`;
    const later = new Set<number>();
    for (const { envelope, group_id, state } of due)
      if (state === LATER) later.add(envelope as number);
      else db.run(ready, envelope!, group_id!);
    for (const envelope of later) this.#renumber(db, envelope);
    return due.length > 0;
  }

  /* What was published for later comes after what was accepted before it was due. */
  #renumber(db: Connection, envelope: number): void {
    const p = this.#p;
    const columns = "id, name, key, priority, due_at, expires_at, headers, body, sent_at, is_again";
    const { added } = db.run(
      `INSERT INTO ${p}envelopes (${columns}) SELECT ${columns} FROM ${p}envelopes WHERE seq = ?`,
      envelope,
    );
    const groups = db.rows(`SELECT group_id, priority, key FROM ${p}deliveries WHERE envelope = ?`, envelope);
    db.run(`DELETE FROM ${p}deliveries WHERE envelope = ?`, envelope);
    db.run(`DELETE FROM ${p}envelopes WHERE seq = ?`, envelope);
    for (const { group_id, priority, key } of groups)
      this.add(
        db,
        added,
        { key: key as string | null, dueAt: null, priority: priority as number, name: "" },
        group_id as number,
      );
  }

  /** What an owner has, out of so many at most. */
  heldBy(db: Connection, owner: number): readonly Row[] {
    return db.rows(
      `SELECT envelope, group_id, deliveries, key FROM ${this.#p}deliveries WHERE owner = ?`,
      owner,
    );
  }

  /** Gives back what an owner has, so many at most; answers how many they were. */
  takeBack(db: Connection, owner: number, most: number): number {
    const p = this.#p;
    const rows = db.rows(
      `SELECT envelope, group_id FROM ${p}deliveries WHERE owner = ? LIMIT ?`,
      owner,
      most,
    );
    for (const { envelope, group_id } of rows)
      db.run(
        `UPDATE ${p}deliveries SET state = ${READY}, owner = NULL WHERE envelope = ? AND group_id = ?`,
        envelope!,
        group_id!,
      );
    return rows.length;
  }

  /** How many a group has that are not final, and since when the oldest of them is there. */
  backlog(
    db: Connection,
    groupId: number,
  ): { readonly waiting: number; readonly oldestAt: number | undefined } {
    const p = this.#p;
    const row = db.row(
      `SELECT count(*) AS waiting, min(d.envelope) AS first FROM ${p}deliveries d WHERE d.group_id = ? AND d.state <> ${OUT}`,
      groupId,
    )!;
    const oldest = db.row(`SELECT sent_at FROM ${p}envelopes WHERE seq = ?`, row["first"] ?? null);
    return { waiting: row["waiting"] as number, oldestAt: oldest?.["sent_at"] as number | undefined };
  }
}

/** What of an envelope decides where it stands. */
export interface Placed {
  readonly name: string;
  readonly key: string | null;
  readonly priority: number;
  readonly dueAt: number | null;
}

const HELD = "WHERE envelope = ?1 AND group_id = ?2 AND owner = ?3 AND deliveries = ?4";

function heldBy({ envelope, groupId, owner, deliveries }: Hold): readonly number[] {
  return [envelope, groupId, owner, deliveries];
}
