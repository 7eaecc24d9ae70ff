/** Small records with versions, and leases by name: for schedules, results, ledgers. */
import type { Connection } from "./connection.js";

export class Records {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  get(db: Connection, key: string, now: number): { value: Uint8Array; version: number } | undefined {
    const sql = `SELECT value, version FROM ${this.#p}records WHERE key = ? AND (until IS NULL OR until > ?)`;
    return db.row(sql, key, now) as { value: Uint8Array; version: number } | undefined;
  }

  /** With `ifVersion` only where it has that version, 0 meaning that there is none. */
  put(db: Connection, { key, value, ifVersion, until }: Put, now: number): boolean {
    const found = this.get(db, key, now)?.version ?? 0;
    if (ifVersion !== undefined && found !== ifVersion) return false;
    const sql = `INSERT INTO ${this.#p}records VALUES (?, ?, 1, ?) ON CONFLICT (key) DO UPDATE SET
      value = excluded.value, version = version + 1, until = excluded.until`;
    db.run(sql, key, value, until ?? null);
    return true;
  }

  delete(db: Connection, key: string, ifVersion: number | undefined, now: number): boolean {
    const found = this.get(db, key, now)?.version;
    if (found === undefined || (ifVersion !== undefined && found !== ifVersion)) return false;
    return db.run(`DELETE FROM ${this.#p}records WHERE key = ?`, key).changes > 0;
  }

  /** Keys that begin with the prefix, in order. */
  list(db: Connection, { prefix, after = "", limit }: Page, now: number): readonly string[] {
    const sql = `SELECT key FROM ${this.#p}records WHERE key >= ?1 AND key > ?2 AND substr(key, 1, length(?1)) = ?1
      AND (until IS NULL OR until > ?3) ORDER BY key LIMIT ?4`;
    return db.rows(sql, prefix, after, now, limit).map(({ key }) => key as string);
  }

  /** One holder at a time; who holds it extends it. */
  lease(
    db: Connection,
    name: string,
    holder: string,
    { now, forMs }: { now: number; forMs: number },
  ): boolean {
    const sql = `INSERT INTO ${this.#p}leases VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET
      holder = excluded.holder, until = excluded.until WHERE holder = ?2 OR until <= ?4`;
    return db.run(sql, name, holder, now + forMs, now).changes > 0;
  }

  sweep(db: Connection, now: number): void {
    db.run(`DELETE FROM ${this.#p}records WHERE until IS NOT NULL AND until < ?`, now);
  }
}

export interface Put {
  readonly key: string;
  readonly value: Uint8Array;
  readonly ifVersion: number | undefined;
  readonly until: number | undefined;
}

export interface Page {
  readonly prefix: string;
  readonly after?: string | undefined;
  readonly limit: number;
}
