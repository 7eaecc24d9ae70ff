/** Dead letters: whole, with the failures that led there, until they are redriven, discarded or too old. */
import { type Ended, type Letter, letterOf, numberOf, remains } from "../transport/delivery-rows.js";
import { ENVELOPE, historyWith, valuesOf } from "../transport/envelope-rows.js";
import type { Held } from "../transport/holdings.js";
import type { Connection } from "./connection.js";

const SWEPT_MAX = 1_000;

export class Letters {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  add(db: Connection, { item, groupId }: Held, ended: Ended, now: number): void {
    const { group, envelope, failures, deliveries, history } = item;
    db.run(
      `INSERT INTO ${this.#p}letters (group_name, group_id, reason, at, failures, deliveries, history, ${ENVELOPE})
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      group,
      groupId,
      ended.reason,
      now,
      failures + (ended.attempt === undefined ? 0 : 1),
      deliveries,
      historyWith(history, ended.attempt),
      ...("undecodable" in envelope ? remains(envelope.undecodable) : valuesOf(envelope)),
    );
  }

  list(
    db: Connection,
    filter: { group?: string; reason?: string },
    after: string,
    limit: number,
  ): readonly Letter[] {
    const { group = null, reason = null } = filter;
    const rows = db.rows(
      `SELECT * FROM ${this.#p}letters WHERE number > ?1 AND (?2 IS NULL OR group_name = ?2) AND (?3 IS NULL OR reason = ?3)
        ORDER BY number LIMIT ?4`,
      numberOf(after) ?? 0,
      group,
      reason,
      limit,
    );
    return rows.map(letterOf);
  }

  get(db: Connection, id: string): Letter | undefined {
    const row = db.row(`SELECT * FROM ${this.#p}letters WHERE number = ?`, numberOf(id) ?? -1);
    return row && letterOf(row);
  }

  /** The group that it came from, which may have gone with its process. */
  groupIdOf(db: Connection, id: string): number | undefined {
    const sql = `SELECT group_id FROM ${this.#p}letters WHERE number = ?`;
    return db.row(sql, numberOf(id) ?? -1)?.["group_id"] as number | undefined;
  }

  /** False where there is none. */
  delete(db: Connection, id: string): boolean {
    return db.run(`DELETE FROM ${this.#p}letters WHERE number = ?`, numberOf(id) ?? -1).changes > 0;
  }

  /** Deletes some of those that are older than this moment. */
  sweep(db: Connection, until: number): void {
    const p = this.#p;
    const old = `SELECT number FROM ${p}letters WHERE at < ? ORDER BY at LIMIT ${SWEPT_MAX}`;
    db.run(`DELETE FROM ${p}letters WHERE number IN (${old})`, until);
  }
}
