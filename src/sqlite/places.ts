/** Where deliveries stand: ready, waiting for a time, out, or behind another of their key. One of a key is out at most. */
import type { Hold } from "../transport/holdings.js";
import type { Connection, Row } from "./connection.js";
import { OUT, type PlaceSql, placeSql, READY, RETRY, LATER } from "./place-sql.js";

const ADMITTED_MAX = 1_000;

export class Places {
  readonly #p: string;
  readonly #sql: PlaceSql;

  constructor(prefix: string) {
    this.#p = prefix;
    this.#sql = placeSql(prefix);
  }

  /** One delivery of each envelope for each group that its name is bound to; what is due later is kept apart until then. */
  fanOut(db: Connection, seqs: { readonly first: number; readonly last: number }, now: number): void {
    db.run(this.#sql.fanOut, now, seqs.first, seqs.last);
  }

  /** One delivery for one group. */
  add(db: Connection, seq: number, groupId: number, now: number): void {
    db.run(this.#sql.add, now, seq, groupId);
  }

  hasReady(db: Connection, groupId: number): boolean {
    return db.row(this.#sql.hasReady, groupId) !== undefined;
  }

  /** So many of the highest priority, or of the lowest that waits; each is then out. */
  take(
    db: Connection,
    groupId: number,
    how: { owner: number; most: number; lowest?: boolean },
  ): readonly Row[] {
    const rows = db.rows(how.lowest === true ? this.#sql.readyLowest : this.#sql.ready, groupId, how.most);
    if (rows.length === 0) return rows;
    const envelopes = JSON.stringify(rows.map(({ envelope }) => envelope));
    db.run(this.#sql.takeOut, how.owner, groupId, envelopes);
    return rows;
  }

  /** Ends a delivery that is out; false where it is somebody else's by now. The next of its key is ready. */
  end(db: Connection, hold: Hold): boolean {
    if (db.run(this.#sql.end, ...heldBy(hold)).changes === 0) return false;
    this.goOn(db, hold.groupId, hold.key);
    return true;
  }

  /** The next of a key is ready, since nothing of it is in front any more. */
  goOn(db: Connection, groupId: number, key: string | null): void {
    if (key !== null) db.run(this.#sql.goOn, groupId, key);
  }

  /** Gives it back, at once or for a time; its key waits with it. */
  giveBack(db: Connection, hold: Hold): boolean {
    return db.run(this.#sql.giveBack, ...heldBy(hold)).changes > 0;
  }

  retry(db: Connection, hold: Hold, { history, dueAt }: { history: string; dueAt: number | null }): boolean {
    const state = dueAt === null ? READY : RETRY;
    return db.run(this.#sql.retry, ...heldBy(hold), state, dueAt, history).changes > 0;
  }

  /** When the next is due, of those that wait for a time. */
  nextDue(db: Connection): number | undefined {
    const row = db.row(this.#sql.nextDue);
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
    for (const envelope of later) this.#renumber(db, envelope, now);
    return due.length > 0;
  }

  /* What was published for later comes after what was accepted before it was due. */
  #renumber(db: Connection, envelope: number, now: number): void {
    const p = this.#p;
    const columns = "id, name, key, priority, due_at, expires_at, headers, body, sent_at, is_again";
    const { added } = db.run(
      `INSERT INTO ${p}envelopes (${columns}) SELECT ${columns} FROM ${p}envelopes WHERE seq = ?`,
      envelope,
    );
    const groups = db.rows(`SELECT group_id FROM ${p}deliveries WHERE envelope = ?`, envelope);
    db.run(`DELETE FROM ${p}deliveries WHERE envelope = ?`, envelope);
    db.run(`DELETE FROM ${p}envelopes WHERE seq = ?`, envelope);
    for (const { group_id } of groups) this.add(db, added, group_id as number, now);
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

function heldBy({ envelope, groupId, owner, deliveries }: Hold): readonly number[] {
  return [envelope, groupId, owner, deliveries];
}
