/** Dead letters: whole, with the failures that led there, until they are redriven, discarded or too old. */
import { type Ended, type Letter, letterOf, numberOf, remains } from "../transport/delivery-rows.js";
import { ENVELOPE, historyWith, valuesOf } from "../transport/envelope-rows.js";
import type { Held } from "../transport/holdings.js";
import { type Connection, NOW } from "./connection.js";

const SWEPT_MAX = 1_000;

export class Letters {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  async add(db: Connection, { item, groupId }: Held, ended: Ended): Promise<void> {
    const { group, envelope, failures, deliveries, history } = item;
    await db.run(
      `INSERT INTO ${this.#p}letters (at, group_name, group_id, reason, failures, deliveries, history, ${ENVELOPE})
        VALUES (${NOW}, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      group,
      groupId,
      ended.reason.replaceAll("\0", "\uFFFD"), // which no text of PostgreSQL can have
      failures + (ended.attempt === undefined ? 0 : 1),
      deliveries,
      historyWith(history, ended.attempt),
      ...("undecodable" in envelope ? remains(envelope.undecodable) : valuesOf(envelope)),
    );
  }

  async list(
    db: Connection,
    filter: { group?: string; reason?: string },
    after: string,
    limit: number,
  ): Promise<readonly Letter[]> {
    const { group = null, reason = null } = filter;
    const rows = await db.rows(
      `SELECT * FROM ${this.#p}letters WHERE number > $1 AND ($2::text IS NULL OR group_name = $2)
        AND ($3::text IS NULL OR reason = $3) ORDER BY number LIMIT $4`,
      numberOf(after) ?? 0,
      group,
      reason,
      limit,
    );
    return rows.map(letterOf);
  }

  /** Takes it out; whoever takes it at the same moment gets none. */
  async take(db: Connection, id: string): Promise<Letter | undefined> {
    const sql = `DELETE FROM ${this.#p}letters WHERE number = $1 RETURNING *`;
    const row = await db.row(sql, numberOf(id) ?? -1);
    return row && letterOf(row);
  }

  async get(db: Connection, id: string): Promise<Letter | undefined> {
    const row = await db.row(`SELECT * FROM ${this.#p}letters WHERE number = $1`, numberOf(id) ?? -1);
    return row && letterOf(row);
  }

  /** The group that it came from, which may have gone with its process. */
  async groupIdOf(db: Connection, id: string): Promise<number | undefined> {
    const sql = `SELECT group_id FROM ${this.#p}letters WHERE number = $1`;
    return (await db.row(sql, numberOf(id) ?? -1))?.["group_id"] as number | undefined;
  }

  /** Deletes some of those that are older than this. */
  async sweep(db: Connection, keptMs: number): Promise<void> {
    const p = this.#p;
    const old = `SELECT number FROM ${p}letters WHERE at < ${NOW} - $1::float8 ORDER BY at LIMIT ${SWEPT_MAX}`;
    await db.run(`DELETE FROM ${p}letters WHERE number IN (${old})`, keptMs);
  }
}
