/** Small records with versions, and leases by name: for schedules, results, ledgers. */
import { type Connection, NOW } from "./connection.js";

const ALIVE = `(until IS NULL OR until > ${NOW})`;

export class Records {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  async get(db: Connection, key: string): Promise<{ value: Uint8Array; version: number } | undefined> {
    const sql = `SELECT value, version FROM ${this.#p}records WHERE key = $1 AND ${ALIVE}`;
    return (await db.row(sql, key)) as { value: Uint8Array; version: number } | undefined;
  }

  /** With `ifVersion` only where it has that version, 0 meaning that there is none. */
  async put(db: Connection, put: Put): Promise<boolean> {
    const { key, value, ifVersion, ttlMs = null } = put;
    const until = `${NOW} + $3::float8`;
    if (ifVersion === undefined || ifVersion === 0) {
      const isFree = ifVersion === 0 ? `WHERE r.until <= ${NOW}` : "";
      const sql = `INSERT INTO ${this.#p}records AS r VALUES ($1, $2, 1, ${until}) ON CONFLICT (key) DO UPDATE SET
        value = excluded.value, version = r.version + 1, until = excluded.until ${isFree}`;
      return (await db.run(sql, key, value, ttlMs)) > 0;
    }
    const sql = `UPDATE ${this.#p}records SET value = $2, version = version + 1, until = ${until}
      WHERE key = $1 AND version = $4 AND ${ALIVE}`;
    return (await db.run(sql, key, value, ttlMs, ifVersion)) > 0;
  }

  async delete(db: Connection, key: string, ifVersion: number | undefined): Promise<boolean> {
    const sql = `DELETE FROM ${this.#p}records WHERE key = $1 AND ($2::bigint IS NULL OR version = $2) AND ${ALIVE}`;
    return (await db.run(sql, key, ifVersion ?? null)) > 0;
  }

  /** Keys that begin with the prefix, in order. */
  async list(db: Connection, { prefix, after = "", limit }: Page): Promise<readonly string[]> {
    const sql = `SELECT key FROM ${this.#p}records WHERE key >= $1 AND key > $2 AND starts_with(key, $1) AND ${ALIVE}
      ORDER BY key LIMIT $3`;
    return (await db.rows(sql, prefix, after, limit)).map(({ key }) => key as string);
  }

  /** One holder at a time; who holds it extends it, or gives it back with 0. */
  async lease(db: Connection, name: string, holder: string, forMs: number): Promise<boolean> {
    const sql = `INSERT INTO ${this.#p}leases AS l VALUES ($1, $2, ${NOW} + $3::float8) ON CONFLICT (name) DO UPDATE SET
      holder = excluded.holder, until = excluded.until WHERE l.holder = $2 OR l.until <= ${NOW}`;
    return (await db.run(sql, name, holder, forMs)) > 0;
  }

  async sweep(db: Connection): Promise<void> {
    await db.run(`DELETE FROM ${this.#p}records WHERE until IS NOT NULL AND until < ${NOW}`);
    await db.run(`DELETE FROM ${this.#p}leases WHERE until < ${NOW}`);
  }
}

export interface Put {
  readonly key: string;
  readonly value: Uint8Array;
  readonly ifVersion: number | undefined;
  readonly ttlMs: number | undefined;
}

export interface Page {
  readonly prefix: string;
  readonly after?: string | undefined;
  readonly limit: number;
}
